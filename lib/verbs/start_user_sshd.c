/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_start_user_sshd() - keys, configuration, usher, and a look at it
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/banner.h"
#include "kernel/keeper_protocol.h"
#include "kernel/listener.h"
#include "kernel/live_dir.h"
#include "kernel/message.h"
#include "kernel/spawn.h"
#include "kernel/syscalls.h"
#include "kernel/teardowns.h"
#include "kernel/udi_template.h"
#include "kernel/user_key.h"
#include "model/key.h"
#include "model/sessionenv.h"
#include "model/sshconf.h"
#include "verbs/job_hosts.h"
#include "verbs/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define KEYGEN "/opt/udiImage/bin/ssh-keygen"
#define KEYSCAN "/opt/udiImage/bin/ssh-keyscan"
#define LIVE_KEYS "keys"

enum {
	DEFAULT_TIMEOUT_MS = 10000,
	KEYGEN_MS = 10000,
	/* connections at once that may not have logged in yet; the rest waits in line */
	YOUNG_CONNECTIONS = 1024,
	GRACE_S = 20,
};

struct start {
	struct shifter_container *container;
	struct shf_report *report;
	struct shifter_sshd_spec spec;
	struct shf_identity identity;
	struct shf_ssh_facts facts;
	struct shf_text user_key; /* normalised */
	char private_key[SHF_USER_KEY_MAX];
	size_t private_length;
	int namespace, live;
	struct shf_listeners listeners;
	struct shf_child usher;
	int commit; /* starts the usher, or ends it when it is closed before */
	int64_t deadline_ms;
};

/* ---- the request ---- */

static int check_request(struct start *s)
{
	int rc;

	if (s->spec.flags || s->spec.reserved)
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

static int take_descriptors(struct start *s)
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

static int read_private_key(struct start *s)
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

static int put(struct start *s, const char *name, bool is_users, const struct shf_text *text)
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

static int put_server_config(struct start *s)
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

static int put_client_files(struct start *s)
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

static int put_session_files(struct start *s)
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

/* ---- the host key ---- */

static int run_keygen(struct start *s, char *const *argv, const char *what)
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
static int make_host_key(struct start *s)
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
	int rc = shf_make_live_directory(s->live, LIVE_KEYS, s->identity.uid, s->identity.gid,
					 names);

	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot make '" SHF_LIVE_DIR "/" LIVE_KEYS "'");
	rc = run_keygen(s, generate, "make a host key");
	return rc < 0 ? rc : run_keygen(s, sign, "certify the host key with the udiRoot key");
}

/* ---- the usher ---- */

static int write_identity(const struct shf_identity *identity)
{
	const struct shf_usher_identity head = { identity->uid, identity->gid, identity->n_groups };
	cleanup_fd int fd = memfd_create("identity", MFD_CLOEXEC);
	ssize_t size = (ssize_t)(identity->n_groups * sizeof(*identity->groups));

	if (fd < 0)
		return -errno;
	if (write(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    write(fd, identity->groups, (size_t)size) != size)
		return -EIO;
	return steal_fd(&fd);
}

static int start_usher(struct start *s)
{
	struct shifter_ctx *ctx = s->container->ctx;
	struct shf_record *record = &s->container->record;
	char young[16], grace[16], count[16];
	char *const argv[] = { ARG("shifter-usher"), record->id, young, grace, count, NULL };
	int fds[SHF_USHER_FD_LISTENERS + SHF_LISTENERS_MAX];
	struct shf_daemon daemon = { .path = SHF_LIBEXECDIR "/shifter-usher",
				     .argv = argv,
				     .fds = fds,
				     .place = s->spec.place,
				     .place_data = s->spec.place_data };
	struct shf_child anchor = SHF_NO_CHILD;
	cleanup_fd int identity = write_identity(&s->identity);
	cleanup_fd int reader = -1;
	int pair[2];
	int rc;

	if (identity < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -identity,
				      "cannot start the usher of container '%s'", record->id);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, errno, "cannot make a socket");
	reader = pair[0];
	s->commit = pair[1];
	snprintf(young, sizeof(young), "%d", YOUNG_CONNECTIONS);
	snprintf(grace, sizeof(grace), "%d", GRACE_S);
	snprintf(count, sizeof(count), "%zu", s->listeners.count);
	/* in the order of SHF_USHER_FD_* */
	fds[daemon.n_fds++] = s->namespace;
	fds[daemon.n_fds++] = s->live;
	fds[daemon.n_fds++] = identity;
	fds[daemon.n_fds++] = reader;
	for (size_t i = 0; i < s->listeners.count; i++)
		fds[daemon.n_fds++] = s->listeners.fds[i];
	/* the ancestry matters to who places, and only the room for anchors limits it */
	if (s->spec.place && ctx->n_anchors < SHF_ANCHORS_MAX)
		daemon.anchor = &anchor;
	rc = shf_start_daemon(&daemon, &s->usher);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot start the usher of container '%s'", record->id);
	if (daemon.anchor)
		ctx->anchors[ctx->n_anchors++] = anchor;
	return 0;
}

static int register_usher(struct start *s)
{
	struct shf_record *record = &s->container->record;
	struct shf_keeper_answer answer;
	int rc = shf_ask(s->container, SHF_KEEPER_USHER, s->usher.pidfd, s->usher.pid, &answer,
			 NULL, NULL);

	if (rc < 0)
		return rc;
	record->usher_pid = s->usher.pid;
	rc = shf_process_start_time(s->usher.pid, &record->usher_start);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "the usher of container '%s' ended at once", record->id);
	record->serving = true;
	rc = shf_write_record(&s->container->state, record, s->report);
	if (rc < 0)
		return rc;
	rc = shf_send(s->commit, "c", 1, NULL, 0);
	if (rc < 0)
		return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot start the usher of container '%s'", record->id);
	return 0;
}

/* The last line that sshd left in its log. */
static void read_last_words(int live, char *line, size_t size)
{
	cleanup_fd int fd = openat(live, "sshd.log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	char *last;
	ssize_t n;

	n = pread(fd, line, size - 1, end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0);
	n = n < 0 ? 0 : n;
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' '))
		n--;
	line[n] = '\0';
	last = strrchr(line, '\n');
	if (last)
		memmove(line, last + 1, strlen(last + 1) + 1);
}

static int await_banner(struct start *s)
{
	const char *id = s->container->record.id;
	char words[256];
	int rc = 0;

	for (size_t i = 0; i < s->listeners.count && rc == 0; i++)
		rc = shf_check_banner(s->listeners.fds[i], s->facts.principal, s->usher.pidfd,
				      s->deadline_ms);
	if (rc == 0)
		return 0;
	if (rc == -ETIMEDOUT)
		return shf_fail(s->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"the sshd of container '%s' did not answer on port %u in time", id,
				s->facts.port);
	/* it is the usher who writes the log */
	poll(NULL, 0, 20);
	read_last_words(s->live, words, sizeof(words));
	return shf_fail(s->report, SHIFTER_FAULT_SITE, EIO,
			"the sshd of container '%s' does not serve: %s", id,
			words[0] ? words : "it ended without a word");
}

/* A client's view: the key exchange offers a certificate, or every login would fail. */
static int check_certificate(struct start *s)
{
	cleanup_text struct shf_text keys = { 0 };
	char address[SHF_ADDRESS_TEXT], port[16], seconds[16];
	char *const argv[] = { ARG("ssh-keyscan"), ARG("-c"), ARG("-t"), ARG("ed25519"), ARG("-T"),
			       seconds, ARG("-p"), port, address, NULL };
	const struct shf_run run = {
		.path = KEYSCAN,
		.argv = argv,
		.identity = &s->identity,
		.namespace = s->namespace,
		.input = -1,
		.output = &keys,
		.timeout_ms = shf_remaining_ms(s->deadline_ms),
	};
	int rc = shf_format_address(s->listeners.fds[0], address);

	if (rc == 0) {
		snprintf(seconds, sizeof(seconds), "%d", run.timeout_ms / 1000 + 1);
		snprintf(port, sizeof(port), "%u", s->facts.port);
		rc = shf_run_program(&run);
	}
	if (rc >= 0 && keys.data && strstr(keys.data, "ssh-ed25519-cert-v01@openssh.com "))
		return 0;
	return shf_fail(s->report, SHIFTER_FAULT_NODE, rc == -ETIMEDOUT ? ETIMEDOUT : EIO,
			"the sshd of container '%s' answers on port %u, but shows no host "
			"certificate",
			s->container->record.id, s->facts.port);
}

static void end_usher(struct start *s)
{
	struct shf_record *record = &s->container->record;
	struct pollfd pollfd = { .fd = s->usher.pidfd, .events = POLLIN };
	struct shf_report ignored = { 0 };

	shf_close_fd(&s->commit);
	if (s->usher.pidfd < 0)
		return;
	shf_sys_pidfd_send_signal(s->usher.pidfd, SIGTERM);
	if (poll(&pollfd, 1, 2000) <= 0)
		shf_sys_pidfd_send_signal(s->usher.pidfd, SIGKILL);
	record->usher_pid = 0;
	record->usher_start = 0;
	record->serving = false;
	record->principal[0] = '\0';
	shf_write_record(&s->container->state, record, &ignored);
}

/* ---- in order ---- */

static int start(struct start *s)
{
	struct shf_record *record = &s->container->record;
	int rc = check_request(s);

	if (rc == 0)
		rc = take_descriptors(s);
	if (rc == 0)
		rc = read_private_key(s);
	if (rc < 0)
		return rc;
	snprintf(record->principal, sizeof(record->principal), "%s", s->spec.principal);
	s->facts = (struct shf_ssh_facts){ .user = record->user,
					   .port = record->port,
					   .principal = record->principal,
					   .user_key = s->user_key.data };
	rc = put_server_config(s);
	if (rc == 0)
		rc = put_client_files(s);
	if (rc == 0)
		rc = put_session_files(s);
	if (rc == 0)
		rc = make_host_key(s);
	if (rc == 0)
		rc = start_usher(s);
	if (rc == 0)
		rc = register_usher(s);
	if (rc == 0)
		rc = await_banner(s);
	if (rc == 0)
		rc = check_certificate(s);
	if (rc < 0) {
		end_usher(s);
		record->principal[0] = '\0';
	}
	return rc;
}

static void finish(struct start *s)
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
	struct start s = { .container = container,
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
