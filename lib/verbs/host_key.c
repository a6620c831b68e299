/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "kernel/live_dir.h"
#include "kernel/spawn.h"
#include "verbs/sshd_start.h"

#include <string.h>

#define KEYGEN "/opt/udiImage/bin/ssh-keygen"

enum { KEYGEN_MS = 10000 };

static int run_keygen(struct shf_sshd_start *s, char *const *argv, const char *what)
{
	cleanup_text struct shf_text errors = { 0 };
	const struct shf_run run = {
		.path = KEYGEN,
		.argv = argv,
		.identity = &s->identity,
		.namespace = s->namespace,
		.input = -1,
		.errors = &errors,
		.timeout_ms = KEYGEN_MS,
	};
	int rc = shf_run_program(&run);

	if (rc == 0)
		return 0;
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc, "cannot %s", what);
	if (rc == 127 || rc == 126)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, ENOENT,
				"cannot %s: '" KEYGEN "' cannot be executed in the container",
				what);
	if (errors.data)
		errors.data[strcspn(errors.data, "\r\n")] = '\0';
	return shf_fail(s->report, SHIFTER_FAULT_JOB, EIO, "cannot %s: ssh-keygen: %s", what,
			errors.length ? errors.data : "failed without a word");
}

#define ARG(text) ((char *)(uintptr_t)(text))

/* As the user, in the container: the private key is hostile input to root. */
int shf_sshd_make_host_key(struct shf_sshd_start *s)
{
	static const char *const names[] = { "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub",
					     "ssh_host_ed25519_key-cert.pub", NULL };
	char *principal = ARG(s->facts.principal);
	char *const generate[] = { ARG("ssh-keygen"),
				   ARG("-q"),
				   ARG("-t"),
				   ARG("ed25519"),
				   ARG("-N"),
				   ARG(""),
				   ARG("-C"),
				   principal,
				   ARG("-f"),
				   ARG(SHF_LIVE_DIR "/" SHF_LIVE_HOST_KEY),
				   NULL };
	char *const sign[] = { ARG("ssh-keygen"), ARG("-q"), ARG("-s"),
			       ARG(SHF_LIVE_DIR "/" SHF_LIVE_USER_KEY), ARG("-P"), ARG(""),
			       ARG("-h"), ARG("-I"), principal, ARG("-n"), principal, ARG("-V"),
			       /* clocks of nodes differ; jobs end */
			       ARG("-10m:+366d"), ARG(SHF_LIVE_DIR "/" SHF_LIVE_HOST_KEY ".pub"),
			       NULL };
	int rc = shf_make_live_directory(s->live, SHF_SSHD_KEYS, s->identity.uid, s->identity.gid,
					 names);

	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot make '" SHF_LIVE_DIR "/" SHF_SSHD_KEYS "'");
	rc = run_keygen(s, generate, "make a host key");
	return rc < 0 ? rc : run_keygen(s, sign, "certify the host key with the udiRoot key");
}
