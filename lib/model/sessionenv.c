/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sessionenv.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256,
       ENV_MAX = 1 << 20 };

static uint32_t hash_name(const char *entry, size_t n)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)entry[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* The length of the entry's name, or 0 if it has none that will do. */
static size_t name_length(const char *entry)
{
	size_t n = 0;

	while (entry[n] && entry[n] != '=') {
		/* blanks and control characters */
		if ((unsigned char)entry[n] <= ' ' || entry[n] == 0x7f || n >= NAME_MAX_BYTES)
			return 0;
		n++;
	}
	return entry[n] == '=' ? n : 0;
}

static int check_entries(const char *const *env, size_t *count, struct shf_report *report)
{
	size_t bytes = 0;

	for (*count = 0; env[*count]; (*count)++) {
		const char *entry = env[*count];

		if (!name_length(entry))
			return shf_fail(
				report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot use environment entry '%.100s': it must be NAME=VALUE, "
				"with a name of 1 to %d bytes without blanks and control "
				"characters",
				entry, NAME_MAX_BYTES);
		bytes += strlen(entry) + 1;
		if (bytes > ENV_MAX)
			return shf_fail(report, SHIFTER_FAULT_CALLER, E2BIG,
					"cannot use environment: it is longer than %d bytes",
					ENV_MAX);
	}
	return 0;
}

/* Set is_last[i] for each entry whose name does not come again. */
static bool find_last(const char *const *env, size_t count, bool *is_last)
{
	cleanup_free size_t *table = NULL;
	size_t size = 64;

	while (size < count * 2)
		size *= 2;
	table = calloc(size, sizeof(*table));
	if (!table)
		return false;
	for (size_t i = count; i-- > 0;) {
		size_t n = name_length(env[i]) + 1;
		size_t at = hash_name(env[i], n) & (size - 1);

		/* with the '=', so that a name is no prefix of another */
		while (table[at] && strncmp(env[table[at] - 1], env[i], n) != 0)
			at = (at + 1) & (size - 1);
		if (!table[at]) {
			table[at] = i + 1;
			is_last[i] = true;
		}
	}
	return true;
}

int shf_render_session_env(const char *const *env, struct shf_text *text, struct shf_report *report)
{
	cleanup_free bool *is_last = NULL;
	size_t count;
	int error;

	if (!env)
		return 0;
	error = check_entries(env, &count, report);
	if (error || !count)
		return error;
	is_last = calloc(count, sizeof(*is_last));
	if (!is_last || !find_last(env, count, is_last))
		text->failed = true;
	for (size_t i = 0; i < count && !text->failed; i++)
		if (is_last[i])
			shf_text_add_mem(text, env[i], strlen(env[i]) + 1);
	if (text->failed)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot keep environment");
	return 0;
}
