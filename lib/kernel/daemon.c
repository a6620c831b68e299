/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/daemon.h"

#include "base/cleanup.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { START_MS = 10000,
       STACK = 16384 };

static char *const no_environment[] = { NULL };

/* In the daemon to be: its descriptors are daemon's from 3 on, then extra unless that is -1. */
static int prepare(const struct shf_daemon *daemon, int extra)
{
	int fds[SHF_MESSAGE_FDS];
	size_t n_fds = daemon->n_fds;

	memcpy(fds, daemon->fds, n_fds * sizeof(*fds));
	if (extra >= 0)
		fds[n_fds++] = extra;
	if (setsid() < 0 || shf_lift_fds(fds, n_fds) < 0 || shf_null_stdio() < 0)
		return -errno;
	return shf_arrange_fds(fds, n_fds, 3);
}

/* ---- in the caller's memory ---- */

/*
 * To copy the page tables of a caller, which may be a large one, takes longer than all
 * the rest.  So the launcher and the daemon have none of their own until the exec: each
 * runs on a stack in here while its parent waits for it (vfork(2)).  They make system
 * calls and touch nothing else of the caller's.  No process that gives up root may live
 * so: to change ids changes what others may do with the memory.
 */
struct launch {
	const struct shf_daemon *daemon;
	pid_t pid;
	int pidfd; /* of the daemon; the launcher has the caller's table of descriptors */
	int error;
	bool is_over; /* the daemon has left this memory, and the launcher saw it */
	char launcher_stack[STACK] __attribute__((aligned(16)));
	char daemon_stack[STACK] __attribute__((aligned(16)));
};

static int be_daemon(void *data)
{
	struct launch *launch = data;
	int rc = prepare(launch->daemon, -1);

	if (rc == 0) {
		execve(launch->daemon->path, launch->daemon->argv, no_environment);
		rc = -errno;
	}
	launch->error = -rc;
	_exit(127);
}

static int be_launcher(void *data)
{
	struct launch *launch = data;

	launch->pid = clone(be_daemon, launch->daemon_stack + STACK,
			    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch,
			    &launch->pidfd);
	if (launch->pid < 0)
		launch->error = errno;
	launch->is_over = true;
	_exit(0);
}

/* Returns whether nobody is left in its memory. */
static bool clear_launch(struct launch *launch)
{
	struct pollfd pollfd = { .fd = launch->pidfd, .events = POLLIN };
	bool is_empty = true;

	if (!launch->is_over && launch->pidfd >= 0) {
		shf_sys_pidfd_send_signal(launch->pidfd, SIGKILL);
		is_empty = poll(&pollfd, 1, 1000) > 0;
	}
	shf_close_fd(&launch->pidfd);
	return is_empty;
}

static int start_here(const struct shf_daemon *daemon, struct shf_child *child)
{
	struct shf_child launcher = SHF_NO_CHILD;
	struct launch *launch = malloc(sizeof(*launch));
	sigset_t all, old;
	int error, rc;

	if (!launch)
		return -ENOMEM;
	/* most of it is stack, which need not be touched */
	launch->daemon = daemon;
	launch->pid = 0;
	launch->pidfd = -1;
	launch->error = 0;
	launch->is_over = false;
	/* as shf_fork(): no handler of the caller's runs in them */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	launcher.pid = clone(be_launcher, launch->launcher_stack + STACK,
			     CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD, launch,
			     &launcher.pidfd);
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (launcher.pid < 0)
		rc = -error;
	else if (launch->is_over)
		rc = -launch->error;
	else
		/* somebody has killed it */
		rc = -EIO;
	if (rc == 0) {
		child->pid = launch->pid;
		child->pidfd = steal_fd(&launch->pidfd);
	}
	shf_end_child(&launcher);
	/* where somebody is left who cannot be killed, it is lost */
	if (clear_launch(launch))
		free(launch);
	return rc;
}

/* ---- in a place of its own ---- */

struct started {
	int32_t error;
	int32_t pid;
};

static _Noreturn void exec_daemon(const struct shf_daemon *daemon, int failure)
{
	int error;

	if (prepare(daemon, failure) < 0)
		_exit(126);
	failure = 3 + (int)daemon->n_fds;
	fcntl(failure, F_SETFD, FD_CLOEXEC);
	execve(daemon->path, daemon->argv, no_environment);
	error = errno;
	if (write(failure, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * The child between us and the daemon.  channel brings a byte when the caller
 * is done with placing, and takes the daemon's pid and pidfd.
 */
static _Noreturn void launch(const struct shf_daemon *daemon, int channel)
{
	struct started started = { 0, 0 };
	int failure[2], pidfd = -1, error = 0;
	char byte;
	pid_t pid;

	prctl(PR_SET_NAME, daemon->anchor ? "shifter-anchor" : "shifter-launch");
	if (read(channel, &byte, 1) != 1)
		_exit(1);
	if (pipe2(failure, O_CLOEXEC) < 0)
		_exit(126);
	pid = shf_clone(SIGCHLD, &pidfd);
	if (pid == 0)
		exec_daemon(daemon, failure[1]);
	started.pid = pid;
	if (pid < 0)
		started.error = errno;
	close(failure[1]);
	if (pid > 0 && read(failure[0], &error, sizeof(error)) == (ssize_t)sizeof(error))
		started.error = error;
	shf_send(channel, &started, sizeof(started), &pidfd, started.error ? 0 : 1);
	if (!daemon->anchor || started.error)
		_exit(0);
	/* stay for the ancestry; hold nothing of the caller's meanwhile */
	shf_null_stdio();
	shf_sys_close_range(3, ~0u);
	if (chdir("/") < 0)
		_exit(1);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int start_placed(const struct shf_daemon *daemon, struct shf_child *child)
{
	cleanup_child struct shf_child launcher = SHF_NO_CHILD;
	struct started started = { 0, 0 };
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;
	cleanup_fd int pidfd = -1;
	int64_t deadline = shf_now_ms() + START_MS;
	size_t n_fds = 1;
	ssize_t n;
	int pair[2];
	int rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	rc = shf_fork(&launcher);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		close(ours);
		launch(daemon, theirs);
	}
	shf_close_fd(&theirs);
	if (daemon->place) {
		rc = daemon->place(launcher.pid, daemon->place_data);
		if (rc != 0)
			return rc < 0 ? rc : -EINVAL;
	}
	rc = shf_send(ours, "g", 1, NULL, 0);
	if (rc < 0)
		return rc;
	n = shf_receive(ours, &started, sizeof(started), &pidfd, &n_fds, deadline);
	if (n < 0)
		return (int)n;
	if (n != (ssize_t)sizeof(started))
		return -EIO;
	if (started.error)
		return -started.error;
	if (n_fds != 1)
		return -EIO;
	child->pid = started.pid;
	child->pidfd = steal_fd(&pidfd);
	if (daemon->anchor) {
		*daemon->anchor = launcher;
		launcher = SHF_NO_CHILD;
		return 0;
	}
	/* killed, perhaps, but that is the launcher: the daemon has left it */
	return 0;
}

int shf_start_daemon(const struct shf_daemon *daemon, struct shf_child *child)
{
	if (daemon->n_fds + 1 > SHF_MESSAGE_FDS)
		return -E2BIG;
	return daemon->place || daemon->anchor ? start_placed(daemon, child)
					       : start_here(daemon, child);
}
