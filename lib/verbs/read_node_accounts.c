/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/trust.h"
#include "verbs/node_accounts.h"

#include <fcntl.h>
#include <string.h>

enum { FILE_MAX = 16 << 20 };

static void read_file(struct shifter_ctx *ctx, const char *path, struct shf_text *text)
{
	const struct shf_owners nobody_else = { 0 };
	struct shf_report report = { 0 };
	cleanup_fd int fd = -1;
	int rc;

	fd = shf_open_trusted(path, O_RDONLY, nobody_else, "account file", SHIFTER_FAULT_NODE,
			      &report);
	if (fd < 0) {
		shf_log(ctx, SHIFTER_LOG_WARNING, "%s", report.text);
		return;
	}
	rc = shf_read_all(fd, FILE_MAX, text);
	if (rc < 0) {
		shf_log(ctx, SHIFTER_LOG_WARNING, "cannot read '%s': %s", path, strerror(-rc));
		shf_text_free(text);
	}
}

int shf_read_node_accounts(struct shifter_ctx *ctx, const struct shf_account *account,
			   struct shf_node_accounts *out)
{
	cleanup_text struct shf_text passwd = { 0 };
	cleanup_text struct shf_text group = { 0 };
	cleanup_text struct shf_text warnings = { 0 };
	char *rest, *line;
	int rc;

	if (ctx->config.n_users_to_import)
		read_file(ctx, "/etc/passwd", &passwd);
	read_file(ctx, "/etc/group", &group);
	rc = shf_pick_node_accounts(&passwd, &group, ctx->config.users_to_import,
				    ctx->config.n_users_to_import, account, out, &warnings);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot keep the node's accounts");
	rest = warnings.data;
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			shf_log(ctx, SHIFTER_LOG_WARNING, "%s", line);
	return 0;
}
