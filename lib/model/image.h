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
	SHF_IMAGE_NAME,   /* "NAME": an image of the store, by its file name */
};

struct shf_image_ref {
	enum shf_image_kind kind;
	char text[SHF_PATH_MAX]; /* clean path, hash, "REPOSITORY/NAME:TAG" or name */
};

/*
 * Read a reference: "local:/PATH" or just "/PATH", "id:HASH" and "NAME" (1-128
 * of [A-Za-z0-9._-], first a letter or digit), "docker:R/N:TAG" (":latest" is
 * added where no tag is).  -EINVAL, fault of the job; *out untouched then.
 */
int shf_image_parse(const char *string, struct shf_image_ref *out, struct shf_report *report);

/* Append the canonical form: "local:/PATH", "id:HASH", "docker:R/N:TAG" or "NAME". */
void shf_image_format(const struct shf_image_ref *ref, struct shf_text *out);

/*
 * The i-th name, from 0, to try relative to the image store: "NAME.squashfs",
 * then "NAME", a directory or file; only the latter if NAME ends so already.
 * 0, -ENOENT after the last (at once for local and docker references),
 * -ENAMETOOLONG.
 */
int shf_image_store_candidate(const struct shf_image_ref *ref, unsigned i, char *out, size_t size);

#endif
