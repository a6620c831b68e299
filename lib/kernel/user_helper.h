/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_helper.h - do as the user what concerns the user's paths
 *
 * Root that opens a path of the user's is the user's tool.  A helper, a child
 * that has become the user in full, opens it instead and hands back the
 * descriptor; and where the file system makes it wait, root does not.
 */
#ifndef SHF_KERNEL_USER_HELPER_H
#define SHF_KERNEL_USER_HELPER_H

#include "kernel/credentials.h"
#include "kernel/process.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the helper does: system calls only (see process.h).  channel is a
 * SOCK_SEQPACKET socket to the parent; of all other descriptors only those
 * passed to shf_start_user_helper() are open, at 4, 5, ...  The value returned
 * is not looked at: whatever there is to say goes through the channel.
 */
typedef void (*shf_user_helper_fn)(int channel, void *data);

struct shf_user_helper {
	struct shf_child child;
	int channel;         /* the parent's end */
	int64_t deadline_ms; /* CLOCK_MONOTONIC: for shf_receive() */
};

#define SHF_NO_USER_HELPER \
	((struct shf_user_helper){ .child = { .pid = 0, .pidfd = -1 }, .channel = -1 })

enum { SHF_HELPER_FIRST_FD = 4 };

/*
 * Start the helper.  identity NULL leaves the credentials as they are, for
 * callers that are the user already.  Returns 0 or a negative errno value.
 */
int shf_start_user_helper(struct shf_user_helper *helper, const struct shf_identity *identity,
			  shf_user_helper_fn fn, void *data, const int *fds, size_t n_fds,
			  int timeout_ms);

/* Kill it, if it still runs, and let go of everything. */
void shf_end_user_helper(struct shf_user_helper *helper);

#define cleanup_user_helper __attribute__((cleanup(shf_end_user_helper)))

#endif
