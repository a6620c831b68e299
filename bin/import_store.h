/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_store.h - images into the site's store, or to a directory of a user's
 */
#ifndef IMPORT_STORE_H
#define IMPORT_STORE_H

#include "import_source.h"

#include <stddef.h>

struct import_request {
	const char *source;
	struct import_choice choice;
	/* of a store: */
	const char *users, *groups; /* "2001,2002": who may use it; NULL: everybody */
	char **references;          /* beside the names that the source has, if there are none */
	size_t n_references;
};

/*
 * Root: import into the store, the directory path, and print the image's id.
 * A status, or -EINTR after a signal.
 */
int import_to_store(const struct import_request *request, const char *path);

/* Anybody: make the directory path, and path.meta beside it.  As above. */
int import_to_directory(const struct import_request *request, const char *path);

#endif
