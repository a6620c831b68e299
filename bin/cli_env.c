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

static const char ssh_directory[] = "/opt/udiImage/bin";

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

/* Is directory one of the parts of path? */
static bool path_has(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	for (;;) {
		size_t part = strcspn(path, ":");

		if (part == length && memcmp(path, directory, length) == 0)
			return true;
		if (path[part] == '\0')
			return false;
		path += part + 1;
	}
}

/* Append ":" and directory, but what is there is kept once. */
static char *add_directory(char *end, const char *start, const char *directory)
{
	if (path_has(start, directory))
		return end;
	*end++ = ':';
	return stpcpy(end, directory);
}

void shf_env_set_path(struct shf_env *env)
{
	static const char *const everywhere[] = { "/usr/local/bin", "/usr/bin", "/bin" };
	const char *rest = shf_env_get(env, "PATH");
	size_t room = sizeof(ssh_directory) + 64 + (rest ? strlen(rest) : 0);
	char *path = malloc(room), *end;

	if (!path) {
		env->failed = true;
		return;
	}
	end = stpcpy(path, ssh_directory);
	while (rest && *rest) {
		size_t part = strcspn(rest, ":");

		if (part != strlen(ssh_directory) || memcmp(rest, ssh_directory, part) != 0) {
			*end++ = ':';
			end = mempcpy(end, rest, part);
		}
		/* "a:" ends in an empty part, which means the working directory. */
		if (rest[part] == ':' && rest[part + 1] == '\0')
			*end++ = ':';
		rest += part + (rest[part] == ':');
	}
	*end = '\0';
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
		end = add_directory(end, path, everywhere[i]);
	shf_env_set(env, "PATH", path);
	free(path);
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

int shf_env_to_memfd(const struct shf_env *env)
{
	size_t length = 0;
	char *bytes, *end;
	int fd, rc;

	if (env->failed)
		return -ENOMEM;
	for (size_t i = 0; i < env->count; i++)
		length += strlen(env->list[i]) + 1;
	bytes = malloc(length + 1);
	if (!bytes)
		return -ENOMEM;
	end = bytes;
	for (size_t i = 0; i < env->count; i++)
		end = stpcpy(end, env->list[i]) + 1;
	fd = new_memfd();
	rc = fd < 0 ? fd : fill(fd, bytes, length);
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
