/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prolog.h - on each node, as root, before and after the job
 */
#ifndef SHF_SLURM_PROLOG_H
#define SHF_SLURM_PROLOG_H

#include "args.h"

#include <slurm/spank.h>

/*
 * Set the job's container up and write its hostsfile.  Slurm drains a node whose
 * prolog fails and holds the job, so what goes wrong is kept for the job's tasks,
 * which fail with it.  -1: not even that can be kept.
 */
int shf_slurm_prolog(spank_t spank, const struct shf_slurm_args *args);

/* Remove all of it.  -1 drains the node: it could not set up, or processes would not die. */
int shf_slurm_epilog(spank_t spank, const struct shf_slurm_args *args);

#endif
