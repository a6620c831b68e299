/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * environment.h - what sessions by ssh know of the job, as its script does
 */
#ifndef SHF_TORQUE_ENVIRONMENT_H
#define SHF_TORQUE_ENVIRONMENT_H

#include "setup.h"

/* "NAME=VALUE" each, the last one NULL; all owned. */
struct shf_torque_environment {
	char **variables;
	size_t n;
};

/* Returns 0 or -ENOMEM; for shf_torque_environment_free() in any case. */
int shf_torque_environment_fill(struct shf_torque_environment *environment,
				const struct shf_torque_job *job);

void shf_torque_environment_free(struct shf_torque_environment *environment);

#define scope_environment __attribute__((cleanup(shf_torque_environment_free)))

#endif
