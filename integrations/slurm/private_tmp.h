/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * private_tmp.h - the job's own /tmp and /dev/shm, where Slurm gives it some
 *
 * With JobContainerType=job_container/tmpfs Slurm makes a mount namespace for the job between the
 * prolog, which builds the container, and the extern step.
 */
#ifndef SHF_SLURM_PRIVATE_TMP_H
#define SHF_SLURM_PRIVATE_TMP_H

#include "args.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In the extern step: show the job's /tmp and /dev/shm in its container, over the node's, with
 * the same flags.  Does nothing where the job has none of its own, or the container no such
 * place.  Returns 0, or a negative errno value with the reason in why.
 */
int shf_slurm_attach_private_tmp(const struct shf_slurm_args *args, uint32_t job, char *why,
				 size_t size);

/* The mount namespace of this process, for a fact: "mnt:[INODE]", or "". */
void shf_slurm_namespace(char out[64]);

#endif
