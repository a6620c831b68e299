/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/spawn.h"

#include "base/cleanup.h"
#include "kernel/process.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *const no_environment[] = { NULL };

static _Noreturn void exec_program(const struct shf_run *run, int out, int err, pid_t minder)
{
	int std[3] = { run->input, out, err };
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int namespace = run->namespace;

	if (shf_lift_fds(&namespace, 1) < 0)
		_exit(126);
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
	if (namespace >= 0 && setns(namespace, CLONE_NEWNS) < 0)
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
	pid_t pid, rc;

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
	do {
		rc = waitpid(pid, &status, WNOHANG);
		if (rc < 0 && errno != EINTR)
			_exit(126);
		if (rc == 0 && sigwaitinfo(&signals, NULL) == SIGTERM)
			kill(0, SIGKILL);
	} while (rc != pid);
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

/*
 * Until the minder has ended and there is no more.  Not until the ends of the files: a process
 * that another thread of the caller forked meanwhile may hold on to them.
 */
static int collect(const struct shf_run *run, const struct shf_child *minder, int *out, int *err,
		   int64_t deadline)
{
	size_t limit = run->limit ? run->limit : 65536;
	bool has_ended = false;

	while (!has_ended || *out >= 0 || *err >= 0) {
		int ending = has_ended ? -1 : minder->pidfd;
		struct pollfd fds[3] = { { .fd = *out, .events = POLLIN },
					 { .fd = *err, .events = POLLIN },
					 { .fd = ending, .events = POLLIN } };
		int rc = poll(fds, 3, has_ended ? 0 : shf_remaining_ms(deadline));

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0)
			return -errno;
		if (rc == 0)
			return has_ended ? 0 : -ETIMEDOUT;
		if (fds[2].revents) {
			has_ended = true;
			/* what it left behind; its number is nobody else's before we wait for it */
			kill(-minder->pid, SIGKILL);
		}
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
	rc = collect(run, &child, &out_reader, &err_reader, deadline);
	if (rc == 0)
		rc = shf_wait_child(&child, deadline, &status);
	/* while it has not been waited for, its number is nobody else's */
	if (rc < 0 && child.pidfd >= 0)
		kill(-child.pid, SIGKILL);
	return rc < 0 ? rc : status;
}
