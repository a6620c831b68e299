/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_key.h - reading the user's private udiRoot key, as the user
 */
#ifndef SHF_KERNEL_USER_KEY_H
#define SHF_KERNEL_USER_KEY_H

#include "base/report.h"
#include "kernel/credentials.h"

#include <stddef.h>

enum { SHF_USER_KEY_MAX = 16384 };

/*
 * Read the key file at path: a file of the user's alone (0600), in a directory
 * of the user's alone (0700).  Root-squashed homes work, as it is the user who
 * reads.  Returns the number of bytes in key, or -EACCES with a sentence for
 * whatever is in the way, or -ETIMEDOUT.
 */
int shf_read_user_key(const char *path, const struct shf_identity *identity, int timeout_ms,
		      char key[SHF_USER_KEY_MAX], struct shf_report *report);

#endif
