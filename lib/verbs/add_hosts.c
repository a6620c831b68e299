/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_add_host() and its kin - what a provider of hosts may call
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "model/hosts.h"
#include "model/hosts_address.h"
#include "model/hosts_list.h"
#include "model/hosts_slurm.h"
#include "model/hosts_torque.h"

#include <fcntl.h>

enum { FILE_MAX = 512 << 20 };

int shifter_add_host(struct shifter_hosts *hosts, const char *name, const char *address,
		     uint32_t slots)
{
	return shf_hosts_add(hosts, name, address, slots);
}

int shifter_add_hosts_from_list(struct shifter_hosts *hosts, const char *text)
{
	return shf_hosts_from_list(hosts, text);
}

static int read_file(struct shifter_hosts *hosts, const char *what, const char *path,
		     struct shf_text *text)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 ? -errno : shf_read_all(fd, FILE_MAX, text);

	if (rc < 0)
		return shf_fail_errno(hosts->report, SHIFTER_FAULT_CALLER, -rc,
				      "cannot read %s '%s'", what, path);
	return 0;
}

int shifter_add_hosts_from_file(struct shifter_hosts *hosts, const char *path)
{
	cleanup_text struct shf_text text = { 0 };
	int rc = read_file(hosts, "node file", path, &text);

	if (rc < 0)
		return rc;
	return shf_hosts_from_nodefile(hosts, path, text.data ? text.data : "", text.length);
}

int shifter_add_addresses_from_file(struct shifter_hosts *hosts, const char *path)
{
	cleanup_text struct shf_text text = { 0 };
	int rc = read_file(hosts, "file of addresses", path, &text);

	if (rc < 0)
		return rc;
	return shf_hosts_addresses_from_file(hosts, text.data ? text.data : "", text.length);
}

int shifter_add_addresses_from_slurm(struct shifter_hosts *hosts, const char *node_aliases)
{
	return shf_hosts_addresses_from_slurm(hosts, node_aliases);
}

int shifter_add_hosts_from_slurm(struct shifter_hosts *hosts, const char *nodes,
				 const char *slots_per_node)
{
	return shf_hosts_from_slurm(hosts, nodes, slots_per_node);
}

int shifter_add_hosts_from_torque(struct shifter_hosts *hosts, const char *exec_host)
{
	return shf_hosts_from_torque(hosts, exec_host);
}
