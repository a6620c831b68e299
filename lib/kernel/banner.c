/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/banner.h"

#include "base/cleanup.h"
#include "kernel/process.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

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

int shf_format_address(int listener, char text[SHF_ADDRESS_TEXT])
{
	union address address;
	socklen_t length;
	int rc = find_address(listener, &address, &length);

	if (rc < 0)
		return rc;
	if (getnameinfo(&address.any, length, text, SHF_ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST))
		return -EINVAL;
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

int shf_check_banner(int listener, const char *principal, int server, int64_t deadline_ms)
{
	char line[512] = "";
	size_t used = 0;
	cleanup_fd int fd = -1;
	union address address;
	socklen_t length;
	char *comment;
	int rc;

	rc = find_address(listener, &address, &length);
	if (rc < 0)
		return rc;
	fd = connect_to(&address, length, server, deadline_ms);
	if (fd < 0)
		return fd;
	while (!strchr(line, '\n')) {
		ssize_t n;

		if (used == sizeof(line) - 1)
			return -EPROTO;
		rc = wait_for(fd, POLLIN, server, deadline_ms);
		if (rc < 0)
			return rc;
		n = recv(fd, line + used, sizeof(line) - 1 - used, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		used += (size_t)n;
		line[used] = '\0';
	}
	line[strcspn(line, "\r\n")] = '\0';
	comment = strrchr(line, ' ');
	if (strncmp(line, "SSH-2.0-", 8) != 0 || !comment || strcmp(comment + 1, principal) != 0)
		return -EPROTO;
	return 0;
}
