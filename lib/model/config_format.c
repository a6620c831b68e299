/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config_item.h"

#include <errno.h>
#include <string.h>

int shf_config_format(const struct shf_config *cfg, const char *name, struct shf_text *out)
{
	const struct shf_config_key *key = shf_config_find_key(name);
	const struct shf_config_item_kind *kind;
	const char *field, *items;
	size_t count;

	if (!key)
		return -ENOENT;
	field = (const char *)cfg + key->offset;
	switch (key->type) {
	case SHF_CONFIG_PATH:
	case SHF_CONFIG_NAME: shf_text_addf(out, "%s\n", *(char *const *)field); break;
	case SHF_CONFIG_BOOL: shf_text_add(out, *(const bool *)field ? "true\n" : "false\n"); break;
	case SHF_CONFIG_NUMBER: shf_text_addf(out, "%u\n", *(const uint32_t *)field); break;
	default:
		kind = shf_config_item_kind(key->type);
		memcpy(&items, field, sizeof(items));
		memcpy(&count, (const char *)cfg + key->count_offset, sizeof(count));
		for (size_t i = 0; i < count; i++)
			kind->format(items + i * kind->size, out);
	}
	return out->failed ? -ENOMEM : 0;
}
