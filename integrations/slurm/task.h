/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * task.h - in each task of the job's steps, before its program starts
 */
#ifndef SHF_SLURM_TASK_H
#define SHF_SLURM_TASK_H

#include "args.h"

#include <slurm/spank.h>

/*
 * As root: learn what became of the job's container, tell the task's
 * environment of it.  What this finds is for shf_slurm_task_user(), which runs
 * next in the same process.  Returns 0.
 */
int shf_slurm_task_privileged(spank_t spank, const struct shf_slurm_args *args);

/*
 * As the user: print what the user has to know, and in the first step of a job
 * wait for the sshds of all its nodes.  Returns 0, or ends the task, and with it
 * the job.
 */
int shf_slurm_task_user(spank_t spank);

#endif
