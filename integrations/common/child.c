/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/child.h"

#include "common/scope.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* The descriptor that the child writes its answer to. */
enum { ANSWER_FD = 3,
       LOOK_MS = 200 };

struct end {
	int64_t deadline;
	bool (*is_moot)(void *data); /* or NULL */
	void *data;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void shf_wlm_reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_child(shf_wlm_child_fn fn, void *data, int fd)
{
	int null;

	/* handlers of the daemon that we are in would run here otherwise */
	shf_wlm_reset_signals();
	/* A daemon may run without 0 to 2, and the pipe have got one of them. */
	fd = fcntl(fd, F_DUPFD, ANSWER_FD + 1);
	/* In slurmstepd fd 1 may be the pipe on which slurmd awaits its status. */
	null = open("/dev/null", O_RDWR);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    dup2(fd, ANSWER_FD) < 0 || syscall(SYS_close_range, ANSWER_FD + 1, ~0U, 0) < 0)
		_exit(127);
	_exit(fn(ANSWER_FD, data));
}

/* Read until the child closes its end.  0 or a negative errno value. */
static int collect(int fd, size_t limit, const struct end *end, struct shf_wlm_answer *answer)
{
	char waste[4096];

	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left = end->deadline - now_ms();
		size_t room = limit - answer->size;
		ssize_t n;
		int rc;

		if (left <= 0)
			return -ETIMEDOUT;
		if (end->is_moot && end->is_moot(end->data))
			return -ECANCELED;
		rc = poll(&ready, 1, end->is_moot && left > LOOK_MS ? LOOK_MS : (int)left);
		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc <= 0)
			continue;
		n = room ? read(fd, answer->bytes + answer->size, room)
			 : read(fd, waste, sizeof(waste));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0 && room)
			answer->size += (size_t)n;
	}
}

static int await(pid_t pid, int pidfd, int64_t deadline, int *status)
{
	for (;;) {
		struct pollfd ended = { .fd = pidfd, .events = POLLIN };
		pid_t done = waitpid(pid, status, WNOHANG);
		int64_t left = deadline - now_ms();

		if (done == pid)
			return 0;
		if (done < 0 && errno != EINTR)
			return -errno;
		if (left <= 0)
			return -ETIMEDOUT;
		/* Without a pidfd, as under a seccomp filter, look now and then. */
		if (pidfd < 0 && left > 10)
			left = 10;
		poll(&ended, 1, (int)left);
	}
}

/*
 * Wait for the child until the deadline, then kill it.  One that sleeps in the
 * kernel for good is left to whoever inherits it.
 */
static int reap(pid_t pid, int64_t deadline, int *status)
{
	scope_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int rc = await(pid, pidfd, deadline, status);

	if (rc == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		(void)await(pid, pidfd, now_ms() + 1000, status);
	}
	return rc;
}

int shf_wlm_child_run_unless(shf_wlm_child_fn fn, void *data, size_t limit,
			     unsigned int timeout_ms, bool (*is_moot)(void *moot_data),
			     void *moot_data, struct shf_wlm_answer *out)
{
	scope_answer struct shf_wlm_answer answer = { NULL, 0, 0 };
	struct end end = { now_ms() + timeout_ms, is_moot, moot_data };
	scope_fd int reader = -1;
	scope_fd int writer = -1;
	int ends[2];
	int rc, rc_reap;
	pid_t pid;

	answer.bytes = malloc(limit + 1);
	if (!answer.bytes)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		be_child(fn, data, writer);
	shf_wlm_close(&writer);
	rc = collect(reader, limit, &end, &answer);
	rc_reap = reap(pid, rc < 0 ? 0 : end.deadline, &answer.exit_status);
	if (rc < 0)
		return rc;
	if (rc_reap < 0)
		return rc_reap;
	answer.bytes[answer.size] = '\0';
	*out = answer;
	answer.bytes = NULL;
	return 0;
}

int shf_wlm_child_run(shf_wlm_child_fn fn, void *data, size_t limit, unsigned int timeout_ms,
		      struct shf_wlm_answer *out)
{
	return shf_wlm_child_run_unless(fn, data, limit, timeout_ms, NULL, NULL, out);
}

int shf_wlm_answer_with(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return 1;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

void shf_wlm_answer_free(struct shf_wlm_answer *answer)
{
	free(answer->bytes);
	answer->bytes = NULL;
	answer->size = 0;
}
