/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-keeper - builds a container, and holds it
 *
 * Root, outside of the container, with what would otherwise need files and
 * bind mounts to survive between hooks: a descriptor of the mount namespace, one
 * of the live directory, and the sockets of the later sshd.  When it ends, the
 * kernel drops the mounts as soon as the last process inside has gone.  The
 * user can neither signal nor trace it.
 *
 * Arguments, and what is said to it: kernel/keeper_protocol.h.  Static, no heap, no
 * configuration, no name service.
 */
#include "base/parse.h"
#include "kernel/build_walk.h"
#include "kernel/credentials.h"
#include "kernel/keeper_protocol.h"
#include "kernel/message.h"
#include "kernel/process.h"
#include "kernel/syscalls.h"
#include "kernel/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANSWER_MS = 2000 };

struct keeper {
	uint32_t uid;
	const char *generation;
	int fds[SHF_MESSAGE_FDS]; /* SHF_COMMIT_* */
	size_t n_fds;             /* 0 until the container is built */
	int usher;                /* pidfd, or -1 */
	int32_t usher_pid;
};

/* Write number to a file of cgroupfs; nothing depends on success. */
static void write_self(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "0", 1) < 0) {
		/* the kernel does not let us: we stay with the hook */
	}
	close(fd);
}

/*
 * Leave the cgroups of the hook, so that stopping or restarting the workload
 * manager's service leaves the containers of its jobs alone.  To the root of
 * each hierarchy, where nothing is limited and nobody kills (cgroups(7)).
 */
static void leave_cgroups(void)
{
	static char text[16384];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	char *rest = text, *line;

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	/* NUMBER:CONTROLLERS:PATH, without controllers in version 2 */
	while ((line = strsep(&rest, "\n"))) {
		char path[512], *controllers;

		strsep(&line, ":");
		controllers = line ? strsep(&line, ":") : NULL;
		/* nothing to leave: it takes the kernel a while all the same */
		if (!line || strcmp(line, "/") == 0)
			continue;
		if (!*controllers) {
			write_self("/sys/fs/cgroup/cgroup.procs");
			write_self("/sys/fs/cgroup/unified/cgroup.procs");
			continue;
		}
		if (strncmp(controllers, "name=", 5) == 0)
			controllers += 5;
		if (snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", controllers) <
		    (int)sizeof(path))
			write_self(path);
	}
}

/* A hook's limits, processor time above all, must not end a container. */
static void reset_limits(void)
{
	static const int own[] = { RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE };
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	const struct rlimit none = { 0, 0 };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		struct rlimit now;

		/* root of a container may lack the right to more than the hard limit */
		if (setrlimit(own[i], &any) == 0 || getrlimit(own[i], &now) < 0)
			continue;
		now.rlim_cur = now.rlim_max;
		setrlimit(own[i], &now);
	}
	setrlimit(RLIMIT_CORE, &none);
}

/* Nothing of the daemon that ran the hook stays with us. */
static int forget_origin(void)
{
	umask(077);
	if (chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	reset_limits();
	shf_reset_signals();
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	shf_reset_scheduling();
	leave_cgroups();
	return 0;
}

static void forget_dead_usher(struct keeper *keeper)
{
	struct pollfd pollfd = { .fd = keeper->usher, .events = POLLIN };

	if (keeper->usher < 0 || poll(&pollfd, 1, 0) <= 0)
		return;
	close(keeper->usher);
	keeper->usher = -1;
	keeper->usher_pid = 0;
}

static void respond(struct keeper *keeper, int peer, const struct shf_keeper_request *request,
		    int *given)
{
	struct shf_keeper_answer answer = { .protocol = SHF_KEEPER_PROTOCOL,
					    .uid = keeper->uid };
	const int *ours = keeper->fds;
	int fds[SHF_MESSAGE_FDS];
	size_t count = 0;

	forget_dead_usher(keeper);
	snprintf(answer.generation, sizeof(answer.generation), "%s", keeper->generation);
	switch (request->verb) {
	case SHF_KEEPER_INFO:
	case SHF_KEEPER_QUIT:
		break;
	case SHF_KEEPER_ENTER:
		fds[count++] = ours[SHF_COMMIT_NAMESPACE];
		break;
	case SHF_KEEPER_LIVE:
		fds[count++] = ours[SHF_COMMIT_LIVE];
		break;
	case SHF_KEEPER_SERVE:
		fds[count++] = ours[SHF_COMMIT_NAMESPACE];
		fds[count++] = ours[SHF_COMMIT_LIVE];
		for (size_t i = SHF_COMMIT_LISTENERS; i < keeper->n_fds; i++)
			fds[count++] = ours[i];
		break;
	case SHF_KEEPER_USHER:
		if (keeper->usher >= 0) {
			answer.error = EALREADY;
		} else if (*given < 0) {
			answer.error = EINVAL;
		} else {
			keeper->usher = *given;
			keeper->usher_pid = request->usher_pid;
			*given = -1;
		}
		break;
	case SHF_KEEPER_USHER_FD:
		if (keeper->usher >= 0)
			fds[count++] = keeper->usher;
		break;
	default:
		answer.error = EPROTO;
	}
	answer.usher_pid = keeper->usher_pid;
	shf_send(peer, &answer, sizeof(answer), fds, count);
}

/* Serve one connection.  Returns true when it was the last one. */
static bool serve(struct keeper *keeper, int peer)
{
	struct shf_keeper_request request = { 0 };
	struct ucred who;
	socklen_t length = sizeof(who);
	size_t n_given = 1;
	int given = -1;
	ssize_t n;

	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0 || who.uid != 0)
		return false;
	n = shf_receive(peer, &request, sizeof(request), &given, &n_given,
			shf_now_ms() + ANSWER_MS);
	if (n <= 0)
		return false;
	if (n != (ssize_t)sizeof(request) ||
	    (request.protocol != SHF_KEEPER_PROTOCOL && !shf_is_common_verb(request.verb)))
		request.verb = UINT32_MAX;
	respond(keeper, peer, &request, &given);
	if (given >= 0)
		close(given);
	return request.verb == SHF_KEEPER_QUIT;
}

/*
 * Make the namespace, and leave it: we are no part of the container, and nothing that it
 * was made of is open here any more.
 */
static bool build(void)
{
	int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (home < 0 || root < 0 || !shf_serve_build(SHF_WORKER_CHANNEL))
		return false;
	/* who started us may have had a root of its own */
	if (setns(home, CLONE_NEWNS) < 0 || fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return false;
	/* an overlay may have been made with the user's rights; the change of ids forgot this */
	if (setgroups(0, NULL) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return false;
	umask(077);
	return shf_sys_close_range(SHF_WORKER_LEASH + 1, ~0u) == 0;
}

/* Has the set-up that started us been completed, and does it know that we are here? */
static bool is_committed(struct keeper *keeper)
{
	char byte;
	ssize_t n;
	int rc;

	keeper->n_fds = SHF_MESSAGE_FDS;
	/* without end: the set-up has its own, and we see it go */
	n = shf_receive(SHF_WORKER_CHANNEL, &byte, 1, keeper->fds, &keeper->n_fds, INT64_MAX);
	if (n != 1 || keeper->n_fds < SHF_COMMIT_LISTENERS || !shf_slip_leash())
		return false;
	rc = shf_send(SHF_WORKER_CHANNEL, &byte, 1, NULL, 0);
	close(SHF_WORKER_CHANNEL);
	return rc == 0;
}

int main(int argc, char **argv)
{
	static struct keeper keeper = { .usher = -1 };

	if (argc != 5 || strcmp(argv[1], SHF_KEEPER_START) != 0 || !shf_is_id(argv[2]) ||
	    !shf_parse_u32(argv[3], 1, UINT32_MAX - 1, &keeper.uid)) {
		fprintf(stderr, "shifter-keeper: it is started by libshifter, not by hand\n");
		return 2;
	}
	keeper.generation = argv[4];
	if (!shf_take_leash() || forget_origin() < 0)
		return 2;
	if (!build() || !is_committed(&keeper))
		return 1;
	for (;;) {
		struct pollfd pollfd = { .fd = keeper.fds[SHF_COMMIT_CONTROL],
					 .events = POLLIN };
		int peer;

		if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
			return 1;
		peer = accept4(pollfd.fd, NULL, NULL, SOCK_CLOEXEC);
		if (peer < 0)
			continue;
		if (serve(&keeper, peer))
			break;
		close(peer);
	}
	/* the port is free now, whoever may have inherited the sockets of the set-up */
	for (size_t i = SHF_COMMIT_LISTENERS; i < keeper.n_fds; i++)
		shutdown(keeper.fds[i], SHUT_RDWR);
	return 0;
}
