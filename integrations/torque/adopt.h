/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adopt.h - make the sessions that came by ssh known to pbs_mom
 *
 * pbs_mom accounts for sessions it started, and those that it was told of by tm_adopt() of
 * libtorque.  That call must come from the node, from the owner of the session's first
 * process, once in a process; a container has neither the library nor a way to pbs_mom.
 * So the supervisor looks for new sessions now and then, and has a child adopt each.
 */
#ifndef SHF_TORQUE_ADOPT_H
#define SHF_TORQUE_ADOPT_H

#include "common/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shf_torque_session {
	pid_t id;
	uint64_t started; /* ticks since boot */
};

struct shf_torque_sessions {
	struct shf_torque_session *list; /* owned */
	size_t n;
};

/* Does this node have a libtorque with tm_adopt()? */
bool shf_torque_can_adopt(void);

/*
 * Adopt the sessions below the process usher that are not in *known, and make those that
 * are there the known ones.
 */
void shf_torque_adopt_sessions(const char *job_id, const struct shf_wlm_account *account,
			       pid_t usher, struct shf_torque_sessions *known);

void shf_torque_sessions_free(struct shf_torque_sessions *sessions);

#endif
