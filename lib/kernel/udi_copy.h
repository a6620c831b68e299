/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi_copy.h - a tree of files like udiImage: tell it from others, copy it, remove it
 */
#ifndef SHF_KERNEL_UDI_COPY_H
#define SHF_KERNEL_UDI_COPY_H

#include <stdint.h>

enum { SHF_UDI_NAME = 256 };

/*
 * What any edit of the tree below source changes.  Returns 0, -EPERM if others than
 * root can change something, or another negative errno value; failed_name is then
 * what it failed at, without its directory.
 */
int shf_fingerprint_udi(int source, uint64_t *fingerprint, char failed_name[SHF_UDI_NAME]);

/*
 * Copy what is below source into the directory to: files, directories and links, root's,
 * with modes of our own.  0 or a negative errno value, failed_name as above.
 */
int shf_copy_udi(int source, int to, char failed_name[SHF_UDI_NAME]);

/* Remove a copy in a directory that is root's alone.  0, also without one, or a negative errno. */
int shf_remove_udi_copy(int dir, const char *name);

#endif
