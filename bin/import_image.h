/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_image.h - what an image archive says about an image
 *
 * Sources: the Docker Image Specification v1.2 (manifest.json of "docker save");
 * the OCI Image Format Specification 1.0, image-layout.md, image-index.md,
 * manifest.md and config.md.
 */
#ifndef IMPORT_IMAGE_H
#define IMPORT_IMAGE_H

#include "import_members.h"
#include "import_stream.h"

#include <json.h>
#include <stdio.h>

struct import_image {
	char id[IMPORT_DIGEST_SIZE]; /* of the configuration, as docker's image id */
	struct json_object *config;  /* the whole configuration */
	struct json_object *names;   /* array of strings: as in RepoTags */
	struct json_object *layers;  /* array of strings: members, the lowest first */
	struct json_object *digests; /* array: digests of the layers, without compression */
};

struct import_choice {
	const char *name; /* or NULL: there has to be one only */
	const char *arch; /* as in images, "amd64" or "arm/v7"; or NULL: this node's */
};

/* Find the image in the archive that choice means; a status. */
int import_image_find(const struct import_members *members, const struct import_choice *choice,
		      const char *what, struct import_image *image);

/*
 * Write the lines of a .meta file that come from the configuration, without
 * those of FORMAT and access.  What cannot be one is left out, with a warning.
 */
void import_image_write_meta(const struct import_image *image, FILE *out);

void import_image_free(struct import_image *image);

#endif
