/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/mounts.h"

#include "base/cleanup.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { RETRIES = 64 };

int shf_clone_mount(int dir, const char *path, bool recursive, uint32_t attributes)
{
	struct shf_mount_attr attr = { .set = attributes, .propagation = SHF_PROPAGATION_PRIVATE };
	unsigned depth = recursive ? SHF_AT_RECURSIVE : 0;
	unsigned empty = path[0] ? 0 : AT_EMPTY_PATH;
	cleanup_fd int fd = -1;

	fd = shf_sys_open_tree(dir, path, SHF_OPEN_TREE_CLONE | O_CLOEXEC | depth | empty);
	if (fd < 0)
		return -errno;
	if (shf_sys_mount_setattr(fd, "", AT_EMPTY_PATH | depth, &attr) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* What the file system had to say: "e Message" or "w Message" (fsopen(2)). */
static void read_detail(int fd, char *detail, size_t size)
{
	ssize_t n;

	if (!detail || !size)
		return;
	detail[0] = '\0';
	n = read(fd, detail, size - 1);
	if (n < 2)
		n = 0;
	else
		memmove(detail, detail + 2, (size_t)(n -= 2));
	while (n > 0 && detail[n - 1] == '\n')
		n--;
	detail[n] = '\0';
}

int shf_new_mount(const char *type, const struct shf_mount_option *options, size_t n_options,
		  uint32_t attributes, char *detail, size_t detail_size)
{
	cleanup_fd int fs = shf_sys_fsopen(type);
	int mount, error;

	if (detail && detail_size)
		detail[0] = '\0';
	if (fs < 0)
		return -errno;
	for (size_t i = 0; i < n_options; i++) {
		const char *value = options[i].value;

		if (shf_sys_fsconfig(fs, value ? SHF_FSCONFIG_SET_STRING : SHF_FSCONFIG_SET_FLAG,
				     options[i].key, value) < 0)
			goto fail;
	}
	if (shf_sys_fsconfig(fs, SHF_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		goto fail;
	mount = shf_sys_fsmount(fs, attributes);
	if (mount < 0)
		goto fail;
	return mount;
fail:
	error = errno;
	read_detail(fs, detail, detail_size);
	return -error;
}

int shf_new_tmpfs(const char *size, uint32_t mode, char *detail, size_t detail_size)
{
	char mode_text[16];
	const struct shf_mount_option options[] = {
		{ "source", "shifter" },
		{ "size", size },
		{ "nr_inodes", "64k" },
		{ "mode", mode_text },
	};

	snprintf(mode_text, sizeof(mode_text), "%04o", (unsigned)mode);
	return shf_new_mount("tmpfs", options, sizeof(options) / sizeof(*options),
			     SHF_ATTR_NOSUID | SHF_ATTR_NODEV, detail, detail_size);
}

int shf_open_beneath(int dir, const char *path, int flags)
{
	int fd;

	for (int i = 0; i < RETRIES; i++) {
		fd = shf_openat2(dir, path, (uint64_t)flags | O_CLOEXEC,
				 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int shf_attach_mount(int mount, int dir, const char *path)
{
	cleanup_fd int target = shf_open_beneath(dir, path, O_PATH);

	if (target < 0)
		return target;
	if (shf_sys_move_mount(mount, "", target, "",
			       SHF_MOVE_F_EMPTY_PATH | SHF_MOVE_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}
