/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_source.h - what an import is made from
 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include "import_unpack.h"

#include <limits.h>

struct import_input {
	struct import_source source;
	char what[PATH_MAX + 8];
	int directory;           /* of a directory, else -1 */
	struct import_child tar; /* what reads it */
	int errors;              /* what that has to say */
};

#define IMPORT_NO_INPUT         \
	((struct import_input){ \
		.source = { .fd = -1 }, .directory = -1, .tar = IMPORT_NO_CHILD, .errors = -1 })

/*
 * Open path, a directory or a file, or standard input if it is "-"; a status.
 * To be closed in any case.
 */
int import_input_open(struct import_input *input, const char *path);

/* Start to read; source.fd is valid then.  A status. */
int import_input_start(struct import_input *input);

/* Whether all of it could be read; a status, or -EINTR after a signal. */
int import_input_finish(struct import_input *input);

void import_input_close(struct import_input *input);

#endif
