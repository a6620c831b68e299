/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts_slurm.h - host lists as Slurm writes them
 */
#ifndef SHF_MODEL_HOSTS_SLURM_H
#define SHF_MODEL_HOSTS_SLURM_H

#include "model/hosts.h"

/*
 * Add the hosts of nodes, "nid[001-004,7]-x[1-2],login1": several brackets
 * multiply, in Slurm's order: the last runs fastest, then the first, the second
 * and so on; a range has the zeros of its start.
 * slots_per_node is "24(x3),12", one entry per host in the same order, or
 * NULL for one slot each.  -EINVAL for what Slurm would not write, counts that
 * are too few or too many included; else as shf_hosts_add().
 */
int shf_hosts_from_slurm(struct shifter_hosts *hosts, const char *nodes,
			 const char *slots_per_node);

#endif
