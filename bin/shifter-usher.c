/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-usher - brings ssh connections into a container
 *
 * Root, outside of the container, in the cgroups of the job.  It accepts on
 * the sockets that the keeper bound, and for each connection, when it is its turn
 * (usher_peers.h), makes a child that enters the container, becomes the user for
 * good and execs `sshd -i`.  No process of the user's ever holds a listening
 * socket, and the user can neither signal nor trace the usher.
 *
 * It is the subreaper of all that sshd starts, so that it can end all of it:
 * on SIGTERM, which only root can send, it does so and ends itself.  It comes as
 * two processes that watch each other: whichever is killed, the other one does.
 *
 * Arguments and descriptors: kernel/keeper_protocol.h.  Static, no heap, no
 * configuration, no name service.
 */
#include "base/fd.h"
#include "base/parse.h"
#include "kernel/credentials.h"
#include "kernel/keeper_protocol.h"
#include "kernel/process.h"
#include "kernel/syscalls.h"
#include "usher_log.h"
#include "usher_peers.h"
#include "usher_syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SSHD "/opt/udiImage/sbin/sshd"
#define SSHD_CONFIG "/run/shifter/sshd_config"

enum {
	LISTENERS_MAX = 32,
	GROUPS_MAX = 65536,
	PAUSE_MAX_MS = 64,
};

struct usher {
	struct shf_identity identity;
	uint32_t n_listeners;
	int signals; /* signalfd */
	struct usher_log log;
	struct usher_syslog syslog;
	struct usher_peers peers;
};

static uint32_t groups[GROUPS_MAX];
static struct usher usher;

/* ---- connections ---- */

static _Noreturn void serve(struct usher *u, int connection)
{
	static char sshd[] = SSHD, inetd[] = "-i", to_stderr[] = "-e", from[] = "-f";
	static char config[] = SSHD_CONFIG;
	static char *const arguments[] = { sshd, inetd, to_stderr, from, config, NULL };
	static char *const environment[] = { NULL };
	static const char lost[] = "shifter-usher: cannot start " SSHD "\n";

	shf_reset_signals();
	if (setsid() < 0 || dup2(connection, 0) < 0 || dup2(connection, 1) < 0 ||
	    dup2(u->log.writer, 2) < 0 || setns(SHF_USHER_FD_NAMESPACE, CLONE_NEWNS) < 0)
		_exit(126);
	/* root, and in the container: nothing but system calls until it is the user */
	if (shf_sys_close_range(3, ~0u) < 0 || chdir("/") < 0 ||
	    shf_become_user(&u->identity, 0) < 0)
		_exit(126);
	/* an usher that is killed takes its sshds along; cleared by the change of ids */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(126);
	umask(022);
	execve(SSHD, arguments, environment);
	if (write(2, lost, sizeof(lost) - 1) < 0)
		_exit(126);
	_exit(127);
}

/* Let those in whose turn it is. */
static void serve_next(struct usher *u)
{
	struct usher_peer *peer;
	int connection;

	while ((connection = usher_peers_next(&u->peers, &peer)) >= 0) {
		pid_t pid = shf_clone(SIGCHLD, NULL);

		if (pid == 0)
			serve(u, connection);
		close(connection);
		usher_peers_serve(&u->peers, peer, pid);
	}
}

/* The system log hears of it before anything else happens. */
static void admit(struct usher *u, int listener)
{
	const struct usher_peer *peer = usher_peers_accept(&u->peers, listener);

	if (!peer)
		return;
	usher_syslog_connection(&u->syslog, peer->address, peer->port);
	usher_syslog_flush(&u->syslog);
}

static void reap(struct usher *u)
{
	pid_t pid;

	/* our sshds, and whatever lost its parent */
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		usher_peers_end(&u->peers, pid);
}

static void take_log(struct usher *u)
{
	const char *text;
	size_t n = usher_log_take(&u->log, &text);

	usher_peers_hear(&u->peers, text, n);
}

/* ---- the end ---- */

/* Nobody new; the keeper still has them, so the port stays ours. */
static void close_listeners(struct usher *u)
{
	for (uint32_t i = 0; i < u->n_listeners; i++)
		close(SHF_USHER_FD_LISTENERS + (int)i);
}

/* Send SIGKILL to the children of this process, whoever made them. */
static void kill_children(void)
{
	static char text[65536];
	char *rest = text, *word;
	ssize_t n;
	int fd;

	/* by this name, since a C library may remember the thread id of a parent */
	fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* more than fit come up next time round */
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (n == (ssize_t)sizeof(text) - 1 && (word = strrchr(text, ' ')))
		*word = '\0';
	while ((word = strsep(&rest, " "))) {
		uint32_t pid;

		/* children that are not reaped keep their pid: it names them */
		if (shf_parse_u32(word, 2, INT32_MAX, &pid))
			kill((pid_t)pid, SIGKILL);
	}
}

/*
 * Kill all descendants.  Children of what dies become ours (subreaper), so
 * killing our children until there are none kills all.  Something that forks
 * faster than that is outrun by priority, at root's disposal.
 */
static void end_everything(struct usher *u)
{
	int pause_ms = 1;

	setpriority(PRIO_PROCESS, 0, -20);
	close_listeners(u);
	for (;;) {
		pid_t pid;

		kill_children();
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			pause_ms = 1;
		if (pid < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, pause_ms);
		/* a file system that does not answer may keep some for ever */
		if (pause_ms < PAUSE_MAX_MS)
			pause_ms *= 2;
	}
}

/* ---- start ---- */

static int read_identity(struct usher *u)
{
	struct shf_usher_identity given;
	size_t size;

	if (pread(SHF_USHER_FD_IDENTITY, &given, sizeof(given), 0) != (ssize_t)sizeof(given) ||
	    given.n_groups > GROUPS_MAX)
		return -EINVAL;
	size = given.n_groups * sizeof(*groups);
	if (pread(SHF_USHER_FD_IDENTITY, groups, size, sizeof(given)) != (ssize_t)size)
		return -EINVAL;
	u->identity = (struct shf_identity){
		.uid = given.uid, .gid = given.gid, .n_groups = given.n_groups, .groups = groups
	};
	return 0;
}

static int prepare(struct usher *u)
{
	sigset_t mask;

	shf_reset_signals();
	umask(077);
	if (chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	shf_reset_scheduling();
	for (int fd = SHF_USHER_FD_NAMESPACE; fd < SHF_USHER_FD_LISTENERS + (int)u->n_listeners;
	     fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	sigdelset(&mask, SIGPIPE);
	u->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (u->signals < 0)
		return -errno;
	usher_peers_init(&u->peers);
	return usher_log_open(&u->log, SHF_USHER_FD_LIVE);
}

/* Returns true when told to end. */
static bool take_signals(struct usher *u)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(u->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		end = end || info.ssi_signo == SIGTERM;
	reap(u);
	return end;
}

/* Does the keeper know us?  Else nobody would ever end us. */
static bool is_committed(void)
{
	char byte;
	ssize_t n;

	do
		n = read(SHF_USHER_FD_COMMIT, &byte, 1);
	while (n < 0 && errno == EINTR);
	close(SHF_USHER_FD_COMMIT);
	return n == 1;
}

/* How long nothing needs to be done: until a line is to be offered again, or one expires. */
static int next_ms(struct usher *u)
{
	int ms = usher_syslog_flush(&u->syslog);

	return u->peers.count && (ms < 0 || ms > 1000) ? 1000 : ms;
}

/* Serve until told to end, or until that cannot be done any more. */
static void usher_in(struct usher *u)
{
	static struct pollfd fds[2 + LISTENERS_MAX + USHER_PEERS_MAX];

	for (;;) {
		/* what does not fit waits in the backlog: nobody is turned away */
		uint32_t n_listeners = usher_peers_have_room(&u->peers) ? u->n_listeners : 0;
		struct pollfd *listeners = fds + 2, *silent = listeners + n_listeners;
		size_t n_silent = usher_peers_poll(&u->peers, silent);

		fds[0] = (struct pollfd){ .fd = u->signals, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = u->log.reader, .events = POLLIN };
		for (uint32_t i = 0; i < n_listeners; i++)
			listeners[i] = (struct pollfd){ .fd = SHF_USHER_FD_LISTENERS + (int)i,
							.events = POLLIN };
		if (poll(fds, 2 + n_listeners + n_silent, next_ms(u)) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		usher_peers_listen(&u->peers, silent, n_silent);
		/* who has logged in is known before those are collected that did */
		if (fds[1].revents)
			take_log(u);
		if (fds[0].revents && take_signals(u)) {
			end_everything(u);
			return;
		}
		for (uint32_t i = 0; i < n_listeners; i++)
			if (listeners[i].revents && usher_peers_have_room(&u->peers))
				admit(u, SHF_USHER_FD_LISTENERS + (int)i);
		usher_peers_expire(&u->peers);
		serve_next(u);
	}
}

/*
 * Watch over the usher, a child of ours.  We are the subreaper above it: should
 * somebody kill it, what it brought in becomes ours and is ended all the same.
 */
static void mind(struct usher *u, pid_t child)
{
	close_listeners(u);
	for (;;) {
		struct pollfd pollfd = { .fd = u->signals, .events = POLLIN };
		struct signalfd_siginfo info;
		pid_t pid;

		if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
			break;
		while (read(u->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			if (info.ssi_signo == SIGTERM) {
				kill(child, SIGTERM);
				kill(child, SIGCONT);
			}
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			if (pid == child) {
				end_everything(u);
				return;
			}
	}
}

int main(int argc, char **argv)
{
	struct usher *u = &usher;
	pid_t minder = getpid();
	pid_t child;

	if (argc != 5 || !shf_is_id(argv[1]) ||
	    !shf_parse_u32(argv[2], 1, USHER_PEERS_MAX, &u->peers.max_served) ||
	    !shf_parse_u32(argv[3], 1, 3600, &u->peers.grace_s) ||
	    !shf_parse_u32(argv[4], 1, LISTENERS_MAX, &u->n_listeners)) {
		fprintf(stderr, "shifter-usher: it is started by libshifter, not by hand\n");
		return 2;
	}
	if (read_identity(u) < 0 || prepare(u) < 0)
		return 2;
	if (!is_committed())
		return 1;
	child = shf_clone(SIGCHLD, NULL);
	if (child < 0)
		return 2;
	if (child > 0) {
		mind(u, child);
		return 0;
	}
	/* when the minder is killed, end as if told to */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != minder)
		return 2;
	usher_syslog_open(&u->syslog, argv[1], u->identity.uid);
	usher_in(u);
	return 0;
}
