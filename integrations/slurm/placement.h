/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * placement.h - make a process part of a job's extern step
 */
#ifndef SHF_SLURM_PLACEMENT_H
#define SHF_SLURM_PLACEMENT_H

#include <stdint.h>

/*
 * Put the process pid into the cgroups and the accounting of the extern step of
 * a job on this node.  A slurmstepd that offers no way to do so is no error: the
 * process stays where it was forked, a warning goes to Slurm's log.
 *
 * Returns 0 or a negative errno value.
 */
int shf_slurm_place(uint32_t job, int32_t pid);

#endif
