/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * new_file.h - files that replace others in one step, written piece by piece
 *
 * A file of a big job takes no more memory than a small one's: fresh memory is most of what
 * such a file would cost.
 */
#ifndef SHF_BASE_NEW_FILE_H
#define SHF_BASE_NEW_FILE_H

#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

struct shf_new_file {
	struct shf_text text; /* add to it what the file shall have */
	int dir, fd;
	int error; /* of writing, negative errno value, or 0 */
	const char *name;
	char temporary[128];
};

/*
 * Begin a file that will be called name in dir; both are borrowed.  *file must stay where it
 * is.  Only its owner can read it until it is put in place.  0 or a negative errno value.
 */
int shf_begin_new_file(struct shf_new_file *file, int dir, const char *name);

/*
 * Put it in place of what had the name, with mode, belonging to uid and gid; (uint32_t)-1 leaves
 * each as it is.  If that fails, or adding to the text had failed, the old one stays and nothing
 * else.  0 or a negative errno value.  In both cases *file has ended.
 */
int shf_put_new_file(struct shf_new_file *file, mode_t mode, uint32_t uid, uint32_t gid);

/* Give it up, unless it has ended; for one that is zeroed does nothing. */
void shf_drop_new_file(struct shf_new_file *file);

#define cleanup_new_file __attribute__((cleanup(shf_drop_new_file)))

/* Remove what a process left that was killed before it put the file of that name in place. */
int shf_clear_new_file(int dir, const char *name);

/* All of it for bytes that are there already; the file belongs to the caller. */
int shf_replace_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length);

#endif
