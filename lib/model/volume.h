/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * volume.h - "SRC:DST[:ro]", the job's and the site's, and where it may go
 *
 * Pure.  What a target means inside the image is for the caller to resolve;
 * shf_target_check() judges the resolved, canonical path.
 */
#ifndef SHF_MODEL_VOLUME_H
#define SHF_MODEL_VOLUME_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shf_config;

enum {
	SHF_VOLUME_MAX = 64, /* of one job */
};

enum shf_mount_flags {
	SHF_MOUNT_RDONLY = 1,
};

/* A directory or file of the host and where it appears in the container. */
struct shf_mount {
	char *source;   /* clean, absolute; owned */
	char *target;   /* clean, absolute; owned */
	uint32_t flags; /* SHF_MOUNT_* */
	bool optional;  /* skip it where the source does not exist */
	bool is_file;   /* of a job's: set when the source is opened (kernel/volume_sources.h) */
};

struct shf_mounts {
	struct shf_mount *list;
	size_t count;
};

/*
 * Read one "SRC:DST[:FLAG]", FLAG being "ro" or "rw".  what names the thing in
 * messages ("volume", "siteFs of udiRoot.conf:3"), fault is who gets blamed.
 * On success *out owns its strings: shf_mount_free().  -EINVAL, -ENOMEM.
 */
int shf_mount_parse(const char *text, const char *what, int fault, struct shf_mount *out,
		    struct shf_report *report);

/*
 * Read the volumes of a job, a list that ends in NULL (or NULL for none).
 * *out, zeroed before, is the caller's to shf_mounts_free().  -EINVAL for a
 * malformed one, for two targets one of which is within the other, or for one
 * that is reserved whatever the image looks like; -E2BIG for more than
 * SHF_VOLUME_MAX; -ENOMEM.
 */
int shf_volumes_parse(const char *const *volumes, const struct shf_config *cfg,
		      struct shf_mounts *out, struct shf_report *report);

/*
 * May the job's owner mount something at this canonical path of the container?
 * Refused, by whole components: "/", the top directories that hold what we or
 * every program needs, and whatever is equal to, inside of or above /etc,
 * /proc, /sys, /dev, /run, /opt/udiImage, /var/hostsfile and each target of
 * the site.  -EACCES with a sentence.
 */
int shf_target_check(const char *canonical_target, const struct shf_config *cfg,
		     struct shf_report *report);

/* The reserved path that shf_target_check() would name, the site's left out; or NULL. */
const char *shf_find_reserved_target(const char *canonical_target);

/* As shf_target_check() for the site's own targets: no list of the site's to heed. */
int shf_site_target_check(const char *target, const char *where, struct shf_report *report);

/* Is one of two clean paths equal to or inside of the other? */
bool shf_targets_overlap(const char *a, const char *b);

void shf_mount_free(struct shf_mount *mount);
void shf_mounts_free(struct shf_mounts *mounts);

#endif
