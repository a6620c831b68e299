/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extern_step.h - the job's sshd, in the job's own cgroups
 */
#ifndef SHF_SLURM_EXTERN_STEP_H
#define SHF_SLURM_EXTERN_STEP_H

#include "args.h"

#include <slurm/spank.h>

/*
 * In the extern step's slurmstepd, as root: start the sshd of the job's
 * container.  Always returns 0, since a failure here changes nothing for the
 * job: it is kept for the tasks, which wait for it.
 */
int shf_slurm_extern_step(spank_t spank, const struct shf_slurm_args *args);

#endif
