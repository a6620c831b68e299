/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * live_dir.h - files of the live directory, /run/shifter in the container
 */
#ifndef SHF_KERNEL_LIVE_DIR_H
#define SHF_KERNEL_LIVE_DIR_H

#include "base/new_file.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the site does to the environment of every command: records of base/environ.h. */
#define SHF_LIVE_SITE_ENV "site.env"

/*
 * What the image brings along, each only if it does: variables, the
 * words of its entry point and of its default command, each ended by NUL, and
 * the path of its working directory.
 */
#define SHF_LIVE_IMAGE_ENV "image.env"
#define SHF_LIVE_IMAGE_ENTRY "image.entry"
#define SHF_LIVE_IMAGE_CMD "image.cmd"
#define SHF_LIVE_IMAGE_WORKDIR "image.workdir"

/*
 * Put in place what shf_begin_new_file() began in the live directory, belonging to uid and gid
 * with mode.  In a container of the caller's own everything is the caller's.  0 or a negative
 * errno value.
 */
int shf_put_live_text(struct shf_new_file *file, mode_t mode, uint32_t uid, uint32_t gid);

/*
 * Put a file there in one step, belonging to uid and gid with mode.  Secrets
 * are never readable by others meanwhile.  In a container of the caller's own
 * everything is the caller's.  0 or a negative errno value.
 */
int shf_put_live_file(int live, const char *name, mode_t mode, uint32_t uid, uint32_t gid,
		      const void *bytes, size_t length);

/*
 * Make the directory, if it is not there, or take it over; empty of names,
 * which ends with NULL.  It belongs to uid, mode 0700.
 */
int shf_make_live_directory(int live, const char *name, uint32_t uid, uint32_t gid,
			    const char *const *names);

#endif
