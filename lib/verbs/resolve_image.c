/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_resolve_image() - what a reference means now, for good
 */
#include "base/text.h"
#include "kernel/image_source.h"
#include "kernel/image_store.h"
#include "verbs/context.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The reference by which the file called name is found in the store again. */
static bool make_id(const char *name, struct shf_image_ref *ref)
{
	static const char suffix[] = ".squashfs";
	struct shf_report ignored = { 0 };
	cleanup_text struct shf_text text = { 0 };
	size_t length = strlen(name);

	if (length > sizeof(suffix) - 1 &&
	    strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0)
		length -= sizeof(suffix) - 1;
	shf_text_add(&text, "id:");
	shf_text_add_mem(&text, name, length);
	return !text.failed && shf_image_parse(text.data, ref, &ignored) == 0;
}

/*
 * "local:" is for what the site may forbid; its own images have ids, also by
 * a link in the store, or to the store.
 */
static void settle(const struct shf_image_source *source, struct shf_image_ref *ref)
{
	bool is_stored = ref->kind != SHF_IMAGE_LOCAL;
	const char *name = strrchr(source->path, '/');

	if (name && (size_t)(name - source->path) == strlen(source->store) &&
	    strncmp(source->path, source->store, strlen(source->store)) == 0 &&
	    make_id(name + 1, ref))
		return;
	/* a link out of the store is found through the store only */
	if (is_stored && make_id(ref->text, ref))
		return;
	ref->kind = SHF_IMAGE_LOCAL;
	memcpy(ref->text, source->path, sizeof(ref->text));
}

int shifter_resolve_image(struct shifter_ctx *ctx, const char *image, const char **out)
{
	cleanup_user_session struct shf_user_session session =
		SHF_USER_SESSION(NULL, (int)ctx->config.helper_timeout_s * 1000);
	cleanup_image struct shf_image_source source = SHF_NO_IMAGE_SOURCE;
	struct shf_report failure = { 0 };
	struct shf_text text = { 0 };
	struct shf_image_ref ref;
	int rc;

	shf_begin(ctx);
	rc = shf_image_parse(image, &ref, &ctx->report);
	if (rc < 0)
		return rc;
	rc = shf_open_image(&ctx->config, &ref, &session, &source, &failure);
	if (rc == 0)
		settle(&source, &ref);
	else if (rc != -EACCES || geteuid() == 0 || !shf_is_private_store(&ctx->config) ||
		 (ref.kind != SHF_IMAGE_ID && ref.kind != SHF_IMAGE_NAME) ||
		 !make_id(ref.text, &ref))
		return shf_fail(&ctx->report, failure.fault, -rc, "%s", failure.text);
	/* else the store is for root to look into, at set-up */
	shf_image_format(&ref, &text);
	return shf_hand_out(ctx, text.failed ? NULL : text.data, out);
}
