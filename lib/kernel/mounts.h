/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mounts.h - mounts as descriptors
 *
 * A mount made here hangs nowhere until it is attached, and is gone with its
 * descriptor if that never happens.  System calls only: fit for a child of a
 * threaded process.  All functions return a descriptor or 0, or a negative
 * errno value.
 */
#ifndef SHF_KERNEL_MOUNTS_H
#define SHF_KERNEL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Clone the mount, with recursive the mounts below it too, at path below dir
 * (or at dir itself if path is ""), detached, add attributes (SHF_ATTR_*) and
 * make all of it private.  What the source's flags forbid stays forbidden.
 */
int shf_clone_mount(int dir, const char *path, bool recursive, uint32_t attributes);

struct shf_mount_option {
	const char *key;
	const char *value; /* NULL for a flag */
};

/*
 * Make a new file system.  detail, unless NULL, gets the kernel's own
 * explanation of a failure, or "".
 */
int shf_new_mount(const char *type, const struct shf_mount_option *options, size_t n_options,
		  uint32_t attributes, char *detail, size_t detail_size);

/* A tmpfs, nosuid and nodev, with root's directory mode; size as tmpfs(5) has it. */
int shf_new_tmpfs(const char *size, uint32_t mode, char *detail, size_t detail_size);

/*
 * Attach mount at path below dir.  No component may be a link; a rename storm
 * that makes the look-up fail is retried a bounded number of times.
 */
int shf_attach_mount(int mount, int dir, const char *path);

/* Open path below dir without following links, flags as for open(2). */
int shf_open_beneath(int dir, const char *path, int flags);

#endif
