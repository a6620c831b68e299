/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * context.h - a library context that talks through Slurm's log
 */
#ifndef SHF_SLURM_CONTEXT_H
#define SHF_SLURM_CONTEXT_H

#include "args.h"

#include <shifter/shifter.h>

#include <stddef.h>
#include <stdint.h>

/*
 * A context with the site's configuration loaded.  Where the site named no file
 * and the default one does not exist, the built-in defaults apply.
 *
 * Returns 0 and a context to shifter_free(), or a negative errno value with the
 * reason in why, and in *fault one of SHIFTER_FAULT_*.
 */
int shf_slurm_context(const struct shf_slurm_args *args, struct shifter_ctx **out,
		      char *why, size_t size, int *fault);

/* A context without configuration, for a teardown that has nothing to do. */
int shf_slurm_bare_context(struct shifter_ctx **out);

enum { SHF_SLURM_ID_SIZE = 24 };

/* The container of a job, "slurm-JOBID". */
void shf_slurm_container_id(uint32_t job, char id[SHF_SLURM_ID_SIZE]);

#endif
