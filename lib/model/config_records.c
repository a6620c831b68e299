/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What shifter-readconf prints: the file's values, interpreted by nobody yet.
 */
#include "model/config.h"

#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The string at *cursor, which is moved behind it; NULL if its NUL is missing. */
static const char *next_string(const char **cursor, const char *end)
{
	const char *string = *cursor;
	const char *nul = string < end ? memchr(string, '\0', (size_t)(end - string)) : NULL;

	if (!nul)
		return NULL;
	*cursor = nul + 1;
	return string;
}

static int malformed(struct shf_report *report)
{
	return shf_fail(
		report, SHIFTER_FAULT_NODE, EINVAL,
		"cannot read the configuration: what shifter-readconf printed is malformed, "
		"is it of this version?");
}

int shf_config_parse_records(struct shf_config *cfg, const char *bytes, size_t n,
			     struct shf_report *report)
{
	const char *cursor = bytes, *end = bytes + n;
	const struct shf_config_key *seen[SHF_CONFIG_KEYS_MAX];
	size_t n_seen = 0;

	while (cursor < end) {
		const char *key = next_string(&cursor, end);
		const char *where = key ? next_string(&cursor, end) : NULL;
		const char *number = where ? next_string(&cursor, end) : NULL;
		const char **values;
		uint32_t count;
		int error;

		if (!number || !shf_parse_u32(number, 0, SHF_CONFIG_LIST_MAX, &count))
			return malformed(report);
		values = calloc(count + 1, sizeof(*values));
		if (!values)
			return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
					      "cannot keep the configuration");
		for (uint32_t i = 0; i < count; i++) {
			values[i] = next_string(&cursor, end);
			if (!values[i]) {
				free(values);
				return malformed(report);
			}
		}
		error = shf_config_set(cfg, key, values, count, where, report);
		free(values);
		if (error)
			return error;
		for (size_t i = 0; i < n_seen; i++)
			if (seen[i] == shf_config_primary_key(key))
				return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
						"%.200s: %.64s is set twice", where, seen[i]->name);
		seen[n_seen++] = shf_config_primary_key(key);
	}
	return 0;
}
