/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config_item.h"

#include <errno.h>
#include <string.h>

size_t shf_config_count(const struct shf_config *cfg, const struct shf_config_key *key)
{
	size_t count = 1;

	if (shf_config_is_list(key))
		memcpy(&count, (const char *)cfg + key->count_offset, sizeof(count));
	return count;
}

/* With the end of its line. */
static void format_line(const struct shf_config *cfg, const struct shf_config_key *key,
			size_t number, struct shf_text *out)
{
	const char *field = (const char *)cfg + key->offset, *items;
	const struct shf_config_item_kind *kind;
	const struct shf_port_range *ports;

	switch (key->type) {
	case SHF_CONFIG_PORTS:
		ports = (const struct shf_port_range *)(const void *)field;
		if (ports->high)
			shf_text_addf(out, "%u-%u", ports->low, ports->high);
		shf_text_add(out, "\n");
		break;
	case SHF_CONFIG_PATH:
	case SHF_CONFIG_NAME: shf_text_addf(out, "%s\n", *(char *const *)field); break;
	case SHF_CONFIG_BOOL: shf_text_add(out, *(const bool *)field ? "true\n" : "false\n"); break;
	case SHF_CONFIG_NUMBER: shf_text_addf(out, "%u\n", *(const uint32_t *)field); break;
	default:
		kind = shf_config_item_kind(key->type);
		memcpy(&items, field, sizeof(items));
		kind->format(items + number * kind->size, out);
	}
}

void shf_config_format_item(const struct shf_config *cfg, const struct shf_config_key *key,
			    size_t number, struct shf_text *out)
{
	format_line(cfg, key, number, out);
	if (!out->failed && out->length && out->data[out->length - 1] == '\n')
		out->data[--out->length] = '\0';
}

/* In single quotes nothing is expanded; what could end them is escaped. */
static void quote(const char *value, struct shf_text *out)
{
	if (!strpbrk(value, "\"\\$")) {
		shf_text_addf(out, "\"%s\"", value);
		return;
	}
	shf_text_add(out, "'");
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			shf_text_add(out, "\\");
		shf_text_add_mem(out, value, 1);
	}
	shf_text_add(out, "'");
}

void shf_config_format_assignment(const struct shf_config *cfg, const struct shf_config_key *key,
				  struct shf_text *out)
{
	size_t count = shf_config_count(cfg, key);
	bool is_list = shf_config_is_list(key);

	shf_text_addf(out, "%s = %s", key->name, is_list ? "{" : "");
	for (size_t i = 0; i < count; i++) {
		struct shf_text item = { 0 };

		shf_config_format_item(cfg, key, i, &item);
		if (item.failed || !item.data)
			out->failed = true;
		else if (key->type == SHF_CONFIG_BOOL || key->type == SHF_CONFIG_NUMBER)
			shf_text_add(out, item.data);
		else {
			shf_text_add(out, is_list ? i ? ", " : " " : "");
			quote(item.data, out);
		}
		shf_text_free(&item);
	}
	shf_text_add(out, is_list ? " }" : "");
}

int shf_config_format(const struct shf_config *cfg, const char *name, struct shf_text *out)
{
	const struct shf_config_key *key = shf_config_find_key(name);

	if (!key)
		return -ENOENT;
	for (size_t i = 0; i < shf_config_count(cfg, key); i++)
		format_line(cfg, key, i, out);
	return out->failed ? -ENOMEM : 0;
}
