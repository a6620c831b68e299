/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/live_dir.h"
#include "kernel/udi_template.h"
#include "model/key.h"
#include "model/sessionenv.h"
#include "verbs/job_hosts.h"
#include "verbs/sshd_start.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int shf_sshd_read_key(struct shf_sshd_start *s)
{
	const struct shf_record *record = &s->container->record;
	cleanup_text struct shf_text half = { 0 };
	char path[SHF_PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s%s",
		     s->spec.user_key_file ? s->spec.user_key_file : record->home,
		     s->spec.user_key_file ? "" : "/.udiRoot/id_ed25519") >= (int)sizeof(path))
		return shf_fail(s->report, SHIFTER_FAULT_CALLER, ENAMETOOLONG,
				"the path of the udiRoot key is too long");
	rc = shf_read_user_key(path, &s->identity,
			       (int)s->container->ctx->config.helper_timeout_s * 1000,
			       s->private_key, s->report);
	if (rc < 0)
		return rc;
	s->private_length = (size_t)rc;
	rc = shf_private_key_public_half(s->private_key, s->private_length, &half, s->report);
	if (rc < 0)
		return rc;
	if (strcmp(half.data, s->user_key.data) != 0)
		return shf_fail(s->report, SHIFTER_FAULT_JOB, EKEYREJECTED,
				"cannot start sshd: the udiRoot key '%s' is not the one that the "
				"job was submitted with",
				path);
	return 0;
}

/* ---- files ---- */

static int put(struct shf_sshd_start *s, const char *name, bool is_users,
	       const struct shf_text *text)
{
	int rc = text->failed ? -ENOMEM : 0;

	if (rc == 0)
		rc = shf_put_live_file(
			s->live, name, is_users ? 0400 : 0644, is_users ? s->identity.uid : 0,
			is_users ? s->identity.gid : 0, text->data ? text->data : "", text->length);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write '/run/shifter/%s' of container '%s'", name,
				      s->container->record.id);
	return 0;
}

static int put_server_config(struct shf_sshd_start *s)
{
	cleanup_text struct shf_text template = { 0 };
	cleanup_text struct shf_text config = { 0 };
	cleanup_text struct shf_text match = { 0 };
	int rc;

	rc = shf_read_udi_template(s->container->state.root, s->container->record.stage,
				   "sshd_config", &template);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read etc/sshd_config of udiImage");
	rc = shf_render_sshd_config(&s->facts, template.data, &config, s->report);
	if (rc < 0)
		return rc;
	shf_render_sshd_match(&s->facts, &match);
	rc = put(s, SHF_LIVE_SSHD_MATCH, false, &match);
	return rc < 0 ? rc : put(s, SHF_LIVE_SSHD_CONFIG, false, &config);
}

static int put_client_files(struct shf_sshd_start *s)
{
	cleanup_text struct shf_text known_hosts = { 0 };
	cleanup_text struct shf_text wait = { 0 };
	const struct shf_text key = { .data = s->private_key, .length = s->private_length };
	struct shifter_hosts hosts = { .report = s->report };
	int rc;

	shf_render_known_hosts(&s->facts, &known_hosts);
	shf_text_addf(&wait, "port %u\nprincipal %s\n", s->facts.port, s->facts.principal);
	rc = put(s, SHF_LIVE_KNOWN_HOSTS, false, &known_hosts);
	if (rc == 0)
		rc = put(s, "wait.conf", false, &wait);
	if (rc == 0)
		rc = put(s, SHF_LIVE_USER_KEY, true, &key);
	if (rc == 0)
		rc = shf_load_hosts(s->container, &hosts);
	if (rc == 0)
		rc = shf_write_ssh_config(s->container, s->live, &hosts);
	shf_hosts_free(&hosts);
	return rc;
}

static int put_session_files(struct shf_sshd_start *s)
{
	cleanup_text struct shf_text keys = { 0 };
	cleanup_text struct shf_text env = { 0 };
	int rc;

	rc = shf_render_session_env(s->spec.env, &env, s->report);
	if (rc < 0)
		return rc;
	shf_render_authorized_keys(&s->facts, &keys);
	rc = put(s, SHF_LIVE_AUTHORIZED_KEYS, false, &keys);
	/* a job's environment may hold secrets */
	return rc < 0 ? rc : put(s, SHF_LIVE_SESSION_ENV, true, &env);
}

int shf_sshd_put_files(struct shf_sshd_start *s)
{
	int rc = put_server_config(s);

	if (rc == 0)
		rc = put_client_files(s);
	return rc < 0 ? rc : put_session_files(s);
}
