/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "kernel/keeper_protocol.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"
#include "verbs/keeper.h"
#include "verbs/sshd_start.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
	/* sshds at once that may not have logged in yet; each is memory of the job's */
	YOUNG_CONNECTIONS = 128,
	GRACE_S = 20,
};

#define ARG(text) ((char *)(uintptr_t)(text))

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

static int fork_usher(struct shf_sshd_start *s)
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

static int register_usher(struct shf_sshd_start *s)
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

int shf_sshd_start_usher(struct shf_sshd_start *s)
{
	int rc = fork_usher(s);

	return rc < 0 ? rc : register_usher(s);
}

void shf_sshd_end_usher(struct shf_sshd_start *s)
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
