/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mom.h - files of pbs_mom
 */
#ifndef SHF_TORQUE_MOM_H
#define SHF_TORQUE_MOM_H

#include "job_file.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a prologue may take, in milliseconds from its start: pbs_mom kills its session
 * ten seconds before $prologalarm of mom_priv/config, and we end in good time before that.
 */
int64_t shf_torque_prologue_limit_ms(const char *job_file);

/* The same of the seconds of $prologalarm.  Pure. */
int64_t shf_torque_limit_of_alarm_ms(unsigned int alarm_s);

/* The value of $prologalarm in a configuration, or the default.  Pure. */
unsigned int shf_torque_find_alarm(const char *config);

/*
 * Read the job file, in a child that is nobody.  Returns 0 and what is for
 * shf_torque_job_file_free(); -ENOENT: there is none now; -EINVAL: not understood;
 * -ENODATA: likewise, but it asks for no container; or another negative errno value.
 */
int shf_torque_read_job_file(const char *path, struct shf_torque_job_file *out);

/* Is there a job file at this moment? */
bool shf_torque_has_job_file(const char *path);

#endif
