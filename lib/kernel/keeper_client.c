/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/keeper_client.h"

#include "base/cleanup.h"
#include "kernel/message.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

enum { CONNECT_S = 5 };

#define NAME "keeper" /* SHF_STATE_SOCKET */

/* By way of the descriptor: a path may be longer than sun_path (unix(7)). */
static void name_socket(int dir, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir, NAME);
}

static int connect_keeper(int dir)
{
	cleanup_fd int fd = -1;
	struct sockaddr_un address;
	/* connect(2) waits while the queue is full, for as long as this (socket(7)) */
	const struct timeval limit = { .tv_sec = CONNECT_S };
	struct ucred peer;
	socklen_t length = sizeof(peer);

	name_socket(dir, &address);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return -ETIMEDOUT;
		return errno == ENOENT || errno == ECONNREFUSED ? -ESRCH : -errno;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return -errno;
	if (peer.uid != 0)
		return -EPERM;
	return steal_fd(&fd);
}

int shf_call_keeper(int dir, enum shf_keeper_verb verb, int give, int32_t usher_pid)
{
	struct shf_keeper_request request = { .protocol = SHF_KEEPER_PROTOCOL,
					      .verb = verb,
					      .usher_pid = usher_pid };
	cleanup_fd int fd = connect_keeper(dir);
	int rc;

	if (fd < 0)
		return fd;
	rc = shf_send(fd, &request, sizeof(request), &give, give >= 0 ? 1 : 0);
	if (rc < 0)
		return rc == -EPIPE ? -ESRCH : rc;
	return steal_fd(&fd);
}

int shf_hear_keeper(int call, struct shf_keeper_answer *answer, int *fds, size_t *n_fds,
		    int64_t deadline_ms)
{
	size_t room = n_fds ? *n_fds : 0;
	ssize_t n;
	int rc;

	if (n_fds)
		*n_fds = 0;
	n = shf_receive(call, answer, sizeof(*answer), fds, &room, deadline_ms);
	if (n == 0 || n == -ECONNRESET)
		return -ESRCH;
	if (n < 0)
		return (int)n;
	/* a keeper of another version says itself what it does not understand */
	if (n != (ssize_t)sizeof(*answer))
		rc = -EPROTO;
	else
		rc = answer->error > 0 ? -answer->error : 0;
	answer->generation[sizeof(answer->generation) - 1] = '\0';
	if (rc < 0) {
		while (room)
			close(fds[--room]);
		return rc;
	}
	if (n_fds)
		*n_fds = room;
	return 0;
}

int shf_ask_keeper(int dir, enum shf_keeper_verb verb, int give, int32_t usher_pid,
		   struct shf_keeper_answer *answer, int *fds, size_t *n_fds, int64_t deadline_ms)
{
	cleanup_fd int call = shf_call_keeper(dir, verb, give, usher_pid);

	if (call < 0) {
		if (n_fds)
			*n_fds = 0;
		return call;
	}
	return shf_hear_keeper(call, answer, fds, n_fds, deadline_ms);
}

int shf_quit_keeper(int dir, int64_t deadline_ms)
{
	struct shf_keeper_answer answer;
	cleanup_fd int fd = shf_call_keeper(dir, SHF_KEEPER_QUIT, -1, 0);
	ssize_t n;
	char byte;
	int rc;

	if (fd < 0)
		return fd;
	rc = shf_hear_keeper(fd, &answer, NULL, NULL, deadline_ms);
	if (rc < 0)
		return rc;
	/* it says no more: what comes is its end */
	n = shf_receive(fd, &byte, 1, NULL, NULL, deadline_ms);
	if (n == 0 || n == -ECONNRESET)
		return 0;
	return n < 0 ? (int)n : -EPROTO;
}

int shf_listen_keeper(int dir)
{
	cleanup_fd int fd = -1;
	struct sockaddr_un address;

	name_socket(dir, &address);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* the directory is root's alone, but let nobody wonder at what a umask of 0 leaves */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0)
		return -errno;
	return steal_fd(&fd);
}
