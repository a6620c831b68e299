/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts.h - the hostsfile of a job from Slurm's own lists
 */
#ifndef SHF_SLURM_HOSTS_H
#define SHF_SLURM_HOSTS_H

#include <shifter/shifter.h>

/*
 * Write the hostsfile of nodes, "nid[1-2],login1", with slots, "4(x2),1", and the addresses
 * of aliases, SLURM_NODE_ALIASES or NULL: cloud nodes have them.
 * Returns as shifter_write_hostsfile().
 */
int shf_slurm_write_hosts(struct shifter_container *container, const char *nodes,
			  const char *slots, const char *aliases);

#endif
