/* SPDX-License-Identifier: BSD-3-Clause */
#include "facts.h"

#include "common/scope.h"
#include "record.h"

#include <stdint.h>
#include <string.h>

int shf_slurm_facts_add(struct shf_slurm_facts *facts, const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);
	char *bytes = realloc(facts->bytes, facts->size + n + v + 2);

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes + facts->size, name, n);
	bytes[facts->size + n] = '=';
	memcpy(bytes + facts->size + n + 1, value, v + 1);
	facts->bytes = bytes;
	facts->size += n + v + 2;
	return 0;
}

static const char *first(const struct shf_slurm_facts *facts)
{
	return facts->size ? facts->bytes : NULL;
}

static const char *next(const struct shf_slurm_facts *facts, const char *at)
{
	at += strlen(at) + 1;
	return at < facts->bytes + facts->size ? at : NULL;
}

const char *shf_slurm_facts_get(const struct shf_slurm_facts *facts, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = first(facts); at; at = next(facts, at))
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return at + n + 1;
	return NULL;
}

static int is_variable(const char *fact)
{
	return *fact >= 'A' && *fact <= 'Z';
}

const char **shf_slurm_facts_environment(const struct shf_slurm_facts *facts, size_t more)
{
	size_t count = 0;
	const char **vector;

	for (const char *at = first(facts); at; at = next(facts, at))
		count += (size_t)is_variable(at);
	vector = calloc(count + more + 1, sizeof(*vector));
	if (!vector)
		return NULL;
	count = 0;
	for (const char *at = first(facts); at; at = next(facts, at))
		if (is_variable(at))
			vector[count++] = at;
	return vector;
}

int shf_slurm_facts_read(int record, struct shf_slurm_facts *facts)
{
	scope_free char *bytes = NULL;
	size_t size;
	int rc = shf_slurm_record_read(record, SHF_SLURM_FACTS, &bytes, &size);

	if (rc < 0)
		return rc;
	if (size && bytes[size - 1] != '\0')
		return -EUCLEAN;
	facts->bytes = bytes;
	facts->size = size;
	bytes = NULL;
	return 0;
}

int shf_slurm_facts_write(int record, const struct shf_slurm_facts *facts)
{
	return shf_slurm_record_write(record, SHF_SLURM_FACTS, facts->bytes, facts->size);
}

void shf_slurm_facts_free(struct shf_slurm_facts *facts)
{
	free(facts->bytes);
	facts->bytes = NULL;
	facts->size = 0;
}
