/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop_device.h - a block device over an image file, gone by itself
 */
#ifndef SHF_KERNEL_LOOP_DEVICE_H
#define SHF_KERNEL_LOOP_DEVICE_H

enum { SHF_LOOP_NAME = 32 };

/*
 * Attach a read-only loop device to the regular file image (open for
 * reading) and write its path, "/dev/loopN", to name.  The kernel detaches it
 * when the last user, the descriptor returned or a mount, has gone
 * (LO_FLAGS_AUTOCLEAR, loop(4)).
 *
 * Returns a descriptor, -ENOENT if the kernel has no loop devices, -EBUSY if
 * others took every free one first, or another negative errno value.
 */
int shf_attach_loop_device(int image, char name[SHF_LOOP_NAME]);

#endif
