/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_members.h - the files that an image archive consists of
 *
 * "docker save" and OCI layouts keep an image as a few JSON files and a tar
 * archive per layer.  The files are laid down under numbers; the names that the
 * archive has for them are never names of files here.
 */
#ifndef IMPORT_MEMBERS_H
#define IMPORT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_member {
	char *name;   /* its clean path in the archive */
	char *target; /* of a link: clean path of what it stands for; else NULL */
	unsigned int number;
};

struct import_members {
	int directory; /* where the files are laid down */
	struct import_member *list;
	size_t count, max;
};

/*
 * Whether the tar archive in fd has files that only an image archive has.
 * Leaves fd at its start.  A status.
 */
int import_members_detect(int fd, const char *what, bool *is_image);

/* Lay down the files of the archive in fd below directory; a status. */
int import_members_collect(struct import_members *members, int fd, int directory, const char *what);

bool import_members_has(const struct import_members *members, const char *name);

/* Open the file called name; -ENOENT or another negative errno value if that fails. */
int import_members_open(const struct import_members *members, const char *name);

/*
 * Read the whole of a file that is no more than a few MiB.  *bytes is the
 * caller's, with a NUL behind it.  Returns 0, -ENOENT, -EFBIG, -ENOMEM.
 */
int import_members_read(const struct import_members *members, const char *name, char **bytes,
			size_t *length);

void import_members_free(struct import_members *members);

#endif
