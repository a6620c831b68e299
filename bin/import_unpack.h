/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_unpack.h - from a source to a tree of files
 */
#ifndef IMPORT_UNPACK_H
#define IMPORT_UNPACK_H

#include "import_child.h"
#include "import_image.h"

#include <stdbool.h>

enum import_kind {
	IMPORT_ANY,      /* a file or pipe: to be found out */
	IMPORT_ARCHIVE,  /* a tar archive of an image's parts */
	IMPORT_ROOT_TREE /* a tar archive of the files themselves */
};

struct import_source {
	const char *what; /* for messages: "'x.tar'" */
	int fd;
	enum import_kind kind;
	struct import_choice choice;
};

/* What is told by a process that a hostile image may have in its power. */
struct import_result {
	char id[IMPORT_DIGEST_SIZE]; /* 64 digits of hexadecimal */
	char *meta;                  /* lines of the .meta file */
	size_t meta_length;
	char **names; /* that the source has for it, as "ubuntu:22.04" */
	size_t n_names;
};

/* Whether there is no need to go on with the image of that id. */
typedef bool (*import_known_fn)(const char *id, void *data);

/*
 * Unpack source to "tree" below directory, which is empty and belongs to who
 * has these rights.  Uses up a part of the space for copies while it works.
 * A status, or -EINTR after a signal.  result is to be freed in any case.
 */
int import_unpack(const struct import_source *source, int directory, enum import_rights rights,
		  import_known_fn is_known, void *data, struct import_result *result);

void import_result_free(struct import_result *result);

#endif
