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

/*
 * Make a new file called name in the directory dir and fill it.  -EEXIST if
 * there is something of that name, be it a dangling link.  A file that could
 * not be filled is removed again.
 */
int shf_create_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length);

/*
 * Replace name in dir in one step, by way of a temporary name in the same
 * directory: readers see the old or the new content, never a part.
 */
int shf_replace_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length);

/* A duplicate of fd that is close-on-exec and not 0, 1 or 2; or -errno. */
int shf_dup_fd(int fd);

#endif
