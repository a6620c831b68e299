/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * survivors.h - who is in a mount namespace
 */
#ifndef SHF_KERNEL_SURVIVORS_H
#define SHF_KERNEL_SURVIVORS_H

#include "base/text.h"

#include <stdint.h>

/* The inode number that names the namespace of this descriptor, or 0. */
uint64_t shf_identify_namespace(int namespace);

/*
 * Append "PID (NAME), ..." of at most ten processes in it, and return how many
 * there are in all.  Those whose namespace cannot be read are left out.
 */
unsigned shf_list_survivors(uint64_t namespace, struct shf_text *names);

#endif
