/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked for, before anything is opened
 */
#include "base/parse.h"
#include "verbs/node_accounts.h"
#include "verbs/setup.h"

#include <errno.h>
#include <string.h>

enum { JOB_FILE_MAX = 4000 };

static bool is_job_file(const char *path)
{
	size_t length = strlen(path);

	return path[0] == '/' && length <= JOB_FILE_MAX && path[length - 1] != '/';
}

int shf_setup_check(struct setup *s)
{
	struct shf_report *report = &s->ctx->report;
	const struct shifter_container_spec *spec = &s->spec;
	int rc;

	if (!shf_is_id(spec->id))
		return shf_fail(
			report, SHIFTER_FAULT_CALLER, EINVAL,
			"malformed container id '%s': 1 to 64 of A-Z a-z 0-9 . _ -, first a "
			"letter or digit",
			spec->id ? spec->id : "");
	if (spec->flags & ~(uint32_t)(SHIFTER_SETUP_SSHD | SHIFTER_SETUP_WRITABLE |
				      SHIFTER_SETUP_REPLACE))
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: unknown flags");
	if ((spec->flags & SHIFTER_SETUP_WRITABLE) && !s->ctx->config.allow_writable)
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot make the root of a container writable: this site does not "
				"allow it (allowWritable)");
	if (spec->n_groups && !spec->groups)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: groups are missing");
	if (spec->sshd_port > 65535)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: %u is no port", spec->sshd_port);
	if (spec->job_file && !is_job_file(spec->job_file))
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: '%.100s' is no absolute path of a job's "
				"file, of at most %d bytes",
				spec->job_file, JOB_FILE_MAX);
	s->account = (struct shf_account){
		.user = spec->user,
		.home = spec->home,
		.shell = spec->shell && *spec->shell ? spec->shell : "/bin/sh",
		.uid = spec->uid,
		.gid = spec->gid,
		.groups = spec->groups,
		.n_groups = spec->n_groups,
	};
	rc = shf_account_check(&s->account, s->ctx->config.minimum_uid, report);
	if (rc < 0)
		return rc;
	if (!shf_is_shell(s->account.shell)) {
		shf_log(s->ctx, SHIFTER_LOG_WARNING,
			"took '/bin/sh' for the shell of user '%s', '%.100s': it is no absolute "
			"path of at most %d bytes without '..', ':' and control characters",
			s->account.user, s->account.shell, SHF_ACCOUNT_PATH_MAX);
		s->account.shell = "/bin/sh";
	}
	s->identity = (struct shf_identity){ .uid = spec->uid,
					     .gid = spec->gid,
					     .n_groups = spec->n_groups,
					     .groups = spec->groups };
	rc = shf_image_parse(spec->image ? spec->image : "", &s->ref, report);
	if (rc < 0)
		return rc;
	rc = shf_volumes_parse(spec->volumes, &s->ctx->config, &s->volumes, report);
	return rc < 0 ? rc : shf_read_node_accounts(s->ctx, &s->account, &s->node);
}
