/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/live_dir.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/stat.h>

int shf_put_live_text(struct shf_new_file *file, mode_t mode, uint32_t uid, uint32_t gid)
{
	bool is_ours = geteuid() != 0;

	return shf_put_new_file(file, mode, is_ours ? (uint32_t)-1 : uid,
				is_ours ? (uint32_t)-1 : gid);
}

int shf_put_live_file(int live, const char *name, mode_t mode, uint32_t uid, uint32_t gid,
		      const void *bytes, size_t length)
{
	struct shf_new_file file;
	int rc = shf_begin_new_file(&file, live, name);

	if (rc < 0)
		return rc;
	shf_text_add_mem(&file.text, bytes, length);
	return shf_put_live_text(&file, mode, uid, gid);
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
