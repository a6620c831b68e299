/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_publish.h - what appears in a store, whole or not at all
 */
#ifndef IMPORT_PUBLISH_H
#define IMPORT_PUBLISH_H

#include <limits.h>
#include <stddef.h>

enum { IMPORT_TAG_MAX = 3 * NAME_MAX };

/*
 * The file name in the index of tags for reference, "docker:R/N:TAG" or
 * "R/N:TAG": everything but letters, digits and "._-" as %XX.  ":latest" is added
 * where there is no tag.  -EINVAL if it is no such reference.
 */
int import_tag_name(const char *reference, char out[IMPORT_TAG_MAX]);

/*
 * Write a file with these bytes, mode 0644, as name in directory, in place of
 * what is there; by way of a file in directory scratch, of the same file
 * system.  Returns 0 or a negative errno value.
 */
int import_write_file(int scratch, int directory, const char *name, const char *bytes,
		      size_t length);

/*
 * Move a finished file or directory to where nothing is yet.  Returns 0, -EEXIST
 * or another negative errno value.
 */
int import_move_new(int from, const char *name, int to, const char *new_name);

#endif
