/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/greeting.h"

#include "base/cleanup.h"
#include "kernel/process.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { BANNER_MAX = 255,     /* bytes, with CR LF */
       GREETING_MAX = 16384, /* sshd's first packet takes about 1000 */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int wait_for(int fd, short events, int server, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = fd, .events = events },
					 { .fd = server, .events = POLLIN } };
		int rc = poll(fds, 2, shf_remaining_ms(deadline_ms));

		if (rc > 0)
			return fds[0].revents ? 0 : -EPIPE;
		if (rc == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* Where a client of this node finds it: a wildcard is reached by loopback. */
static int find_address(int listener, union address *address, socklen_t *length)
{
	*length = sizeof(*address);
	if (getsockname(listener, &address->any, length) < 0)
		return -errno;
	if (address->any.sa_family == AF_INET && address->v4.sin_addr.s_addr == INADDR_ANY)
		address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr))
		address->v6.sin6_addr = in6addr_loopback;
	return 0;
}

static int connect_to(const union address *address, socklen_t length, int server,
		      int64_t deadline_ms)
{
	cleanup_fd int fd = -1;
	int error = 0;
	socklen_t size = sizeof(error);
	int rc;

	fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &address->any, length) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return -errno;
		rc = wait_for(fd, POLLOUT, server, deadline_ms);
		if (rc < 0)
			return rc;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			return -errno;
		if (error)
			return -error;
	}
	return steal_fd(&fd);
}

/* What came of the server so far, of which used was looked at. */
struct stream {
	int fd;
	int server;
	int64_t deadline_ms;
	size_t length, used;
	char bytes[GREETING_MAX];
};

/* Receive more.  Returns 0, or as shf_check_greeting(). */
static int receive(struct stream *stream)
{
	for (;;) {
		size_t room = sizeof(stream->bytes) - stream->length;
		int rc = wait_for(stream->fd, POLLIN, stream->server, stream->deadline_ms);
		ssize_t n;

		if (rc < 0)
			return rc;
		if (!room)
			return -EPROTO;
		n = recv(stream->fd, stream->bytes + stream->length, room, 0);
		if (n > 0) {
			stream->length += (size_t)n;
			return 0;
		}
		if (n == 0)
			return -EPIPE;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static int send_all(const struct stream *stream, const char *bytes, size_t length)
{
	while (length) {
		int rc = wait_for(stream->fd, POLLOUT, stream->server, stream->deadline_ms);
		ssize_t n = rc < 0 ? -1 : send(stream->fd, bytes, length, MSG_NOSIGNAL);

		if (rc < 0)
			return rc;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		bytes += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The identification, "SSH-2.0-SOFTWARE COMMENT\r\n" (RFC 4253, 4.2). */
static int check_banner(struct stream *stream, const char *principal)
{
	char line[BANNER_MAX + 1];
	char *end, *comment;

	while (!(end = memchr(stream->bytes, '\n', stream->length))) {
		int rc = stream->length > BANNER_MAX ? -EPROTO : receive(stream);

		if (rc < 0)
			return rc;
	}
	stream->used = (size_t)(end - stream->bytes) + 1;
	if (stream->used > BANNER_MAX)
		return -EPROTO;
	memcpy(line, stream->bytes, stream->used);
	line[stream->used] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	comment = strrchr(line, ' ');
	if (strncmp(line, "SSH-2.0-", 8) != 0 || !comment || strcmp(comment + 1, principal) != 0)
		return -EPROTO;
	return 0;
}

static uint32_t get_u32(const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return ntohl(value);
}

/* Is name in a list of names with commas between them? (RFC 4251, 5) */
static bool has_name(const char *list, size_t length, const char *name)
{
	size_t wanted = strlen(name);

	while (length) {
		const char *comma = memchr(list, ',', length);
		size_t n = comma ? (size_t)(comma - list) : length;

		if (n == wanted && memcmp(list, name, n) == 0)
			return true;
		n += comma != NULL;
		list += n;
		length -= n;
	}
	return false;
}

/* Wait until n bytes are there behind what was used. */
static int await_bytes(struct stream *stream, size_t n)
{
	if (n > sizeof(stream->bytes) - stream->used)
		return -EPROTO;
	while (stream->length - stream->used < n) {
		int rc = receive(stream);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The first packet, SSH_MSG_KEXINIT: its second list is of host key algorithms (RFC 4253, 7.1). */
static int check_key_exchange(struct stream *stream, const char *algorithm)
{
	enum { LENGTH = 4,
	       PADDING = 1,
	       NUMBER = 1,
	       COOKIE = 16,
	       KEXINIT = 20 };
	const char *packet = stream->bytes + stream->used;
	size_t at = LENGTH + PADDING + NUMBER + COOKIE;
	size_t end;
	int rc = await_bytes(stream, LENGTH);

	if (rc < 0)
		return rc;
	end = LENGTH + (size_t)get_u32(packet);
	rc = await_bytes(stream, end);
	if (rc < 0)
		return rc;
	for (int list = 0;; list++) {
		uint32_t n;

		if (end < at + 4 || packet[LENGTH + PADDING] != KEXINIT)
			return -EPROTO;
		n = get_u32(packet + at);
		at += 4;
		if (n > end - at)
			return -EPROTO;
		if (list == 1)
			return has_name(packet + at, n, algorithm) ? 0 : -ENOKEY;
		at += n;
	}
}

int shf_check_greeting(int listener, const char *principal, const char *algorithm, int server,
		       int64_t deadline_ms)
{
	static const char ours[] = "SSH-2.0-libshifter\r\n";
	struct stream stream = { .server = server, .deadline_ms = deadline_ms };
	cleanup_fd int fd = -1;
	union address address;
	socklen_t length;
	int rc;

	rc = find_address(listener, &address, &length);
	if (rc < 0)
		return rc;
	fd = connect_to(&address, length, server, deadline_ms);
	if (fd < 0)
		return fd;
	stream.fd = fd;
	rc = check_banner(&stream, principal);
	/* it exchanges keys only with somebody who has a name */
	if (rc == 0)
		rc = send_all(&stream, ours, sizeof(ours) - 1);
	return rc < 0 ? rc : check_key_exchange(&stream, algorithm);
}
