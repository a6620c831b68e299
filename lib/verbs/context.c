/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/context.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef SHF_VERSION
#define SHF_VERSION "0"
#endif

const char *shifter_version(void)
{
	return SHF_VERSION;
}

int shifter_new(struct shifter_ctx **out)
{
	struct shifter_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	ctx->references = 1;
	if (shf_config_init(&ctx->config) < 0) {
		shifter_free(ctx);
		return -ENOMEM;
	}
	*out = ctx;
	return 0;
}

void shifter_free(struct shifter_ctx *ctx)
{
	if (!ctx || --ctx->references)
		return;
	/* nobody could collect them any more: each would be a zombie for the caller's life */
	for (size_t i = 0; i < ctx->n_anchors; i++)
		shf_end_child(&ctx->anchors[i]);
	shf_config_free(&ctx->config);
	free(ctx->handed_out);
	free(ctx);
}

void shifter_set_log(struct shifter_ctx *ctx, shifter_log_fn log, void *data)
{
	ctx->log = log;
	ctx->log_data = data;
}

const char *shifter_get_error(struct shifter_ctx *ctx)
{
	return ctx->report.text;
}

int shifter_get_fault(struct shifter_ctx *ctx)
{
	return ctx->report.fault;
}

void shf_begin(struct shifter_ctx *ctx)
{
	shf_report_clear(&ctx->report);
	free(ctx->handed_out);
	ctx->handed_out = NULL;
	shf_collect_anchors(ctx);
}

void shf_log(struct shifter_ctx *ctx, int level, const char *format, ...)
{
	char raw[SHF_REPORT_TEXT], text[SHF_REPORT_TEXT];
	va_list args;

	if (!ctx->log)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	shf_escape(text, sizeof(text), raw);
	ctx->log(level, text, ctx->log_data);
}

int shf_copy_spec(struct shf_report *report, const char *name, const void *spec, void *out,
		  size_t known)
{
	const unsigned char *bytes = spec;
	size_t size = 0;

	memset(out, 0, known);
	if (spec)
		memcpy(&size, spec, sizeof(size));
	if (size < sizeof(size) || size > 1 << 20)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed %s: its size is not set", name);
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return shf_fail(report, SHIFTER_FAULT_CALLER, E2BIG,
					"malformed %s: it uses a field that libshifter %s does not "
					"know",
					name, shifter_version());
	memcpy(out, spec, size < known ? size : known);
	return 0;
}

int shf_hand_out(struct shifter_ctx *ctx, char *string, const char **out)
{
	if (!string)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM, "cannot answer");
	ctx->handed_out = string;
	*out = string;
	return 0;
}

void shf_collect_anchors(struct shifter_ctx *ctx)
{
	for (size_t i = ctx->n_anchors; i-- > 0;)
		/* a deadline in the past: look, do not wait */
		if (shf_wait_child(&ctx->anchors[i], 0, NULL) != -ETIMEDOUT) {
			shf_close_fd(&ctx->anchors[i].pidfd);
			ctx->anchors[i] = ctx->anchors[--ctx->n_anchors];
		}
}

int shf_require_root(struct shf_report *report, const char *what)
{
	if (geteuid() == 0)
		return 0;
	return shf_fail(report, SHIFTER_FAULT_CALLER, EPERM, "cannot %s: only root can", what);
}

int shf_new_container(struct shifter_ctx *ctx, struct shf_state *state, struct shf_record *record,
		      struct shifter_container **out)
{
	struct shifter_container *container = calloc(1, sizeof(*container));

	if (!container)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot open container '%s'", record->id);
	container->ctx = ctx;
	container->record = *record;
	container->state = *state;
	container->state.id = container->record.id;
	*record = (struct shf_record){ 0 };
	*state = SHF_NO_STATE;
	ctx->references++;
	*out = container;
	return 0;
}

void shifter_close_container(struct shifter_container *container)
{
	if (!container)
		return;
	shf_close_state(&container->state);
	shf_record_free(&container->record);
	shifter_free(container->ctx);
	free(container);
}

uint32_t shifter_get_uid(struct shifter_container *container)
{
	return container->record.uid;
}

uint32_t shifter_get_sshd_port(struct shifter_container *container)
{
	return container->record.port;
}

const char *shifter_get_hostsfile_path(struct shifter_container *container)
{
	(void)container;
	return "/var/hostsfile";
}
