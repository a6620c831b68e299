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
 * prolog fails, so -1 means that this node is ill; what the user or the site
 * did wrong is kept for the job's tasks, which fail with it.
 */
int shf_slurm_prolog(spank_t spank, const struct shf_slurm_args *args);

/* Remove all of it.  -1 drains the node: processes would not die. */
int shf_slurm_epilog(spank_t spank, const struct shf_slurm_args *args);

#endif
