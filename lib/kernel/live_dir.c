/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/live_dir.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

int shf_put_live_file(int live, const char *name, mode_t mode, uint32_t uid, uint32_t gid,
		      const void *bytes, size_t length)
{
	char temporary[128];
	int rc;

	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	if (unlinkat(live, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	/* only root can write here: what is made under this name stays what it is */
	rc = shf_create_file(live, temporary, mode, bytes, length);
	if (rc < 0)
		return rc;
	if ((geteuid() == 0 && fchownat(live, temporary, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) ||
	    renameat(live, temporary, live, name) < 0) {
		rc = -errno;
		unlinkat(live, temporary, 0);
	}
	return rc;
}

int shf_make_live_directory(int live, const char *name, uint32_t uid, uint32_t gid,
			    const char *const *names)
{
	cleanup_fd int dir = -1;

	if (mkdirat(live, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	dir = openat(live, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	for (; *names; names++)
		if (unlinkat(dir, *names, 0) < 0 && errno != ENOENT)
			return -errno;
	if (fchown(dir, uid, gid) < 0 || fchmod(dir, 0700) < 0)
		return -errno;
	return 0;
}
