/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int shf_path_clean(const char *path, char out[SHF_PATH_MAX])
{
	size_t used = 0;

	if (!path || path[0] != '/' || strnlen(path, SHF_PATH_MAX) >= SHF_PATH_MAX)
		return -EINVAL;
	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (length > NAME_MAX)
			return -EINVAL;
		for (size_t i = 0; i < length; i++)
			if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
				return -EINVAL;
		if (length && !(length == 1 && path[0] == '.')) {
			out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length;
	}
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return 0;
}

bool shf_path_is_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1 && directory[0] == '/')
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}
