/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "kernel/live_dir.h"
#include "kernel/spawn.h"
#include "verbs/sshd_start.h"

#include <string.h>

#define MAKER "/opt/udiImage/libexec/udi-host-key"

enum { MAKER_MS = 20000 };

static const char failed[] = "cannot make a host key, certified with the udiRoot key";

static int run_maker(struct shf_sshd_start *s, char *const *argv)
{
	cleanup_text struct shf_text errors = { 0 };
	const struct shf_run run = {
		.path = MAKER,
		.argv = argv,
		.identity = &s->identity,
		.namespace = s->namespace,
		.input = -1,
		.errors = &errors,
		.timeout_ms = MAKER_MS,
	};
	int rc = shf_run_program(&run);

	if (rc == 0)
		return 0;
	/* nothing that it waits for but the user, who can stop it */
	if (rc == -ETIMEDOUT)
		return shf_fail(s->report, SHIFTER_FAULT_JOB, ETIMEDOUT,
				"%s: '" MAKER "', a process of the user's, did not end within %d s",
				failed, MAKER_MS / 1000);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc, "%s", failed);
	if (rc == 127 || rc == 126)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, ENOENT,
				"%s: '" MAKER "' cannot be executed in the container", failed);
	if (errors.data)
		errors.data[strcspn(errors.data, "\r\n")] = '\0';
	return shf_fail(s->report, SHIFTER_FAULT_JOB, EIO, "%s: %s", failed,
			errors.length ? errors.data : "udi-host-key failed without a word");
}

#define ARG(text) ((char *)(uintptr_t)(text))

/* As the user, in the container: the private key is hostile input to root. */
int shf_sshd_make_host_key(struct shf_sshd_start *s)
{
	static const char *const names[] = { "ssh_host_ed25519_key",
					     "ssh_host_ed25519_key-cert.pub", NULL };
	char *const argv[] = { ARG("udi-host-key"), ARG(s->facts.principal),
			       ARG(SHF_LIVE_DIR "/" SHF_LIVE_USER_KEY),
			       ARG(SHF_LIVE_DIR "/" SHF_LIVE_HOST_KEY), NULL };
	int rc = shf_make_live_directory(s->live, SHF_SSHD_KEYS, s->identity.uid, s->identity.gid,
					 names);

	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot make '" SHF_LIVE_DIR "/" SHF_SSHD_KEYS "'");
	return run_maker(s, argv);
}
