/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/spawn.h"

#include "base/cleanup.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *const no_environment[] = { NULL };

/* ---- programs that run to their end ---- */

static _Noreturn void exec_program(const struct shf_run *run, int out, int err, pid_t minder)
{
	int std[3] = { run->input, out, err };
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++) {
		if (std[i] < 0)
			std[i] = null;
		/* above 2 first: the sources may be 0, 1 or 2 themselves */
		std[i] = fcntl(std[i], F_DUPFD_CLOEXEC, 3);
		if (std[i] < 0)
			_exit(126);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(std[i], i) < 0)
			_exit(126);
	if (run->namespace >= 0 && setns(run->namespace, CLONE_NEWNS) < 0)
		_exit(126);
	shf_sys_close_range(3, ~0u);
	umask(077);
	shf_reset_signals();
	if (run->identity)
		shf_reset_scheduling();
	/* it has no name service to ask and no locale to heed, and needs no files here */
	if (chdir("/") < 0 || (run->identity && shf_become_user(run->identity, 0) < 0))
		_exit(126);
	/* not before: a change of ids forgets it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != minder)
		_exit(126);
	execve(run->path, run->argv, run->envp ? run->envp : no_environment);
	_exit(127);
}

/*
 * The child that is the program's parent: when we die it does, too, and takes along
 * the program and whatever that has started, which a script does for each command.
 */
static _Noreturn void mind_program(const struct shf_run *run, int out, int err)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	pid_t minder = getpid();
	int status = 0;
	sigset_t signals;
	pid_t pid;

	/* all signals are blocked here; one that is ignored could not be waited for */
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	if (sigaction(SIGCHLD, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0 ||
	    setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		_exit(126);
	pid = shf_clone(SIGCHLD, NULL);
	if (pid == 0)
		exec_program(run, out, err, minder);
	if (pid < 0)
		_exit(126);
	/* readers wait for the program, not for us */
	shf_sys_close_range(0, ~0u);
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (sigwaitinfo(&signals, NULL) == SIGTERM)
			kill(0, SIGKILL);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int drain(int *fd, struct shf_text *text, size_t limit)
{
	char chunk[4096];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		shf_close_fd(fd);
		return n < 0 ? -errno : 0;
	}
	if (text->length + (size_t)n > limit)
		return -EFBIG;
	shf_text_add_mem(text, chunk, (size_t)n);
	return text->failed ? -ENOMEM : 0;
}

static int collect(const struct shf_run *run, int *out, int *err, int64_t deadline)
{
	size_t limit = run->limit ? run->limit : 65536;

	while (*out >= 0 || *err >= 0) {
		struct pollfd fds[2] = { { .fd = *out, .events = POLLIN },
					 { .fd = *err, .events = POLLIN } };
		int rc = poll(fds, 2, shf_remaining_ms(deadline));

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0)
			return -errno;
		if (rc == 0)
			return -ETIMEDOUT;
		rc = fds[0].revents ? drain(out, run->output, limit) : 0;
		if (rc == 0 && fds[1].revents)
			rc = drain(err, run->errors, limit);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int make_pipe(bool wanted, int *reader, int *writer)
{
	int fds[2];

	if (!wanted)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*reader = fds[0];
	*writer = fds[1];
	return 0;
}

int shf_run_program(const struct shf_run *run)
{
	cleanup_child struct shf_child child = SHF_NO_CHILD;
	cleanup_fd int out_reader = -1;
	cleanup_fd int out_writer = -1;
	cleanup_fd int err_reader = -1;
	cleanup_fd int err_writer = -1;
	int64_t deadline = shf_now_ms() + run->timeout_ms;
	int status = 0;
	int rc;

	rc = make_pipe(run->output, &out_reader, &out_writer);
	if (rc == 0)
		rc = make_pipe(run->errors, &err_reader, &err_writer);
	if (rc == 0)
		rc = shf_fork(&child);
	if (rc < 0)
		return rc;
	if (rc == 1)
		mind_program(run, out_writer, err_writer);
	shf_close_fd(&out_writer);
	shf_close_fd(&err_writer);
	rc = collect(run, &out_reader, &err_reader, deadline);
	if (rc == 0)
		rc = shf_wait_child(&child, deadline, &status);
	/* while it has not been waited for, its number is nobody else's */
	if (rc < 0 && child.pidfd >= 0)
		kill(-child.pid, SIGKILL);
	return rc < 0 ? rc : status;
}

/* ---- programs that stay ---- */

struct started {
	int32_t error;
	int32_t pid;
};

static _Noreturn void exec_daemon(const struct shf_daemon *daemon, int failure)
{
	int fds[SHF_MESSAGE_FDS];
	int error;

	memcpy(fds, daemon->fds, daemon->n_fds * sizeof(*fds));
	fds[daemon->n_fds] = failure;
	shf_reset_signals();
	if (setsid() < 0 || shf_null_stdio() < 0 ||
	    shf_arrange_fds(fds, daemon->n_fds + 1, 3) < 0)
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

int shf_start_daemon(const struct shf_daemon *daemon, struct shf_child *child)
{
	cleanup_child struct shf_child launcher = SHF_NO_CHILD;
	struct started started = { 0, 0 };
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;
	cleanup_fd int pidfd = -1;
	int64_t deadline = shf_now_ms() + 10000;
	size_t n_fds = 1;
	ssize_t n;
	int pair[2];
	int rc;

	if (daemon->n_fds + 1 > SHF_MESSAGE_FDS)
		return -E2BIG;
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
