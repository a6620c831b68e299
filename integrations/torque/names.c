/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_name(const char *name, size_t length, const char *first)
{
	return length > 0 && length <= SHF_TORQUE_KEY_MAX && strchr(first, name[0]) &&
	       strspn(name, ALNUM "._-") >= length;
}

int shf_torque_read_script_path(const char *path, char key[SHF_TORQUE_KEY_SIZE],
				char job_file[SHF_TORQUE_PATH_SIZE])
{
	static const char suffix[] = ".SC", of_job_file[] = ".JB";
	const char *slash = strrchr(path, '/');
	size_t length = strlen(path), n;

	if (path[0] != '/' || length >= SHF_TORQUE_PATH_SIZE || strstr(path, "/../"))
		return -EINVAL;
	n = strlen(slash + 1);
	if (n <= strlen(suffix) || strcmp(path + length - strlen(suffix), suffix) != 0)
		return -EINVAL;
	n -= strlen(suffix);
	if (!is_name(slash + 1, n, ALNUM))
		return -EINVAL;
	memcpy(key, slash + 1, n);
	key[n] = '\0';
	memcpy(job_file, path, length - strlen(suffix));
	memcpy(job_file + length - strlen(suffix), of_job_file, sizeof(of_job_file));
	return 0;
}

void shf_torque_container_id(const char *key, char id[SHF_TORQUE_ID_SIZE])
{
	/* the number comes first: nothing that matters is cut off */
	snprintf(id, SHF_TORQUE_ID_SIZE, "torque-%.57s", key);
}

void shf_torque_short_name(const char *key, char name[SHF_TORQUE_KEY_SIZE])
{
	snprintf(name, SHF_TORQUE_KEY_SIZE, "%.*s", (int)strcspn(key, "."), key);
}

bool shf_torque_is_account_name(const char *name)
{
	return is_name(name, strlen(name), ALNUM "_");
}
