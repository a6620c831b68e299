/* SPDX-License-Identifier: BSD-3-Clause */
#include "hosts.h"

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
