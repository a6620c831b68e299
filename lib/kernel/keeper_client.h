/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keeper_client.h - talking to the keeper of a container
 *
 * Fit for privileged programs: no heap.
 */
#ifndef SHF_KERNEL_KEEPER_CLIENT_H
#define SHF_KERNEL_KEEPER_CLIENT_H

#include "kernel/keeper_protocol.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Ask the keeper of the container whose state directory is dir.  give, if not
 * -1, is a descriptor that goes along; those of the answer go to fds, and
 * their number to *n_fds, which holds the room on entry.
 *
 * Returns 0, -ESRCH if there is no keeper, -EPERM if who answers is not root,
 * -EPROTO if it is of another version and the verb is none that all understand,
 * -ETIMEDOUT, or the error that it answered.
 */
int shf_ask_keeper(int dir, enum shf_keeper_verb verb, int give, int32_t usher_pid,
		   struct shf_keeper_answer *answer, int *fds, size_t *n_fds,
		   int64_t deadline_ms);

/*
 * The same in two steps, for who has something else to do while the keeper
 * finds its answer: the first returns a descriptor, which the second takes and
 * leaves open, or an error as above.
 */
int shf_call_keeper(int dir, enum shf_keeper_verb verb, int give, int32_t usher_pid);
int shf_hear_keeper(int call, struct shf_keeper_answer *answer, int *fds, size_t *n_fds,
		    int64_t deadline_ms);

/*
 * Tell the keeper to end, whatever version of libshifter it is of, and wait until
 * it has let go of its descriptors.  As shf_ask_keeper().
 */
int shf_quit_keeper(int dir, int64_t deadline_ms);

/* Make the socket of a keeper in dir.  Returns a listening descriptor or -errno. */
int shf_listen_keeper(int dir);

#endif
