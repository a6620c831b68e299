/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-usher - brings ssh connections into a container
 *
 * Root, outside of the container, in the cgroups of the job.  It accepts on
 * the sockets that the keeper bound, and for each connection makes a child
 * that enters the container, becomes the user for good and execs `sshd -i`.  No
 * process of the user's ever holds a listening socket, and the user can neither
 * signal nor trace the usher.
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

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SSHD "/opt/udiImage/sbin/sshd"
#define SSHD_CONFIG "/run/shifter/sshd_config"
#define LOG_NAME "sshd.log"

enum {
	LISTENERS_MAX = 32,
	YOUNG_MAX = 4096,
	GROUPS_MAX = 65536,
	LOG_MAX = 1 << 20, /* bytes: the live directory is memory */
	PAUSE_MAX_MS = 64,
};

struct usher {
	struct shf_identity identity;
	uint32_t max_young; /* connections */
	uint32_t grace_s;   /* seconds until one counts as logged in */
	uint32_t n_listeners;
	int signals; /* signalfd */
	int log_reader, log_writer;
	int log;       /* file in the live directory, or -1 */
	size_t logged; /* bytes */
	struct {
		pid_t pid;
		int64_t since_ms;
	} young[YOUNG_MAX];
	size_t n_young;
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
	    dup2(u->log_writer, 2) < 0 || setns(SHF_USHER_FD_NAMESPACE, CLONE_NEWNS) < 0)
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

static void forget(struct usher *u, size_t index)
{
	u->young[index] = u->young[--u->n_young];
}

static void forget_old(struct usher *u)
{
	int64_t limit = shf_now_ms() - (int64_t)u->grace_s * 1000;

	for (size_t i = u->n_young; i-- > 0;)
		if (u->young[i].since_ms <= limit)
			forget(u, i);
}

static void admit(struct usher *u, int listener)
{
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int on = 1;
	pid_t pid;

	if (connection < 0)
		return;
	/* sshd sets it late; until then delayed acknowledgements cost 40 ms each */
	setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(connection, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	pid = shf_clone(SIGCHLD, NULL);
	if (pid == 0)
		serve(u, connection);
	close(connection);
	if (pid > 0) {
		u->young[u->n_young].pid = pid;
		u->young[u->n_young++].since_ms = shf_now_ms();
	}
}

static void reap(struct usher *u)
{
	pid_t pid;

	/* our sshds, and whatever lost its parent */
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < u->n_young; i++)
			if (u->young[i].pid == pid) {
				forget(u, i);
				break;
			}
}

/* ---- log ---- */

static void append_log(struct usher *u)
{
	static const char full[] = "shifter-usher: the log is full\n";
	char chunk[4096];
	ssize_t n = read(u->log_reader, chunk, sizeof(chunk));

	if (n <= 0 || u->log < 0 || u->logged >= LOG_MAX)
		return;
	for (ssize_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)chunk[i];

		/* sshd ends its lines with "\r\n", and peers name themselves */
		if (c == '\r')
			chunk[i] = ' ';
		else if ((c < 0x20 && c != '\n') || c >= 0x7f)
			chunk[i] = '?';
	}
	u->logged += (size_t)n;
	if (shf_write_all(u->log, chunk, (size_t)n) == 0 && u->logged >= LOG_MAX)
		shf_write_all(u->log, full, sizeof(full) - 1);
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
	int log[2];

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
	if (u->signals < 0 || pipe2(log, O_CLOEXEC) < 0)
		return -errno;
	u->log_reader = log[0];
	u->log_writer = log[1];
	/* a reader that is late must stall nobody's sshd, nor one sshd another */
	if (fcntl(u->log_writer, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(u->log_reader, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	u->log = openat(SHF_USHER_FD_LIVE, LOG_NAME,
			O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (u->log >= 0 && fchmod(u->log, 0644) < 0)
		return -errno;
	return 0;
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

/* Serve until told to end, or until that cannot be done any more. */
static void usher_in(struct usher *u)
{
	struct pollfd fds[2 + LISTENERS_MAX];

	for (;;) {
		bool is_full = u->n_young >= u->max_young;
		nfds_t n = is_full ? 2 : 2 + u->n_listeners;

		fds[0] = (struct pollfd){ .fd = u->signals, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = u->log_reader, .events = POLLIN };
		for (uint32_t i = 0; i < u->n_listeners; i++)
			fds[2 + i] = (struct pollfd){ .fd = SHF_USHER_FD_LISTENERS + (int)i,
						      .events = POLLIN };
		/* what does not fit waits in the backlog: nobody is turned away */
		if (poll(fds, n, is_full ? 1000 : -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && take_signals(u)) {
			end_everything(u);
			return;
		}
		if (fds[1].revents)
			append_log(u);
		for (uint32_t i = 0; i < u->n_listeners && !is_full; i++)
			if (fds[2 + i].revents && u->n_young < u->max_young)
				admit(u, SHF_USHER_FD_LISTENERS + (int)i);
		if (u->n_young >= u->max_young)
			forget_old(u);
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
	    !shf_parse_u32(argv[2], 1, YOUNG_MAX, &u->max_young) ||
	    !shf_parse_u32(argv[3], 1, 3600, &u->grace_s) ||
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
	usher_in(u);
	return 0;
}
