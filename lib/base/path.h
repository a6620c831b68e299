/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * path.h - paths as text, compared by whole components
 */
#ifndef SHF_BASE_PATH_H
#define SHF_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

enum { SHF_PATH_MAX = 4096 };

/*
 * Write path to out without repeated slashes, "." components and a trailing
 * slash.  Returns 0, or -EINVAL if path is not absolute, is longer than
 * SHF_PATH_MAX - 1 bytes, holds a control character, a component of more than
 * NAME_MAX bytes, which no file system has, or a ".." component: what ".."
 * means depends on links that are not there to be asked.
 */
int shf_path_clean(const char *path, char out[SHF_PATH_MAX]);

/*
 * Is path equal to, or inside of, directory?  Both are clean, absolute paths.
 * "/a/bc" is not inside "/a/b".
 */
bool shf_path_is_within(const char *path, const char *directory);

#endif
