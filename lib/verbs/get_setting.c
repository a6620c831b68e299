/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_get_setting() - one value of the configuration, for integrations
 */
#include "base/text.h"
#include "verbs/context.h"

#include <errno.h>
#include <string.h>

int shifter_get_setting(struct shifter_ctx *ctx, const char *key, const char **out)
{
	struct shf_text text = { 0 };
	int rc;

	shf_begin(ctx);
	rc = shf_config_format(&ctx->config, key ? key : "", &text);
	if (rc == -ENOENT)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, ENOENT,
				"there is no key '%s' in the configuration", key ? key : "");
	shf_text_add(&text, "");
	if (rc < 0 || text.failed) {
		shf_text_free(&text);
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot read the setting '%s'", key);
	}
	/* a single value is that, without the end of its line */
	if (text.length && text.data[text.length - 1] == '\n')
		text.data[--text.length] = '\0';
	return shf_hand_out(ctx, text.data, out);
}
