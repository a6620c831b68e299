/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_private.h - the directory that an import works in
 *
 * It is called .import-PID.NUMBER, beside what is to come of it, and locked as
 * long as the import runs.  What a killed import left is removed by the next.
 */
#ifndef IMPORT_PRIVATE_H
#define IMPORT_PRIVATE_H

struct import_private {
	int parent; /* descriptor of the directory it is in; the caller's */
	int fd;
	char name[48];
};

#define IMPORT_NO_PRIVATE ((struct import_private){ .parent = -1, .fd = -1 })

/* Make one in directory parent, which messages call path; a status. */
int import_private_open(struct import_private *private, int parent, const char *path);

/* Remove it with all that is in it; a status. */
int import_private_close(struct import_private *private, const char *path);

#endif
