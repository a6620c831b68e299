/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/image_environment.h"

#include "kernel/live_dir.h"

int shf_write_image_environment(struct shifter_ctx *ctx, int live,
				const struct shf_image_source *image, const char *id)
{
	const struct shf_image_meta *meta = &image->meta;
	const struct {
		const char *name;
		const struct shf_text *text;
		size_t less; /* bytes at the end that are left out */
	} files[] = {
		{ SHF_LIVE_IMAGE_ENV, &meta->env, 0 },
		{ SHF_LIVE_IMAGE_ENTRY, &meta->entry, 0 },
		{ SHF_LIVE_IMAGE_CMD, &meta->cmd, 0 },
		{ SHF_LIVE_IMAGE_WORKDIR, &meta->workdir, 1 },
	};
	int rc = 0;

	if (meta->ignored)
		shf_log(ctx, SHIFTER_LOG_WARNING,
			"the metadata of image '%s': line %u is not understood, and ignored",
			image->path, meta->ignored);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && rc == 0; i++)
		if (files[i].text->length)
			rc = shf_put_live_file(live, files[i].name, 0644, 0, 0,
					       files[i].text->data,
					       files[i].text->length - files[i].less);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write the image's environment for container '%s'",
				      id);
	return 0;
}
