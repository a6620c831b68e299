/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_load_config() - the site's configuration
 *
 * The file is parsed by shifter-readconf, a program of its own with an empty
 * environment: libconfuse expands environment variables and calls exit() on
 * errors, and this library runs inside of daemons.
 */
#include "base/cleanup.h"
#include "kernel/spawn.h"
#include "kernel/trust.h"
#include "verbs/context.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#ifndef SHF_CONFIG_FILE
#define SHF_CONFIG_FILE "/etc/shifter/udiRoot.conf"
#endif
#ifndef SHF_LIBEXECDIR
#define SHF_LIBEXECDIR "/usr/libexec/shifter"
#endif

enum { CONFIG_MAX = 1 << 20,
       READ_MS = 10000 };

static int parse(struct shifter_ctx *ctx, const char *path, int file, struct shf_config *config)
{
	cleanup_text struct shf_text records = { 0 };
	cleanup_text struct shf_text errors = { 0 };
	char *const argv[] = { (char *)(uintptr_t) "shifter-readconf", (char *)(uintptr_t)path,
			       NULL };
	const struct shf_run run = {
		.path = SHF_LIBEXECDIR "/shifter-readconf",
		.argv = argv,
		.namespace = -1,
		.input = file,
		.output = &records,
		.errors = &errors,
		.limit = 2 * CONFIG_MAX,
		.timeout_ms = READ_MS,
	};
	int rc = shf_run_program(&run);

	if (rc == 127)
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, ENOENT,
				"cannot read configuration '%s': '%s' cannot be executed", path,
				run.path);
	if (rc == 126)
		return shf_fail(&ctx->report, SHIFTER_FAULT_NODE, EAGAIN,
				"cannot read configuration '%s': '%s' could not be started: is "
				"there a limit to open files or processes",
				path, run.path);
	if (rc < 0)
		return shf_fail_errno(&ctx->report,
				      rc == -EFBIG ? SHIFTER_FAULT_SITE : SHIFTER_FAULT_NODE, -rc,
				      "cannot read configuration '%s'", path);
	if (rc > 0) {
		/* one line, with file and line number */
		if (errors.data)
			errors.data[strcspn(errors.data, "\n")] = '\0';
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, EINVAL, "%s",
				errors.length ? errors.data : "shifter-readconf failed");
	}
	return shf_config_parse_records(config, records.data ? records.data : "", records.length,
					&ctx->report);
}

int shifter_load_config(struct shifter_ctx *ctx, const char *path)
{
	struct shf_config config;
	cleanup_fd int file = -1;
	struct stat st;
	int rc;

	shf_begin(ctx);
	path = path ? path : SHF_CONFIG_FILE;
	file = shf_open_trusted(path, O_RDONLY, (struct shf_owners){ NULL, 0 }, "configuration",
				SHIFTER_FAULT_SITE, &ctx->report);
	if (file < 0)
		return file;
	if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, EINVAL,
				"cannot read configuration '%s': it is not a regular file", path);
	if (st.st_size > CONFIG_MAX)
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, EFBIG,
				"cannot read configuration '%s': it is larger than 1 MiB", path);
	rc = shf_config_init(&config);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read configuration '%s'", path);
	rc = parse(ctx, path, file, &config);
	if (rc < 0) {
		shf_config_free(&config);
		return rc;
	}
	shf_config_free(&ctx->config);
	ctx->config = config;
	shf_log(ctx, SHIFTER_LOG_DEBUG, "read configuration '%s'", path);
	return 0;
}
