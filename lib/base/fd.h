/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fd.h - descriptors: whole reads and writes, bounded files
 *
 * All functions return 0 or a negative errno value unless they say otherwise.
 */
#ifndef SHF_BASE_FD_H
#define SHF_BASE_FD_H

#include "base/text.h"

#include <stddef.h>
#include <sys/types.h>

/* Write all of it, whatever signals come. */
int shf_write_all(int fd, const void *bytes, size_t length);

/*
 * Append what fd holds from its current position to the end, at most limit
 * bytes.  -EFBIG if there is more, -ENOMEM.
 */
int shf_read_all(int fd, size_t limit, struct shf_text *out);

/* A duplicate of fd that is close-on-exec and not 0, 1 or 2; or -errno. */
int shf_dup_fd(int fd);

#endif
