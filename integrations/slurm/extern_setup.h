/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extern_setup.h - the site's own program in the extern step
 */
#ifndef SHF_SLURM_EXTERN_SETUP_H
#define SHF_SLURM_EXTERN_SETUP_H

#include "args.h"
#include "facts.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Run extern_setup=PATH of plugstack.conf, as root on the node once the job's container is
 * there.  Its environment is that of the job's ssh sessions, with SHIFTER_NAMESPACE, a path of the
 * container's mount namespace for it and what it starts.
 *
 * Returns 0, or a negative errno value with the reason in why: it is not root's alone, it failed,
 * or took longer than half a minute.
 */
int shf_slurm_extern_setup(const struct shf_slurm_args *args, uint32_t job,
			   const struct shf_slurm_facts *facts, char *why, size_t size);

#endif
