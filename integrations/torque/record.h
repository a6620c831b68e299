/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - which run of a job is the one on this node
 *
 * pbs_mom may run the prologue of a job twice, its epilogue while the prologue still
 * runs, or no epilogue at all.  So each prologue starts a new generation of the job,
 * written down in SHF_RUN_DIR-torque/KEY, for root only; an epilogue, or the end of a
 * supervisor, removes the file.  Who finds that the generation is not its own any more has
 * no say: it goes, and touches nothing.
 */
#ifndef SHF_TORQUE_RECORD_H
#define SHF_TORQUE_RECORD_H

#include "names.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHF_TORQUE_GENERATION_SIZE = 33 };

/* The record of a job, locked. */
struct shf_torque_record {
	int base, file; /* -1: none */
	char key[SHF_TORQUE_KEY_SIZE];
};

#define SHF_TORQUE_NO_RECORD           \
	{                              \
		.base = -1, .file = -1 \
	}

/*
 * Lock the record of a job until deadline_ms.  It is made if there is none, if make is
 * set.  Returns 0; -ENOENT; -ETIMEDOUT; or another negative errno value.
 */
int shf_torque_record_lock(const char *key, bool make, int64_t deadline_ms,
			   struct shf_torque_record *out);

/* Begin a new generation.  Returns 0 or a negative errno value. */
int shf_torque_record_renew(struct shf_torque_record *record,
			    char generation[SHF_TORQUE_GENERATION_SIZE]);

/* Remove it.  Returns 0 or a negative errno value. */
int shf_torque_record_remove(struct shf_torque_record *record);

/* Let it go; in a forked child without taking the lock from the parent. */
void shf_torque_record_unlock(struct shf_torque_record *record);
void shf_torque_record_forget(struct shf_torque_record *record);

/* Is the generation that of the locked record? */
bool shf_torque_record_holds(const struct shf_torque_record *record, const char *generation);

/* Is it the job's at this moment? */
bool shf_torque_record_is_current(const char *key, const char *generation);

#define scope_record __attribute__((cleanup(shf_torque_record_unlock)))

#endif
