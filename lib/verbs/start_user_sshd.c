/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_start_user_sshd() - keys, configuration, usher, and a look at it
 */
#include "base/cleanup.h"
#include "kernel/teardowns.h"
#include "model/key.h"
#include "verbs/keeper.h"
#include "verbs/sshd_start.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 10000 };

/* ---- the request ---- */

static int check_request(struct shf_sshd_start *s)
{
	int rc;

	if (s->spec.flags)
		return shf_fail(s->report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed sshd spec: unknown flags");
	if (!s->spec.user_key || !s->spec.principal)
		return shf_fail(s->report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed sshd spec: it has no %s",
				s->spec.user_key ? "principal" : "user key");
	rc = shf_principal_check(s->spec.principal, s->report);
	if (rc == 0)
		rc = shf_public_key_normalise(s->spec.user_key, &s->user_key, s->report);
	return rc;
}

static int take_descriptors(struct shf_sshd_start *s)
{
	struct shf_keeper_answer answer;
	int fds[2 + SHF_LISTENERS_MAX];
	size_t n_fds = sizeof(fds) / sizeof(*fds);
	int rc = shf_ask(s->container, SHF_KEEPER_SERVE, -1, 0, &answer, fds, &n_fds);

	if (rc < 0)
		return rc;
	if (n_fds < 2) {
		while (n_fds)
			close(fds[--n_fds]);
		return shf_fail(s->report, SHIFTER_FAULT_NODE, EIO,
				"the keeper of container '%s' is damaged", s->container->record.id);
	}
	s->namespace = fds[0];
	s->live = fds[1];
	for (size_t i = 2; i < n_fds; i++)
		s->listeners.fds[s->listeners.count++] = fds[i];
	if (answer.usher_pid)
		return shf_fail(s->report, SHIFTER_FAULT_CALLER, EALREADY,
				"container '%s' has an sshd already", s->container->record.id);
	if (!s->listeners.count)
		return shf_fail(s->report, SHIFTER_FAULT_CALLER, ENOTCONN,
				"cannot start sshd in container '%s': it was set up without a port",
				s->container->record.id);
	if (!s->container->record.stage[0])
		return shf_fail(s->report, SHIFTER_FAULT_SITE, ENOENT,
				"cannot start sshd in container '%s': the site has no udiImage",
				s->container->record.id);
	return 0;
}

/* ---- in order ---- */

static int start(struct shf_sshd_start *s)
{
	struct shf_record *record = &s->container->record;
	int rc = check_request(s);

	if (rc == 0)
		rc = take_descriptors(s);
	if (rc == 0)
		rc = shf_sshd_read_key(s);
	if (rc < 0)
		return rc;
	snprintf(record->principal, sizeof(record->principal), "%s", s->spec.principal);
	s->facts = (struct shf_ssh_facts){ .user = record->user,
					   .port = record->port,
					   .principal = record->principal,
					   .user_key = s->user_key.data };
	rc = shf_sshd_put_files(s);
	if (rc == 0)
		rc = shf_sshd_make_host_key(s);
	if (rc == 0)
		rc = shf_sshd_start_usher(s);
	if (rc == 0)
		rc = shf_sshd_await(s);
	if (rc < 0) {
		shf_sshd_end_usher(s);
		record->principal[0] = '\0';
	}
	return rc;
}

static void finish(struct shf_sshd_start *s)
{
	explicit_bzero(s->private_key, sizeof(s->private_key));
	shf_close_fd(&s->commit);
	shf_close_fd(&s->usher.pidfd);
	shf_close_fd(&s->namespace);
	shf_close_fd(&s->live);
	shf_close_listeners(&s->listeners);
	shf_text_free(&s->user_key);
}

static int lock_container(struct shifter_container *container, int64_t deadline_ms)
{
	int rc = shf_lock_state(&container->state, false, deadline_ms);

	if (rc == -EBUSY)
		return shf_fail(&container->ctx->report, SHIFTER_FAULT_CALLER, EBUSY,
				"another process works on container '%s'", container->record.id);
	if (rc == 0 && shf_was_torn_down(container->state.root, container->record.id,
					 container->record.asked))
		rc = -ENOENT;
	if (rc == -ENOENT) {
		shf_unlock_state(&container->state);
		return shf_fail(&container->ctx->report, SHIFTER_FAULT_CALLER, ESTALE,
				"container '%s' has been torn down", container->record.id);
	}
	if (rc < 0)
		return shf_fail_errno(&container->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot lock container '%s'", container->record.id);
	return 0;
}

int shifter_start_user_sshd(struct shifter_container *container,
			    const struct shifter_sshd_spec *spec)
{
	const struct shf_record *record = &container->record;
	struct shf_sshd_start s = { .container = container,
				    .report = &container->ctx->report,
				    .identity = { record->uid, record->gid, record->n_groups,
						  record->groups },
				    .namespace = -1,
				    .live = -1,
				    .commit = -1,
				    .usher = SHF_NO_CHILD };
	int rc;

	shf_begin(container->ctx);
	rc = shf_copy_spec(s.report, "sshd spec", spec, &s.spec, sizeof(s.spec));
	if (rc == 0)
		rc = shf_require_root(s.report, "start an sshd");
	if (rc < 0)
		return rc;
	s.deadline_ms = shf_now_ms() +
			(s.spec.timeout_ms ? (int64_t)s.spec.timeout_ms : DEFAULT_TIMEOUT_MS);
	rc = lock_container(container, s.deadline_ms);
	if (rc < 0)
		return rc;
	rc = start(&s);
	shf_unlock_state(&container->state);
	if (rc == 0) {
		container->sshd_pid = s.usher.pid;
		shf_log(container->ctx, SHIFTER_LOG_INFO, "sshd of container '%s' serves port %u",
			record->id, record->port);
	}
	finish(&s);
	return rc;
}
