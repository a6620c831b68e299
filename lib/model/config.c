/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config_item.h"

#include "base/parse.h"
#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 65536 };

static int set_string(const struct shf_config_setting *s, char **field, const char *value)
{
	char clean[SHF_PATH_MAX];
	char *copy;

	if (s->key->type == SHF_CONFIG_PATH && !*value && !*s->key->default_text) {
		; /* none */
	} else if (s->key->type == SHF_CONFIG_PATH) {
		if (shf_path_clean(value, clean))
			return shf_config_bad_value(s, value,
						    "an absolute path without '..' and control "
						    "characters");
		value = clean;
	} else if (!shf_is_name(value, 64, ".-") || !shf_is_host_name(value)) {
		return shf_config_bad_value(s, value,
					    "a name of 1 to 64 letters, digits, '.' and '-'");
	}
	copy = strdup(value);
	if (!copy)
		return shf_config_no_memory(s);
	free(*field);
	*field = copy;
	return 0;
}

static bool same_word(const char *value, const char *word)
{
	for (; *value && *word; value++, word++)
		if ((*value >= 'A' && *value <= 'Z' ? *value - 'A' + 'a' : *value) != *word)
			return false;
	return *value == *word;
}

static int set_bool(const struct shf_config_setting *s, bool *field, const char *value)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "no", "yes" }, { "off", "on" }, { "0", "1" }
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		for (int truth = 0; truth < 2; truth++)
			if (same_word(value, words[i][truth])) {
				*field = truth;
				return 0;
			}
	return shf_config_bad_value(s, value, "true or false");
}

static int set_number(const struct shf_config_setting *s, uint32_t *field, const char *value)
{
	if (!shf_parse_u32(value, s->key->low, s->key->high, field))
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s must be a decimal number from %u to %u, without "
				"leading zeros, not '%.300s'",
				s->where, s->name, s->key->low, s->key->high, value);
	return 0;
}

static int set_ports(const struct shf_config_setting *s, struct shf_port_range *field,
		     const char *value)
{
	if (!shf_port_range_parse(value, field))
		return shf_config_bad_value(s, value,
					    "a range of ports, as 30000-30999, within 1-65535");
	return 0;
}

static void free_list(const struct shf_config_item_kind *kind, struct shf_config_list *list)
{
	for (size_t i = 0; i < list->count && kind->free; i++)
		kind->free(list->bytes + i * kind->size);
	free(list->bytes);
}

/* Give the list to cfg and take the one that was there. */
static void swap_list(struct shf_config *cfg, const struct shf_config_key *key,
		      struct shf_config_list *list)
{
	struct shf_config_list old = { .size = list->size };
	char *bytes = (char *)cfg + key->offset, *count = (char *)cfg + key->count_offset;

	/* a pointer to one type is not a pointer to another: by its bytes */
	memcpy(&old.bytes, bytes, sizeof(old.bytes));
	memcpy(&old.count, count, sizeof(old.count));
	memcpy(bytes, &list->bytes, sizeof(list->bytes));
	memcpy(count, &list->count, sizeof(list->count));
	*list = old;
}

static int add_item(const struct shf_config_setting *s, struct shf_config_list *list,
		    const char *item)
{
	if (list->count >= SHF_CONFIG_LIST_MAX)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s has more than %d items", s->where, s->name,
				SHF_CONFIG_LIST_MAX);
	return shf_config_item_kind(s->key->type)->add(s, list, item);
}

static int add_value(const struct shf_config_setting *s, struct shf_config_list *list,
		     const char *value)
{
	const char *separators = shf_config_item_kind(s->key->type)->separators;
	char *copy, *rest, *item;
	int error = 0;

	if (!separators)
		return add_item(s, list, value);
	copy = strdup(value);
	if (!copy)
		return shf_config_no_memory(s);
	rest = copy;
	while (!error && (item = strsep(&rest, separators))) {
		size_t n;

		item += strspn(item, " \t\n");
		n = strlen(item);
		while (n && strchr(" \t\n", item[n - 1]))
			item[--n] = '\0';
		/* "a;b;" has two */
		if (*item)
			error = add_item(s, list, item);
	}
	free(copy);
	return error;
}

static int set_list(struct shf_config *cfg, const struct shf_config_setting *s,
		    const char *const *values, size_t n)
{
	const struct shf_config_item_kind *kind = shf_config_item_kind(s->key->type);
	struct shf_config_list list = { .size = kind->size };
	int error = 0;

	for (size_t i = 0; i < n && !error; i++)
		error = add_value(s, &list, values[i]);
	if (!error)
		swap_list(cfg, s->key, &list);
	free_list(kind, &list);
	return error;
}

static int set_values(struct shf_config *cfg, const struct shf_config_setting *s,
		      const char *const *values, size_t n)
{
	void *field = (char *)cfg + s->key->offset;

	for (size_t i = 0; i < n; i++)
		if (strnlen(values[i], VALUE_MAX) == VALUE_MAX)
			return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
					"%.200s: %.64s has a value longer than %d bytes", s->where,
					s->name, VALUE_MAX - 1);
	if (shf_config_is_list(s->key))
		return set_list(cfg, s, values, n);
	if (n != 1)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s must have one value, not %zu", s->where, s->name,
				n);
	switch (s->key->type) {
	case SHF_CONFIG_BOOL: return set_bool(s, field, values[0]);
	case SHF_CONFIG_NUMBER: return set_number(s, field, values[0]);
	case SHF_CONFIG_PORTS: return set_ports(s, field, values[0]);
	default: return set_string(s, field, values[0]);
	}
}

/* Where cfg keeps the origin of a key that is no alias. */
static char **origin_of(struct shf_config *cfg, const struct shf_config_key *key)
{
	return &cfg->origins[key - shf_config_keys];
}

int shf_config_set(struct shf_config *cfg, const char *name, const char *const *values, size_t n,
		   const char *where, struct shf_report *report)
{
	struct shf_config_setting s = { shf_config_find_key(name), name, where, report };
	char *origin, **place;
	int error;

	if (!s.key)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: there is no key '%.64s'", where, name);
	origin = strdup(where);
	if (!origin)
		return shf_config_no_memory(&s);
	error = set_values(cfg, &s, values, n);
	if (error) {
		free(origin);
		return error;
	}
	place = origin_of(cfg, shf_config_primary_key(name));
	free(*place);
	*place = origin;
	return 0;
}

const char *shf_config_origin(const struct shf_config *cfg, const char *name)
{
	const struct shf_config_key *key = shf_config_primary_key(name);

	return key ? cfg->origins[key - shf_config_keys] : NULL;
}

int shf_config_init(struct shf_config *cfg)
{
	*cfg = (struct shf_config){ 0 };
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++) {
		const struct shf_config_setting s = { key, key->name, "built-in defaults", NULL };
		const char *value = key->default_text;
		int error;

		if (key->alias_of)
			continue;
		error = set_values(cfg, &s, &value, shf_config_is_list(key) && !*value ? 0 : 1);
		if (error)
			return error;
	}
	/* nobody asked for these: a node without /home is none the worse */
	for (size_t i = 0; i < cfg->site_fs.count; i++)
		cfg->site_fs.list[i].optional = true;
	return 0;
}

void shf_config_free(struct shf_config *cfg)
{
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++) {
		struct shf_config_list none = { 0 };

		free(*origin_of(cfg, key));
		if (key->alias_of)
			continue;
		if (shf_config_is_list(key)) {
			swap_list(cfg, key, &none);
			free_list(shf_config_item_kind(key->type), &none);
		} else if (key->type == SHF_CONFIG_PATH || key->type == SHF_CONFIG_NAME) {
			free(*(char **)((char *)cfg + key->offset));
		}
	}
	*cfg = (struct shf_config){ 0 };
}
