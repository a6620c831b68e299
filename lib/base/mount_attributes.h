/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mount_attributes.h - what is forbidden on a mount; the kernel's MOUNT_ATTR_*
 * of mount_setattr(2)
 */
#ifndef SHF_BASE_MOUNT_ATTRIBUTES_H
#define SHF_BASE_MOUNT_ATTRIBUTES_H

enum {
	SHF_ATTR_RDONLY = 0x1,
	SHF_ATTR_NOSUID = 0x2,
	SHF_ATTR_NODEV = 0x4,
	SHF_ATTR_NOEXEC = 0x8
};

#endif
