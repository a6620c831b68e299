/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEP_MAX = 8 };

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU };
static volatile sig_atomic_t seen;
static sigset_t mask_before, mask_caught;

static void note_signal(int number)
{
	seen = number;
}

void import_catch_signals(void)
{
	struct sigaction action = { .sa_handler = note_signal }, before;

	sigemptyset(&mask_caught);
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
		/* as nohup(1) wants it */
		if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaddset(&mask_caught, ending[i]);
		sigaction(ending[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &mask_caught, &mask_before);
	signal(SIGPIPE, SIG_IGN);
	/* what waitpid(2) needs, whatever the caller had */
	signal(SIGCHLD, SIG_DFL);
}

int import_signal(void)
{
	return seen;
}

int import_poll(struct pollfd *fds, size_t count)
{
	sigset_t open_mask = mask_before;
	int n;

	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		sigdelset(&open_mask, ending[i]);
	do
		n = seen ? -1 : ppoll(fds, count, NULL, &open_mask);
	while (n < 0 && errno == EINTR && !seen);
	if (seen)
		return -EINTR;
	return n < 0 ? -errno : n;
}

/* ---- in the child ---- */

static void close_others(const int *keep, size_t n)
{
	unsigned int from = STDERR_FILENO + 1, next;

	do {
		next = UINT32_MAX;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (next > from)
			syscall(SYS_close_range, from, next == UINT32_MAX ? next : next - 1, 0);
		from = next + 1;
	} while (next != UINT32_MAX);
}

static int keep_capabilities(uint32_t wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { wanted, wanted, 0 }, { 0 } };

	for (unsigned long i = 0; i < 64; i++)
		if (!(wanted & (i < 32 ? 1u << i : 0)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 &&
		    errno != EINVAL)
			return -errno;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int become(enum import_rights rights)
{
	const uint32_t wanted = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER |
				1u << CAP_FSETID;
	uid_t id = rights == IMPORT_NAMESPACED ? 0 : IMPORT_ID_BASE;

	if (rights == IMPORT_AS_CALLER)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return -errno;
	return rights == IMPORT_NAMESPACED ? keep_capabilities(wanted) : 0;
}

static int set_up_child(enum import_rights rights, int directory, int life)
{
	struct pollfd parent = { .fd = life };
	char go;
	int rc;

	/* the user namespace has its map then */
	if (read(life, &go, 1) != 1)
		return -ESRCH;
	if (directory >= 0 && fchdir(directory) < 0)
		return -errno;
	rc = become(rights);
	if (rc < 0)
		return rc;
	/* a change of ids forgets it, so it is late, and so is the look at the parent */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (poll(&parent, 1, 0) < 0 || (parent.revents & POLLHUP))
		return -ESRCH;
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		if (sigismember(&mask_caught, ending[i]))
			signal(ending[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	umask(022);
	return 0;
}

/* ---- in the parent ---- */

static int write_map(pid_t pid, const char *name)
{
	char path[64], map[64];
	int fd, length, rc;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	length = snprintf(map, sizeof(map), "0 %d %d\n", IMPORT_ID_BASE, IMPORT_ID_COUNT);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = write(fd, map, (size_t)length) == length ? 0 : -errno;
	close(fd);
	return rc;
}

int import_fork(struct import_child *child, enum import_rights rights, int directory,
		const int *keep, size_t n)
{
	const unsigned long namespaces =
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET;
	unsigned long flags = rights == IMPORT_NAMESPACED ? namespaces : 0;
	int fds[KEEP_MAX + 2], life[2], rc = 0;
	long pid;

	if (n > KEEP_MAX)
		return -EINVAL;
	if (pipe2(life, O_CLOEXEC) < 0)
		return -errno;
	pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		memcpy(fds, keep, n * sizeof(*keep));
		fds[n] = life[0];
		fds[n + 1] = directory;
		close_others(fds, n + 2);
		rc = set_up_child(rights, directory, life[0]);
		if (rc < 0)
			_exit(125);
		return 0;
	}
	rc = pid < 0 ? -errno : 0;
	close(life[0]);
	*child = (struct import_child){ .pid = (pid_t)pid, .pidfd = -1, .life = life[1] };
	if (rc == 0) {
		child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
		rc = child->pidfd < 0 ? -errno : 0;
	}
	if (rc == 0 && rights == IMPORT_NAMESPACED) {
		rc = write_map(child->pid, "uid_map");
		if (rc == 0)
			rc = write_map(child->pid, "gid_map");
	}
	if (rc == 0 && write(life[1], "", 1) != 1)
		rc = -errno;
	if (rc == 0)
		return 1;
	if (pid < 0)
		close(life[1]);
	else
		import_kill(child);
	*child = IMPORT_NO_CHILD;
	return rc;
}

static void forget(struct import_child *child)
{
	if (child->pidfd >= 0)
		close(child->pidfd);
	if (child->life >= 0)
		close(child->life);
	*child = IMPORT_NO_CHILD;
}

int import_wait(struct import_child *child, int *status)
{
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
	int rc = import_poll(&end, 1);

	if (rc < 0)
		return rc;
	while (waitpid(child->pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	forget(child);
	return 0;
}

void import_kill(struct import_child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(child);
}

enum import_rights import_probe_rights(void)
{
	struct import_child child;
	int status, rc = import_fork(&child, IMPORT_NAMESPACED, -1, NULL, 0);

	if (rc == 0)
		_exit(0);
	if (rc < 0)
		return IMPORT_AS_NOBODY;
	/* a signal is seen again by who asks for it */
	if (import_wait(&child, &status) < 0)
		import_kill(&child);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return IMPORT_AS_NOBODY;
	return IMPORT_NAMESPACED;
}
