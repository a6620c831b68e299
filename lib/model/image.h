/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image.h - image references: which image a job means
 */
#ifndef SHF_MODEL_IMAGE_H
#define SHF_MODEL_IMAGE_H

#include "base/path.h"
#include "base/report.h"
#include "base/text.h"

#include <stddef.h>

enum shf_image_kind {
	SHF_IMAGE_LOCAL,  /* "local:/PATH": a directory or file of the host */
	SHF_IMAGE_ID,     /* "id:HASH": an image of the store, by content */
	SHF_IMAGE_DOCKER, /* "docker:REPOSITORY/NAME:TAG" */
	SHF_IMAGE_CUSTOM, /* "custom:NAME", likewise a tag, for an image without registry */
	SHF_IMAGE_NAME,   /* "NAME": an image of the store, by its file name */
};

struct shf_image_ref {
	enum shf_image_kind kind;
	char text[SHF_PATH_MAX]; /* clean path, hash, "REPOSITORY/NAME:TAG" or name */
};

/*
 * Read a reference: "local:/PATH" or just "/PATH", "id:HASH" and "NAME" (1-128
 * of [A-Za-z0-9._-], first a letter or digit), "docker:R/N:TAG" or just
 * "R/N:TAG", where there is a ':' or '/' (":latest" is added where neither tag
 * nor "@DIGEST" is, and "docker.io/library/", "docker.io/" and "localhost/" are
 * taken away), "custom:NAME" (':', '+' and '@', too).  As Shifter's
 * parse_ImageDescriptor(), but for names of the store.  -EINVAL, fault of the
 * job; *out untouched then.
 */
int shf_image_parse(const char *string, struct shf_image_ref *out, struct shf_report *report);

/* Append the canonical form: as above, with the word in front of all but a NAME. */
void shf_image_format(const struct shf_image_ref *ref, struct shf_text *out);

enum { SHF_IMAGE_CANDIDATES = 5,
       SHF_IMAGE_TAG_FILE = 256 };

/*
 * The i-th name, from 0, to try relative to the image store: "NAME.squashfs",
 * then "NAME", a directory or file; only the latter if NAME ends so already.
 * Then those of Shifter's other formats, for a sentence that names them.  0,
 * -ENOENT after the last (at once for what is not in the store by its name),
 * -ENAMETOOLONG.
 */
int shf_image_store_candidate(const struct shf_image_ref *ref, unsigned i, char *out, size_t size);

/*
 * The name of the file in the store's directory "tags" that says which id a
 * "docker:" or "custom:" reference means: the canonical form, with everything
 * but [A-Za-z0-9._-] as %XX.  0, -EINVAL for other references, -ENAMETOOLONG.
 */
int shf_image_tag_file(const struct shf_image_ref *ref, char out[SHF_IMAGE_TAG_FILE]);

/* The id in the n bytes of such a file: one line "id:HASH".  0 or -EINVAL. */
int shf_image_parse_tag(const char *bytes, size_t n, struct shf_image_ref *out);

/*
 * Where the metadata of the image at the absolute path is: "X.meta" for
 * "X.squashfs" and for "X".  0 or -ENAMETOOLONG.  Async-signal-safe.
 */
int shf_image_meta_path(const char *path, char out[SHF_PATH_MAX]);

#endif
