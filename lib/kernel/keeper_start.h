/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keeper_start.h - the keeper of a container that is being set up
 */
#ifndef SHF_KERNEL_KEEPER_START_H
#define SHF_KERNEL_KEEPER_START_H

#include "base/report.h"
#include "kernel/listener.h"
#include "kernel/state.h"
#include "kernel/worker.h"

/*
 * Start a worker (kernel/worker.h) that builds the container of record, which names it by
 * id, uid and generation, and then keeps it; enter its pid and start time into record.
 * Returns 0 or a negative errno value with a sentence.
 */
int shf_start_keeper(struct shf_record *record, struct shf_worker *keeper,
		     struct shf_report *report);

/*
 * It has built: make its socket in the directory of the state, give it that, the namespace,
 * the live directory and the sockets of the later sshd, and hear that it has them, in at
 * most timeout_ms.  From then on it lives by itself.  Returns 0, -EPIPE if it has ended, or
 * another negative errno value, in silence.
 */
int shf_commit_keeper(struct shf_worker *keeper, const struct shf_state *state, int namespace,
		      int live, const struct shf_listeners *listeners, int timeout_ms);

#endif
