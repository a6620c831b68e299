/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_environment.h - hand on to the container what its image brings along
 */
#ifndef SHF_VERBS_IMAGE_ENVIRONMENT_H
#define SHF_VERBS_IMAGE_ENVIRONMENT_H

#include "kernel/image_source.h"
#include "verbs/context.h"

/*
 * Write the metadata of the image into the live directory of the container id:
 * SHF_LIVE_IMAGE_* of kernel/live_dir.h.  0 or a negative errno value with a
 * report.
 */
int shf_write_image_environment(struct shifter_ctx *ctx, int live,
				const struct shf_image_source *image, const char *id);

#endif
