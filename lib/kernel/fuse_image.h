/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuse_image.h - a squashfs image through squashfuse
 *
 * For who may not have the kernel parse it: in a user namespace of the
 * caller's own.  The program gets the open file and the open /dev/fuse, runs
 * with no privilege in a session of its own, is nobody's child, and ends when
 * the last mount of the image is gone, however that comes about.
 */
#ifndef SHF_KERNEL_FUSE_IMAGE_H
#define SHF_KERNEL_FUSE_IMAGE_H

#include "base/report.h"

/*
 * Mount the squashfs file open at image, called name in messages, read-only,
 * nosuid, nodev, and attached nowhere.  Returns a descriptor; -ENOENT if the
 * node has no squashfuse or no FUSE, -EACCES if users may not use that,
 * -EINVAL if squashfuse refuses the image, with its own words in the sentence,
 * -ETIMEDOUT if it does not serve it within timeout_ms, or another negative
 * errno value.
 */
int shf_mount_fuse_image(int image, const char *name, int timeout_ms, struct shf_report *report);

#endif
