/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * survivors.h - who is in a mount namespace, or descends from a process
 */
#ifndef SHF_KERNEL_SURVIVORS_H
#define SHF_KERNEL_SURVIVORS_H

#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

/* The inode number that names the namespace of this descriptor, or 0. */
uint64_t shf_identify_namespace(int namespace);

/*
 * Append "PID (NAME), ..." of at most ten processes in it, and return how many
 * there are in all.  Those whose namespace cannot be read are left out.
 */
unsigned shf_list_survivors(uint64_t namespace, struct shf_text *names);

/*
 * Likewise of the descendants of a process, whatever namespaces they made for
 * themselves.  Those that run the same program file as it are left out.
 */
unsigned shf_list_descendants(pid_t ancestor, struct shf_text *names);

#endif
