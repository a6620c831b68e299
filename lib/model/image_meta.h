/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_meta.h - what an image brings along besides files: IMAGE.meta
 *
 * The format is Shifter's (imagegw/shifter_imagegw/converters.py writes it,
 * src/ImageData.c reads it): lines "KEY: VALUE", blank ones and those that
 * start with '#' apart.
 *
 *	FORMAT: squashfs        the kind of image; VFS is a directory
 *	ENV: NAME=VALUE         once per variable
 *	ENTRY: /bin/tool        entry point, one word; or a list of words, either
 *	                        ["/bin/tool", "-v"] or Python's ['/bin/tool', '-v']
 *	CMD: ["--help"]         what goes behind it where the user says nothing
 *	WORKDIR: /srv
 *	USERACL: 1000,1001      uids that may use the image
 *	GROUPACL: 100           gids whose members may; without both, all may
 *
 * A value of ENV, WORKDIR, or ENTRY that starts with '"' is a string of JSON:
 * so an ENV with a newline, or with blanks at an end, can be written.
 */
#ifndef SHF_MODEL_IMAGE_META_H
#define SHF_MODEL_IMAGE_META_H

#include "base/report.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHF_IMAGE_META_MAX = 256 * 1024, /* bytes of a file */
	SHF_IMAGE_ENV_MAX = 4096,        /* lines with ENV */
	SHF_IMAGE_ACL_MAX = 1024,        /* numbers of each list */
};

/* Zeroed: an image without metadata. */
struct shf_image_meta {
	char format[16]; /* "" if there is no FORMAT */
	/* "NAME=VALUE", each ended by NUL; no name twice, the last one counts */
	struct shf_text env;
	struct shf_text entry;   /* words, each ended by NUL */
	struct shf_text cmd;     /* likewise */
	struct shf_text workdir; /* an absolute path, or nothing */
	bool has_acl;            /* uids and gids say who may use it */
	uint32_t *uids, *gids;
	size_t n_uids, n_gids;
	/* number of the first line that is no "KEY: VALUE", or an ENV without name, or 0 */
	unsigned ignored;
};

/*
 * Read the n bytes of the file that the report calls path.  Keys that are not
 * known are ignored.  0, or with fault of the job -EINVAL, -EFBIG, -ENOMEM;
 * *out is then empty.
 */
int shf_image_meta_parse(const char *path, const char *bytes, size_t n, struct shf_image_meta *out,
			 struct shf_report *report);

/* May this user use the image? */
bool shf_image_meta_admits(const struct shf_image_meta *meta, uint32_t uid, uint32_t gid,
			   const uint32_t *groups, size_t n_groups);

void shf_image_meta_free(struct shf_image_meta *meta);

#define cleanup_image_meta __attribute__((cleanup(shf_image_meta_free)))

#endif
