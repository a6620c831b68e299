/* SPDX-License-Identifier: BSD-3-Clause */
#include "principal.h"

#include "submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTER_MAX = 64 };

int shf_slurm_add_principal(struct shf_slurm_facts *facts, uint32_t job, const char *nonce,
			    struct shifter_ctx *ctx)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *cluster = getenv("SLURM_CLUSTER_NAME");
	const char *first = getenv("SLURM_HET_JOB_ID");
	char text[CLUSTER_MAX + SHF_SLURM_NONCE_LENGTH + 32];
	size_t length;

	/* Slurm tells prologs the cluster's name only from some version on. */
	if ((!cluster || !*cluster) && shifter_get_setting(ctx, "clusterName", &cluster) < 0)
		cluster = "slurm";
	/* in a job without components it is missing, or 0 */
	if (first && strtoul(first, NULL, 10) > 0)
		job = (uint32_t)strtoul(first, NULL, 10);
	length = strnlen(cluster, CLUSTER_MAX);
	snprintf(text, sizeof(text), "udi.%.*s.%u.%s", (int)length, cluster, (unsigned int)job,
		 nonce);
	for (size_t i = 4; i < 4 + length; i++)
		if (!strchr(allowed, text[i]))
			text[i] = '-';
	return shf_slurm_facts_add(facts, SHF_SLURM_FACT_PRINCIPAL, text);
}
