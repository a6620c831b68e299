/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int shf_torque_environment_fill(struct shf_torque_environment *environment,
				const struct shf_torque_job *job)
{
	const struct shf_torque_hook *hook = job->hook;
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "PBS_ENVIRONMENT", "PBS_BATCH" },
		{ "PBS_JOBID", hook->job_id },
		{ "PBS_JOBNAME", hook->job_name },
		{ "PBS_NODENUM", hook->node_number },
		/* a line per slot, as pbs_mom's own, which only the first node has */
		{ "PBS_NODEFILE", shifter_get_hostsfile_path(job->container) },
		{ "PBS_NP", hook->n_processes },
		{ "PBS_NUM_NODES", hook->n_nodes },
		{ "PBS_NUM_PPN", hook->n_per_node },
		{ "PBS_O_WORKDIR", hook->work_dir },
		{ "PBS_QUEUE", hook->queue },
		{ "SHIFTER_CONTAINER", hook->container },
		{ "SHIFTER_IMAGE", job->request.image },
	};
	size_t count = sizeof(variables) / sizeof(variables[0]);

	environment->n = 0;
	environment->variables = calloc(count + 1, sizeof(*environment->variables));
	if (!environment->variables)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		char **where = &environment->variables[environment->n];

		if (!variables[i].value || !*variables[i].value)
			continue;
		if (asprintf(where, "%s=%s", variables[i].name, variables[i].value) < 0) {
			*where = NULL;
			return -ENOMEM;
		}
		environment->n++;
	}
	return 0;
}

void shf_torque_environment_free(struct shf_torque_environment *environment)
{
	for (size_t i = 0; i < environment->n; i++)
		free(environment->variables[i]);
	free(environment->variables);
	environment->variables = NULL;
	environment->n = 0;
}
