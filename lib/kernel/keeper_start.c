/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/keeper_start.h"

#include "base/cleanup.h"
#include "kernel/daemon.h"
#include "kernel/keeper_client.h"
#include "kernel/keeper_protocol.h"
#include "kernel/message.h"
#include "kernel/process.h"
#include "kernel/syscalls.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#ifndef SHF_LIBEXECDIR
#define SHF_LIBEXECDIR "/usr/libexec/shifter"
#endif

int shf_start_keeper(struct shf_state *state, struct shf_record *record, int live,
		     const struct shf_listeners *listeners, int *commit,
		     struct shf_report *report)
{
	char uid[16], count[16];
	char *const argv[] = { (char *)(uintptr_t) "shifter-keeper",
			       (char *)(uintptr_t)SHF_KEEPER_START,
			       record->id,
			       uid,
			       record->generation,
			       count,
			       NULL };
	int fds[SHF_KEEPER_FD_LISTENERS + SHF_LISTENERS_MAX];
	struct shf_daemon daemon = { .path = SHF_LIBEXECDIR "/shifter-keeper",
				     .argv = argv,
				     .fds = fds };
	struct shf_child keeper = SHF_NO_CHILD;
	cleanup_fd int control = -1;
	cleanup_fd int reader = -1;
	cleanup_fd int writer = -1;
	int pair[2];
	int rc;

	control = shf_listen_keeper(state->dir);
	if (control < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -control,
				      "cannot make the keeper's socket of container '%s'",
				      state->id);
	/* not a pipe: writing to one that nobody reads raises SIGPIPE in the caller */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot make a socket");
	reader = pair[0];
	writer = pair[1];
	snprintf(uid, sizeof(uid), "%u", record->uid);
	snprintf(count, sizeof(count), "%zu", listeners->count);
	/* in the order of SHF_KEEPER_FD_* */
	fds[daemon.n_fds++] = control;
	fds[daemon.n_fds++] = live;
	fds[daemon.n_fds++] = reader;
	for (size_t i = 0; i < listeners->count; i++)
		fds[daemon.n_fds++] = listeners->fds[i];
	rc = shf_start_daemon(&daemon, &keeper);
	if (rc < 0)
		return shf_fail_errno(report,
				      rc == -ENOENT ? SHIFTER_FAULT_SITE : SHIFTER_FAULT_NODE, -rc,
				      "cannot start '%s'", daemon.path);
	shf_close_fd(&keeper.pidfd);
	record->keeper_pid = keeper.pid;
	rc = shf_process_start_time(keeper.pid, &record->keeper_start);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot find the keeper of container '%s'", state->id);
	*commit = steal_fd(&writer);
	return 0;
}

int shf_commit_keeper(int commit, int namespace, int timeout_ms)
{
	char byte;
	int rc = shf_send(commit, "c", 1, &namespace, 1);

	/* that it was sent does not say that the keeper lived to see it */
	if (rc == 0)
		rc = (int)shf_receive(commit, &byte, 1, NULL, NULL, shf_now_ms() + timeout_ms);
	return rc == 1 ? 0 : rc == 0 ? -EPIPE
				     : rc;
}

void shf_kill_keeper(const struct shf_record *record)
{
	cleanup_fd int keeper = -1;

	if (!record->keeper_pid)
		return;
	keeper = shf_open_process(record->keeper_pid, record->keeper_start);
	if (keeper >= 0)
		shf_sys_pidfd_send_signal(keeper, SIGKILL);
}
