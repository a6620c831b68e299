/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/private_dir.h"

#include "common/scope.h"

#include <fcntl.h>
#include <sys/stat.h>

int shf_wlm_make_private_dir(int dir, const char *path)
{
	/* A umask could only take rights away, never give any. */
	if (mkdirat(dir, path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int shf_wlm_open_private_dir(int dir, const char *path, int *out)
{
	scope_fd int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	*out = fd;
	fd = -1;
	return 0;
}
