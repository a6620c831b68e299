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

/*
 * The nodes and slots of all components of a heterogeneous job, as the variables
 * SLURM_JOB_NODELIST_HET_GROUP_N and SLURM_TASKS_PER_NODE_HET_GROUP_N of environment have
 * them, joined.  Returns 1 and two strings to free(); 0 if these are none; or -ENOMEM.
 */
int shf_slurm_join_components(char *const *environment, char **nodes, char **slots);

/* The value of a variable of environment, borrowed; or NULL. */
const char *shf_slurm_variable(char *const *environment, const char *name);

#endif
