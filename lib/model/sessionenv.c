/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sessionenv.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* More than execve() ever takes (6 MiB), less than the live directory has. */
enum { ENV_MAX = 8 << 20 };

static uint32_t hash_name(const char *entry, size_t n)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)entry[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* The length of the entry's name, or 0 if it has none: it cannot be a variable then. */
static size_t name_length(const char *entry)
{
	size_t n = strcspn(entry, "=");

	return entry[n] ? n : 0;
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

		if (n == 1)
			continue;
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

static void add_records(struct shf_text *text, const char *kind, char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		shf_text_add(text, kind);
		shf_text_add_mem(text, list[i], strlen(list[i]) + 1);
	}
}

void shf_render_site_env(const struct shf_config *config, struct shf_text *text)
{
	char *opt_out[] = { (char *)(uintptr_t) "SHIFTER_MPI_SSH=0" };

	if (!config->mpi_ssh)
		add_records(text, "?", opt_out, 1);
	add_records(text, "=", config->site_env, config->n_site_env);
	add_records(text, "+", config->site_env_append, config->n_site_env_append);
	add_records(text, "^", config->site_env_prepend, config->n_site_env_prepend);
	add_records(text, "-", config->site_env_unset, config->n_site_env_unset);
	add_records(text, "@", config->node_env, config->n_node_env);
}

int shf_render_session_env(const char *const *env, struct shf_text *text, struct shf_report *report)
{
	cleanup_free bool *is_last = NULL;
	size_t count = 0, bytes = 0;

	for (; env && env[count]; count++)
		bytes += strlen(env[count]) + 1;
	if (bytes > ENV_MAX)
		return shf_fail(report, SHIFTER_FAULT_JOB, E2BIG,
				"cannot use environment: it is longer than %d bytes", ENV_MAX);
	if (!count)
		return 0;
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
