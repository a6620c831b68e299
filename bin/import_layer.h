/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_layer.h - lay a tar archive over a tree
 */
#ifndef IMPORT_LAYER_H
#define IMPORT_LAYER_H

#include "import_stream.h"
#include "import_tree.h"

/* What entries called ".wh.NAME" and ".wh..wh..opq" are. */
enum import_layer_kind {
	IMPORT_PLAIN,  /* files like others */
	IMPORT_LOWEST, /* left out: there is nothing below that they could hide */
	IMPORT_UPPER   /* they remove NAME, or all, of the layers below */
};

/*
 * Unpack the archive in fd over tree, and tell its digest.  what names the
 * archive in messages, step in the progress.  Sparse files stay sparse;
 * extended attributes are not kept.
 *
 * An upper layer is read twice, so fd must allow for that: it removes first,
 * whatever the place of those entries in the archive.  A status.
 */
int import_layer(struct import_tree *tree, int fd, enum import_layer_kind kind, const char *step,
		 const char *what, char digest[IMPORT_DIGEST_SIZE]);

#endif
