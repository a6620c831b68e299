/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/process.h"

#include "base/cleanup.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

pid_t shf_clone(int exit_signal, int *pidfd)
{
	struct clone_args args;

	memset(&args, 0, sizeof(args));
	args.exit_signal = (uint64_t)exit_signal;
	if (pidfd) {
		args.flags = CLONE_PIDFD;
		args.pidfd = (uintptr_t)pidfd;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int shf_fork(struct shf_child *child)
{
	sigset_t all, old;
	int pidfd = -1;
	int error;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = shf_clone(0, &pidfd);
	if (pid == 0)
		return 1;
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -error;
	child->pid = pid;
	child->pidfd = pidfd;
	return 0;
}

int64_t shf_now_ms(void)
{
	struct timespec now;

	/*
	 * Not through the vDSO: the first use of that costs a process three page faults, and
	 * most of ours live for one or two of these calls.
	 */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int shf_remaining_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - shf_now_ms();

	if (left <= 0)
		return 0;
	return left > 86400000 ? 86400000 : (int)left;
}

int shf_wait_child(struct shf_child *child, int64_t deadline_ms, int *status)
{
	siginfo_t info;
	int rc;

	if (child->pidfd < 0)
		return -ECHILD;
	do {
		struct pollfd pollfd = { .fd = child->pidfd, .events = POLLIN };

		rc = poll(&pollfd, 1, shf_remaining_ms(deadline_ms));
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	if (rc == 0)
		return -ETIMEDOUT;
	memset(&info, 0, sizeof(info));
	do
		rc = waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED | __WALL);
	while (rc < 0 && errno == EINTR);
	rc = rc < 0 ? -errno : 0;
	if (status)
		*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	close(child->pidfd);
	*child = SHF_NO_CHILD;
	return rc;
}

void shf_end_child(struct shf_child *child)
{
	int saved = errno;

	if (child->pidfd < 0)
		return;
	shf_sys_pidfd_send_signal(child->pidfd, SIGKILL);
	if (shf_wait_child(child, shf_now_ms() + 1000, NULL) < 0 && child->pidfd >= 0) {
		close(child->pidfd);
		*child = SHF_NO_CHILD;
	}
	errno = saved;
}

int shf_arrange_fds(const int *fds, size_t count, int first)
{
	int high[64];

	if (count > sizeof(high) / sizeof(*high))
		return -E2BIG;
	/* out of the way first: a target may be another one's source */
	for (size_t i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, first + (int)count);
		if (high[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], first + (int)i) < 0)
			return -errno;
	if (first > 3 && shf_sys_close_range(3, (unsigned)first - 1) < 0)
		return -errno;
	if (shf_sys_close_range((unsigned)first + (unsigned)count, ~0u) < 0)
		return -errno;
	return 0;
}

int shf_lift_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] < 0 || fds[i] > STDERR_FILENO)
			continue;
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (fds[i] < 0)
			return -errno;
	}
	return 0;
}

int shf_null_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (fd == i ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, i) < 0)
			return -errno;
	if (fd > 2)
		close(fd);
	return 0;
}

void shf_reset_signals(void)
{
	struct sigaction action;
	sigset_t none;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A number of /proc/PID/stat, by the number of its field in proc(5). */
static int read_stat(pid_t pid, int field_number, uint64_t *out)
{
	cleanup_fd int fd = -1;
	char path[32], stat[1024];
	unsigned long long value;
	ssize_t length;
	char *field;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	length = read(fd, stat, sizeof(stat) - 1);
	if (length < 0)
		return -errno;
	stat[length] = '\0';
	/* the name, field 2, is in parentheses and may hold anything */
	field = strrchr(stat, ')');
	for (int i = 2; field && i < field_number; i++)
		field = strchr(field + 1, ' ');
	if (!field || sscanf(field, " %llu", &value) != 1)
		return -EIO;
	*out = value;
	return 0;
}

int shf_process_start_time(pid_t pid, uint64_t *start)
{
	return read_stat(pid, 22, start);
}

int shf_process_parent(pid_t pid, pid_t *parent)
{
	uint64_t value;
	int rc = read_stat(pid, 4, &value);

	if (rc == 0)
		*parent = (pid_t)value;
	return rc;
}

int shf_open_process(pid_t pid, uint64_t start)
{
	cleanup_fd int pidfd = -1;
	uint64_t actual;
	int rc;

	if (pid <= 0)
		return -ESRCH;
	pidfd = shf_sys_pidfd_open(pid);
	if (pidfd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	/* after opening: if it is the right one now, the pidfd is its */
	rc = shf_process_start_time(pid, &actual);
	if (rc < 0)
		return rc;
	if (actual != start)
		return -ESRCH;
	return steal_fd(&pidfd);
}
