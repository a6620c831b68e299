/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

static bool has_name(const char *entry, const char *name, size_t length)
{
	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* Takes over entry, which is NULL when there was no memory for it. */
static void append(struct shf_env *env, char *entry)
{
	if (!entry)
		env->failed = true;
	if (!env->failed && env->count == env->capacity) {
		size_t capacity = env->capacity ? 2 * env->capacity : 128;
		char **list = reallocarray(env->list, capacity, sizeof(*list));

		if (list) {
			env->list = list;
			env->capacity = capacity;
		} else {
			env->failed = true;
		}
	}
	if (env->failed)
		free(entry);
	else
		env->list[env->count++] = entry;
}

void shf_env_import(struct shf_env *env, char *const *envp)
{
	for (; *envp; envp++)
		if (**envp != '=' && strchr(*envp, '='))
			append(env, strdup(*envp));
}

const char *shf_env_get(const struct shf_env *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < env->count; i++)
		if (has_name(env->list[i], name, length))
			return env->list[i] + length + 1;
	return NULL;
}

void shf_env_unset(struct shf_env *env, const char *name)
{
	size_t length = strlen(name), kept = 0;

	for (size_t i = 0; i < env->count; i++) {
		if (has_name(env->list[i], name, length))
			free(env->list[i]);
		else
			env->list[kept++] = env->list[i];
	}
	env->count = kept;
}

void shf_env_set(struct shf_env *env, const char *name, const char *value)
{
	char *entry;

	/* Formatted first: value may be a part of what is removed. */
	if (asprintf(&entry, "%s=%s", name, value) < 0)
		entry = NULL;
	shf_env_unset(env, name);
	append(env, entry);
}

void shf_env_clear(struct shf_env *env)
{
	static const char *const names[] = {
		"HOME",
		"USER",
		"LOGNAME",
		"SHELL",
		"TERM",
		"SHIFTER_CONTAINER",
		"SHIFTER_IMAGE",
		"SHIFTER_IMAGE_REQUEST",
	};
	size_t kept = 0;

	for (size_t i = 0; i < env->count; i++) {
		bool keep = false;

		for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
			keep = keep || has_name(env->list[i], names[n], strlen(names[n]));
		if (keep)
			env->list[kept++] = env->list[i];
		else
			free(env->list[i]);
	}
	env->count = kept;
}

void shf_env_set_entry(struct shf_env *env, const char *entry)
{
	const char *value;
	char *pair;

	/* of several the last one counts for shifter-enter: nobody looks for them here */
	if (strchr(entry, '=')) {
		append(env, strdup(entry));
	} else if ((value = getenv(entry))) {
		if (asprintf(&pair, "%s=%s", entry, value) < 0)
			pair = NULL;
		append(env, pair);
	}
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Without the flag newer kernels complain in their log, or refuse; older ones do not know it. */
static int new_memfd(void)
{
	int fd = memfd_create("environment", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("environment", MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int fill(int fd, const char *bytes, size_t length)
{
	int rc = write_all(fd, bytes, length);

	if (rc == 0 && fcntl(fd, F_ADD_SEALS,
			     F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		rc = -errno;
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = -errno;
	return rc;
}

static size_t count_bytes(const struct shf_env *env)
{
	size_t length = 0;

	for (size_t i = 0; i < env->count; i++)
		length += strlen(env->list[i]) + 1;
	return length;
}

static char *add_entries(char *end, const struct shf_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		end = stpcpy(end, env->list[i]) + 1;
	return end;
}

int shf_env_to_memfd(const struct shf_env *env, const struct shf_env *wanted)
{
	char *bytes, *end;
	int fd, rc;

	if (env->failed || wanted->failed)
		return -ENOMEM;
	bytes = malloc(count_bytes(env) + 1 + count_bytes(wanted));
	if (!bytes)
		return -ENOMEM;
	end = add_entries(bytes, env);
	*end++ = '\0';
	end = add_entries(end, wanted);
	fd = new_memfd();
	rc = fd < 0 ? fd : fill(fd, bytes, (size_t)(end - bytes));
	if (rc < 0 && fd >= 0)
		close(fd);
	free(bytes);
	return rc < 0 ? rc : fd;
}

void shf_env_free(struct shf_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->list[i]);
	free(env->list);
	*env = (struct shf_env){ 0 };
}
