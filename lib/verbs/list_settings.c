/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_list_settings() - all of the configuration, and where it comes from
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "verbs/context.h"

#include <errno.h>
#include <string.h>

static uint32_t type_of(const struct shf_config_key *key)
{
	switch (key->type) {
	case SHF_CONFIG_PATH:
	case SHF_CONFIG_NAME: return SHIFTER_SETTING_TEXT;
	case SHF_CONFIG_BOOL: return SHIFTER_SETTING_BOOL;
	case SHF_CONFIG_NUMBER: return SHIFTER_SETTING_NUMBER;
	default: return SHIFTER_SETTING_LIST;
	}
}

/* Each value with its NUL in text, and where it starts in values; -ENOMEM. */
static int collect(const struct shf_config *config, const struct shf_config_key *key,
		   struct shf_text *text, const char **values, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		shf_config_format_item(config, key, i, text);
		shf_text_add_mem(text, "", 1);
	}
	if (text->failed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		values[i] = text->data + at;
		at += strlen(values[i]) + 1;
	}
	return 0;
}

static int list_one(struct shifter_ctx *ctx, const struct shf_config_key *key,
		    shifter_setting_fn list, void *data)
{
	size_t n = shf_config_count(&ctx->config, key);
	const char **values cleanup_free = calloc(n + 1, sizeof(*values));
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text assignment = { 0 };

	shf_config_format_assignment(&ctx->config, key, &assignment);
	if (!values || assignment.failed || collect(&ctx->config, key, &text, values, n))
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot read the setting '%s'", key->name);
	return list(
		&(struct shifter_setting_info){
			.size = sizeof(struct shifter_setting_info),
			.key = key->name,
			.values = values,
			.n_values = n,
			.text = assignment.data,
			.origin = shf_config_origin(&ctx->config, key->name),
			.doc = key->doc,
			.type = type_of(key),
		},
		data);
}

int shifter_list_settings(struct shifter_ctx *ctx, shifter_setting_fn list, void *data)
{
	int rc = 0;

	shf_begin(ctx);
	for (const struct shf_config_key *key = shf_config_keys; key->name && rc == 0; key++)
		if (!key->alias_of)
			rc = list_one(ctx, key, list, data);
	return rc;
}
