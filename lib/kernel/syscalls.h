/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * syscalls.h - system calls without (or with unsuitable) C library wrappers
 *
 * Raw calls serve two ends.  The mount calls have wrappers only from glibc
 * 2.36 on, and its <sys/mount.h> does not go together with <linux/mount.h>.
 * The wrappers that set ids make every thread of the process do the same; in
 * a child of a threaded daemon they would wait for threads that are not there.
 *
 * All return what the kernel returns: -1 and errno on failure.
 */
#ifndef SHF_KERNEL_SYSCALLS_H
#define SHF_KERNEL_SYSCALLS_H

#include "base/mount_attributes.h"

#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/stat.h>
/* after it: defines the same, and struct statx where that has none */
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* On others the same names stand for calls of 16 bits (setgroups) or take other structures. */
_Static_assert(sizeof(long) == 8, "libshifter is for Linux on 64-bit processors");

/* mount_setattr(2), open_tree(2), move_mount(2), fsopen(2), fsconfig(2) */
enum {
	SHF_OPEN_TREE_CLONE = 1,
	SHF_AT_RECURSIVE = 0x8000,
	SHF_MOVE_F_EMPTY_PATH = 0x4,
	SHF_MOVE_T_EMPTY_PATH = 0x40,
	SHF_FSOPEN_CLOEXEC = 1,
	SHF_FSMOUNT_CLOEXEC = 1,
	SHF_FSCONFIG_SET_FLAG = 0,
	SHF_FSCONFIG_SET_STRING = 1,
	SHF_FSCONFIG_CMD_CREATE = 6,
	SHF_PROPAGATION_PRIVATE = 1 << 18
};

struct shf_mount_attr {
	uint64_t set, clear, propagation, userns_fd;
};

static inline int shf_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static inline int shf_sys_statx(int dir, const char *path, int flags, unsigned mask,
				struct statx *out)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, out);
}

static inline int shf_sys_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags);
}

static inline int shf_sys_move_mount(int from, const char *from_path, int to, const char *to_path,
				     unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int shf_sys_mount_setattr(int fd, const char *path, unsigned flags,
					struct shf_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof(*attr));
}

static inline int shf_sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, SHF_FSOPEN_CLOEXEC);
}

static inline int shf_sys_fsconfig(int fd, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

static inline int shf_sys_fsmount(int fd, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fd, SHF_FSMOUNT_CLOEXEC, attributes);
}

static inline int shf_sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int shf_sys_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

static inline int shf_sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int shf_sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

#endif
