/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_trial.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "kernel/builder.h"
#include "kernel/spawn.h"
#include "kernel/udi_template.h"
#include "model/sshconf.h"
#include "model/trial_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { TRIAL_MS = 30000,
       SAID_MAX = 1 << 20 };

struct trial {
	int udi;
	const char *path;
	struct shf_text template; /* of sshd */
	struct shf_text ssh_config, sshd_config, sshd_match;
	unsigned long head; /* lines of sshd_config before the template's */
	int namespace;
	struct shf_report *report;
};

static const struct shf_ssh_facts facts = {
	.user = "nobody",
	.port = 1204,
	.principal = "udi.trial",
	.user_key = "",
};

static int fail(struct trial *t, int error)
{
	return shf_fail_errno(t->report, SHIFTER_FAULT_NODE, error, "cannot try udiImage '%s'",
			      t->path);
}

static bool has(const struct trial *t, const char *program)
{
	return faccessat(t->udi, program, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- the files ---- */

static int read_template(struct trial *t, const char *name, struct shf_text *text)
{
	struct shf_report why = { 0 };
	int rc = shf_read_template_in(t->udi, name, text);

	if (rc == 0 && text->failed)
		rc = -ENOMEM;
	if (rc < 0)
		return shf_fail_errno(t->report, SHIFTER_FAULT_SITE, -rc,
				      "cannot read '%s/etc/%s'", t->path, name);
	if (text->data && strlen(text->data) != text->length)
		return shf_fail(t->report, SHIFTER_FAULT_SITE, EBADMSG,
				"cannot use '%s/etc/%s': it has a NUL byte", t->path, name);
	if (shf_template_check(name, text->data, &why) < 0)
		return shf_fail(t->report, why.fault, EBADMSG, "%s", why.text);
	return 0;
}

static int render(struct trial *t)
{
	cleanup_text struct shf_text head = { 0 };
	int rc = read_template(t, "ssh_config", &t->ssh_config);

	if (rc == 0)
		rc = read_template(t, "sshd_config", &t->template);
	if (rc == 0)
		rc = shf_render_sshd_config(&facts, t->template.data, &t->sshd_config, t->report);
	if (rc == 0)
		rc = shf_render_sshd_config(&facts, "", &head, t->report);
	if (rc < 0)
		return rc;
	shf_render_sshd_match(&facts, &t->sshd_match);
	if (t->sshd_match.failed)
		return fail(t, ENOMEM);
	for (const char *c = head.data; *c; c++)
		t->head += *c == '\n';
	return 0;
}

static int build(struct trial *t)
{
	const struct shf_trial_files files = { &t->ssh_config, &t->sshd_config, &t->sshd_match };
	cleanup_plan struct shf_plan plan = { 0 };
	cleanup_build struct shf_build build = SHF_NO_BUILD;
	int slots[SHF_PLAN_SLOTS];
	int rc;

	memset(slots, 0xff, sizeof(slots));
	slots[SHF_SLOT_UDI] = t->udi;
	/* any directory of every host will do */
	rc = shf_plan_trial(&files, "/run", &plan);
	if (rc < 0)
		return fail(t, -rc);
	rc = shf_start_build(&plan, slots, NULL, TRIAL_MS, &build, t->report);
	if (rc < 0)
		return rc;
	t->namespace = shf_finish_build(&build, t->report);
	return t->namespace < 0 ? t->namespace : 0;
}

/* ---- the programs ---- */

/* Returns the exit status, or fails with a sentence. */
static int run(struct trial *t, const char *const *argv, struct shf_text *said)
{
	const struct shf_identity nobody = { SHF_TRIAL_UID, SHF_TRIAL_UID, 0, NULL };
	const struct shf_run program = {
		.path = argv[0],
		.argv = (char *const *)argv,
		.identity = &nobody,
		.namespace = t->namespace,
		.input = -1,
		.errors = said,
		.limit = SAID_MAX,
		.timeout_ms = TRIAL_MS,
	};
	const char *name = argv[0] + strlen("/opt/udiImage/");
	int rc = shf_run_program(&program);

	/* so much is only said of what is no configuration at all */
	if (rc == -EFBIG)
		rc = 1;
	if (rc == 127)
		return shf_fail(t->report, SHIFTER_FAULT_SITE, EBADMSG,
				"cannot use udiImage '%s': its '%s' cannot be run on this node",
				t->path, name);
	if (rc == -ETIMEDOUT)
		return shf_fail(t->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot try udiImage '%s': its '%s' did not end within %d s",
				t->path, name, TRIAL_MS / 1000);
	/* more than any signal: OpenSSH ends with 255 by itself */
	if (rc == 126 || (rc > 128 && rc <= 128 + 64))
		return shf_fail(t->report, SHIFTER_FAULT_NODE, EIO,
				"cannot try udiImage '%s': its '%s' was killed, or lacked memory",
				t->path, name);
	return rc < 0 ? fail(t, -rc) : rc;
}

static int refuse(struct trial *t, const char *name, const struct shf_text *said,
		  const char *config, unsigned long head)
{
	cleanup_text struct shf_text why = { 0 };

	shf_explain_trial(said->data ? said->data : "", config, head, &why);
	if (why.failed)
		return fail(t, ENOMEM);
	return shf_fail(t->report, SHIFTER_FAULT_SITE, EBADMSG, "cannot use '%s/etc/%s': %s",
			t->path, name, why.data ? why.data : "OpenSSH does not say why");
}

static int try_client(struct trial *t)
{
	const char *const argv[] = { "/opt/udiImage/bin/ssh", "-F", SHF_TRIAL_SSH_CONFIG,
				     "-G", "node1", NULL };
	cleanup_text struct shf_text said = { 0 };
	int rc = run(t, argv, &said);

	return rc > 0 ? refuse(t, "ssh_config", &said, SHF_TRIAL_SSH_CONFIG, 0) : rc;
}

/* sshd looks at the whole of its configuration only where it has a host key. */
static int make_host_key(struct trial *t)
{
	const char *const argv[] = { "/opt/udiImage/bin/ssh-keygen",
				     "-q",
				     "-t",
				     "ed25519",
				     "-N",
				     "",
				     "-C",
				     "",
				     "-f",
				     SHF_TRIAL_HOST_KEY,
				     NULL };
	cleanup_text struct shf_text said = { 0 };
	cleanup_text struct shf_text why = { 0 };
	int rc = run(t, argv, &said);

	if (rc <= 0)
		return rc;
	shf_explain_trial(said.data ? said.data : "", SHF_TRIAL_HOST_KEY, 0, &why);
	return shf_fail(t->report, SHIFTER_FAULT_NODE, EIO,
			"cannot try udiImage '%s': its 'bin/ssh-keygen' fails: %s", t->path,
			why.data ? why.data : "");
}

static int try_server(struct trial *t)
{
	/* -T and -C: with the Match blocks as one connection finds them */
	const char *const argv[] = {
		"/opt/udiImage/sbin/sshd",
		"-T",
		"-e",
		"-f",
		SHF_TRIAL_SSHD_CONFIG,
		"-C",
		"user=nobody,host=node1,addr=127.0.0.1,laddr=127.0.0.1,lport=1204",
		NULL
	};
	cleanup_text struct shf_text said = { 0 };
	int rc = make_host_key(t);

	if (rc == 0)
		rc = run(t, argv, &said);
	return rc > 0 ? refuse(t, "sshd_config", &said, SHF_TRIAL_SSHD_CONFIG, t->head) : rc;
}

static int try_all(struct trial *t)
{
	int rc = render(t);

	if (rc == 0)
		rc = build(t);
	if (rc == 0 && has(t, "bin/ssh"))
		rc = try_client(t);
	if (rc == 0 && has(t, "sbin/sshd") && has(t, "bin/ssh-keygen"))
		rc = try_server(t);
	return rc;
}

int shf_try_udi(int udi, const char *path, struct shf_report *report)
{
	struct trial t = { .udi = udi, .path = path, .namespace = -1, .report = report };
	int rc = try_all(&t);

	shf_close_fd(&t.namespace);
	shf_text_free(&t.template);
	shf_text_free(&t.ssh_config);
	shf_text_free(&t.sshd_config);
	shf_text_free(&t.sshd_match);
	return rc;
}
