/* SPDX-License-Identifier: BSD-3-Clause */
#include "hosts.h"

#include "common/scope.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct lists {
	const char *nodes;
	const char *slots;
	const char *aliases;
};

static int provide(struct shifter_hosts *hosts, void *data)
{
	const struct lists *lists = data;

	int rc = shifter_add_hosts_from_slurm(hosts, lists->nodes, lists->slots);

	if (rc < 0 || !lists->aliases)
		return rc;
	return shifter_add_addresses_from_slurm(hosts, lists->aliases);
}

int shf_slurm_write_hosts(struct shifter_container *container, const char *nodes,
			  const char *slots, const char *aliases)
{
	struct lists lists = { nodes, slots, aliases };
	struct shifter_hostsfile_spec spec;

	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.provide = provide;
	spec.data = &lists;
	return shifter_write_hostsfile(container, &spec);
}

const char *shf_slurm_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* Append one more list to a list. */
static int join(char **list, const char *more)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? "," : "", more) < 0)
		return -ENOMEM;
	free(*list);
	*list = longer;
	return 0;
}

static const char *of_component(char *const *environment, const char *name, unsigned int component)
{
	char variable[64];

	snprintf(variable, sizeof(variable), "%s_HET_GROUP_%u", name, component);
	return shf_slurm_variable(environment, variable);
}

int shf_slurm_join_components(char *const *environment, char **nodes, char **slots)
{
	scope_free char *all_nodes = NULL;
	scope_free char *all_slots = NULL;
	unsigned int component;

	for (component = 0;; component++) {
		const char *some_nodes =
			of_component(environment, "SLURM_JOB_NODELIST", component);
		const char *some_slots =
			of_component(environment, "SLURM_TASKS_PER_NODE", component);

		if (!some_nodes || !some_slots)
			break;
		if (join(&all_nodes, some_nodes) < 0 || join(&all_slots, some_slots) < 0)
			return -ENOMEM;
	}
	if (component < 2)
		return 0;
	*nodes = all_nodes;
	*slots = all_slots;
	all_nodes = all_slots = NULL;
	return 1;
}
