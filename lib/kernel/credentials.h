/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * credentials.h - becoming the user, with no way back
 */
#ifndef SHF_KERNEL_CREDENTIALS_H
#define SHF_KERNEL_CREDENTIALS_H

#include <stdint.h>

struct shf_identity {
	uint32_t uid; /* neither 0 nor 4294967295: setresuid() takes that as "leave" */
	uint32_t gid;
	uint32_t n_groups;
	const uint32_t *groups;
};

enum {
	/* keep the session keyring of the caller (Kerberos) instead of a new one */
	SHF_BECOME_KEEP_KEYRING = 1,
	/* shf_drop_bounding_set() has been called: only look whether it did its work */
	SHF_BECOME_IS_BOUNDED = 2
};

/* Why a process that has become the user may be gone: a part of a sentence. */
#define SHF_ENDED_BY_USER                                                               \
	"the helper that acts as the user ended early: a process of the user's killed " \
	"it, or a limit or quota of the user's did"

/*
 * The longest part of shf_become_user(), which takes nothing away yet that the
 * process can use by itself.  0 or a negative errno value, as there.
 */
int shf_drop_bounding_set(void);

/*
 * Give up every privilege of the calling process, which has one thread:
 * bounding and ambient set, groups, ids, capabilities; set no_new_privs, not
 * dumpable, and start a new session keyring.  Everything is verified at the
 * end, including that root cannot be had back.
 *
 * Returns 0 or a negative errno value, after which the process may be
 * anything and must _exit().
 */
int shf_become_user(const struct shf_identity *identity, unsigned flags);

/*
 * For a process that is its user already, in a user namespace of its own: give
 * up every capability there, and set no_new_privs.  0 or a negative errno
 * value, as above.
 */
int shf_give_up_capabilities(void);

/*
 * Undo what a batch daemon gave to its children and jobs should not have:
 * oom_score_adj (daemons run at -1000), scheduling and I/O priority.  As root,
 * with the host's /proc.  Failures do no harm and are not reported.
 */
void shf_reset_scheduling(void);

#endif
