/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_tree.h - the tree of files that an image is unpacked to
 *
 * Paths are those of a hostile archive.  None of them leads out of the tree:
 * what is above the last component is resolved by openat2(2) with the tree as
 * root, the last one is never followed.  What is there already is unlinked and
 * never written to.
 *
 * Functions return 0 or a negative errno value, unless they say otherwise.
 */
#ifndef IMPORT_TREE_H
#define IMPORT_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct import_tree_time;

struct import_tree {
	int root; /* descriptor of the tree's own directory */
	/*
	 * Owners, modes and setuid bits as in the archive; else everything is the
	 * caller's, who can read and remove it, and nobody else can write to it.
	 */
	bool keeps_owners;
	uint64_t n_devices; /* device files that were left out */
	uint64_t n_owners;  /* files whose owner has no number here; root's instead */

	struct import_tree_time *times; /* of directories, for the end */
	size_t n_times, max_times;
};

struct import_attributes {
	mode_t mode;
	int64_t uid, gid;
	struct timespec mtime;
	dev_t device; /* of a device file */
};

/*
 * Write path without ".", empty components and slashes at its ends; "" is the
 * tree itself.  -EINVAL if it has a "..", -ENAMETOOLONG.
 */
int import_clean_path(const char *path, char out[PATH_MAX]);

/* Make a directory, or change the attributes of the one that is there. */
int import_tree_directory(struct import_tree *tree, const char *path,
			  const struct import_attributes *attributes);

/* Make an empty file; *fd is for writing to it, and import_tree_close_file(). */
int import_tree_file(struct import_tree *tree, const char *path, int *fd);

/* Set the attributes and close fd, also on failure. */
int import_tree_close_file(struct import_tree *tree, int fd,
			   const struct import_attributes *attributes);

/* Make a hard link to target, another path of the tree. */
int import_tree_link(struct import_tree *tree, const char *path, const char *target);

int import_tree_symlink(struct import_tree *tree, const char *path, const char *target,
			const struct import_attributes *attributes);

/* Make a FIFO or socket.  Device files are counted and left out: they would have no effect. */
int import_tree_node(struct import_tree *tree, const char *path,
		     const struct import_attributes *attributes);

/* Remove what path names, with all that is below it; nothing there is no failure. */
int import_tree_remove(struct import_tree *tree, const char *path);

/* Remove all that is below the directory path names. */
int import_tree_clear(struct import_tree *tree, const char *path);

/* At the end: the times of directories, which change with every entry. */
int import_tree_finish(struct import_tree *tree);

#endif
