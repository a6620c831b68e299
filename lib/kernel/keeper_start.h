/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keeper_start.h - starting the keeper of a container that is being built
 */
#ifndef SHF_KERNEL_KEEPER_START_H
#define SHF_KERNEL_KEEPER_START_H

#include "base/report.h"
#include "kernel/listener.h"
#include "kernel/state.h"

/*
 * Start the keeper with the live directory and the sockets, and enter its pid and
 * start time into record.  It serves only once shf_commit_keeper() has given it the
 * namespace, and ends if *commit is closed without that.
 *
 * Returns 0 or a negative errno value with a sentence.
 */
int shf_start_keeper(struct shf_state *state, struct shf_record *record, int live,
		     const struct shf_listeners *listeners, int *commit,
		     struct shf_report *report);

/*
 * Give it the namespace, and hear that it has it, in at most timeout_ms.  Returns 0,
 * -EPIPE if it has ended, or another negative errno value, in silence.
 */
int shf_commit_keeper(int commit, int namespace, int timeout_ms);

/*
 * End the keeper of a set-up that failed.  Closing the descriptor of the commit is
 * enough only as long as nothing was sent over it.
 */
void shf_kill_keeper(const struct shf_record *record);

#endif
