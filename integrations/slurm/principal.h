/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * principal.h - the name of a job's host certificates
 */
#ifndef SHF_SLURM_PRINCIPAL_H
#define SHF_SLURM_PRINCIPAL_H

#include "facts.h"

#include <shifter/shifter.h>
#include <stdint.h>

/*
 * In the prolog: add udi.CLUSTER.JOB.NONCE as a fact.  The nonce keeps the certificates of an
 * earlier job with the same number apart.  All components of a heterogeneous job have the same
 * name, that of the first, so that ssh works between them.  Returns 0 or -ENOMEM.
 */
int shf_slurm_add_principal(struct shf_slurm_facts *facts, uint32_t job, const char *nonce,
			    struct shifter_ctx *ctx);

#endif
