/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * supervise.h - the process that stays with a job on a node
 *
 * A prologue has to end before the job goes on, and pbs_mom does not always run an
 * epilogue: not on the sisters when a prologue failed somewhere, not when pbs_mom was
 * killed.  What it always does is to remove the file of a job that is over.  So the
 * prologue starts a process, in a session of its own, that sets the container up, looks
 * whether the file is still there, and tears the container down if it is not.
 */
#ifndef SHF_TORQUE_SUPERVISE_H
#define SHF_TORQUE_SUPERVISE_H

#include "hook.h"
#include "record.h"
#include "say.h"

/* What a supervisor has to say when it has done its part of the set-up. */
enum shf_torque_outcome {
	SHF_TORQUE_READY = 'r',
	SHF_TORQUE_WITHOUT_SSH = 'w', /* ready; the text says why there is no ssh */
	SHF_TORQUE_NO_CONTAINER = 'n',
	SHF_TORQUE_FAILED = 'f', /* the text says why; nothing is left */
	SHF_TORQUE_OVERTAKEN = 'o',
};

struct shf_torque_report {
	enum shf_torque_outcome outcome;
	char text[SHF_TORQUE_WHY_SIZE];
};

/*
 * Start one for a generation of the job.  record is what is locked, and stays the
 * caller's.  Returns 0 and a descriptor that the report comes by, for
 * shf_torque_take_report(); or a negative errno value.
 */
int shf_torque_start_supervisor(const struct shf_torque_hook *hook, const char *generation,
				struct shf_torque_record *record, int *out);

/*
 * Wait for the report until deadline_ms.  Returns 0; -ETIMEDOUT; -EPIPE if the supervisor
 * has ended without one; or another negative errno value.
 */
int shf_torque_take_report(int fd, int64_t deadline_ms, struct shf_torque_report *report);

/*
 * Tear the container down and end the generation, if it is still the job's.  Returns 0 or
 * a negative errno value, which is logged.
 */
int shf_torque_end_generation(const struct shf_torque_hook *hook, const char *generation);

#endif
