/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_resolve_image() - what a reference means now, for good
 */
#include "base/text.h"
#include "kernel/image_source.h"
#include "verbs/context.h"

#include <stdio.h>
#include <string.h>

/* If path is in the store, the id by which it is found there again. */
static const char *name_in_store(const char *path, const char *store, char name[SHF_PATH_MAX])
{
	static const char suffix[] = ".squashfs";
	size_t length;

	if (!shf_path_is_within(path, store) || strchr(path + strlen(store) + 1, '/'))
		return NULL;
	memcpy(name, path + strlen(store) + 1, strlen(path + strlen(store) + 1) + 1);
	length = strlen(name);
	if (length > sizeof(suffix) - 1 &&
	    strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0)
		name[length - (sizeof(suffix) - 1)] = '\0';
	return name;
}

int shifter_resolve_image(struct shifter_ctx *ctx, const char *image, const char **out)
{
	cleanup_image struct shf_image_source source = SHF_NO_IMAGE_SOURCE;
	struct shf_text text = { 0 };
	struct shf_image_ref ref, id;
	char name[SHF_PATH_MAX], candidate[SHF_PATH_MAX];
	struct shf_report ignored = { 0 };
	int rc;

	shf_begin(ctx);
	rc = shf_image_parse(image, &ref, &ctx->report);
	if (rc == 0)
		rc = shf_open_image(&ctx->config, &ref, NULL, &source, &ctx->report);
	if (rc < 0)
		return rc;
	/* "local:" is for what the site may forbid; its own images have ids */
	if (name_in_store(source.path, ctx->config.image_path, name)) {
		snprintf(candidate, sizeof(candidate), "id:%.*s", SHF_PATH_MAX - 4, name);
		if (shf_image_parse(candidate, &id, &ignored) == 0)
			ref = id;
	} else {
		ref.kind = SHF_IMAGE_LOCAL;
		memcpy(ref.text, source.path, sizeof(ref.text));
	}
	shf_image_format(&ref, &text);
	return shf_hand_out(ctx, text.failed ? NULL : text.data, out);
}
