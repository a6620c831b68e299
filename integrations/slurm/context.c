/* SPDX-License-Identifier: BSD-3-Clause */
#include "context.h"

#include "common/scope.h"

#include <slurm/spank.h>
#include <stdio.h>
#include <string.h>

static void log_message(int level, const char *message, void *data)
{
	spank_context_t context = spank_context();

	(void)data;
	if (level > SHIFTER_LOG_WARNING)
		slurm_debug("shifter: %s", message);
	else if (context == S_CTX_LOCAL || context == S_CTX_ALLOCATOR)
		slurm_spank_log("shifter: warning: %s", message);
	else
		slurm_info("shifter: warning: %s", message);
}

int shf_slurm_bare_context(struct shifter_ctx **out)
{
	struct shifter_ctx *ctx;
	int rc = shifter_new(&ctx);

	if (rc < 0)
		return rc;
	shifter_set_log(ctx, log_message, NULL);
	*out = ctx;
	return 0;
}

int shf_slurm_context(const struct shf_slurm_args *args, struct shifter_ctx **out,
		      char *why, size_t size, int *fault)
{
	scope_ctx struct shifter_ctx *ctx = NULL;
	int rc = shf_slurm_bare_context(&ctx);

	if (rc < 0) {
		snprintf(why, size, "cannot start: %s", strerror(-rc));
		*fault = SHIFTER_FAULT_NODE;
		return rc;
	}
	rc = shifter_load_config(ctx, args->config);
	if (rc < 0 && !(rc == -ENOENT && !args->config)) {
		snprintf(why, size, "%s", shifter_get_error(ctx));
		*fault = shifter_get_fault(ctx);
		return rc;
	}
	*out = ctx;
	ctx = NULL;
	return 0;
}

void shf_slurm_container_id(uint32_t job, char id[SHF_SLURM_ID_SIZE])
{
	snprintf(id, SHF_SLURM_ID_SIZE, "slurm-%u", (unsigned int)job);
}
