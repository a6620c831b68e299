/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices.h - the variables that say which of a node's GPUs are a job's
 */
#ifndef SHF_SLURM_DEVICES_H
#define SHF_SLURM_DEVICES_H

#include "facts.h"

/*
 * Add those that the prolog has in its environment, as a session on this node must
 * see them.  The prolog's number the GPUs of the node; where Slurm lets a job see its own
 * devices only (ConstrainDevices of cgroup.conf), programs number those from 0.
 * Returns 0 or -ENOMEM.
 */
int shf_slurm_add_devices(struct shf_slurm_facts *facts);

#endif
