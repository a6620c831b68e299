/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/message.h"

#include "kernel/process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(SHF_MESSAGE_FDS * sizeof(int))];
};

int shf_send(int socket, const void *bytes, size_t length, const int *fds, size_t n_fds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = length };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (n_fds > SHF_MESSAGE_FDS)
		return -E2BIG;
	if (n_fds) {
		struct cmsghdr *header;

		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

static void take_fds(struct msghdr *message, int *fds, size_t *n_fds, size_t room)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t count;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (fds && *n_fds < room)
				fds[(*n_fds)++] = fd;
			else
				close(fd);
		}
	}
}

ssize_t shf_receive(int socket, void *bytes, size_t size, int *fds, size_t *n_fds,
		    int64_t deadline_ms)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	size_t room = n_fds ? *n_fds : 0;
	size_t taken = 0;
	union control control;
	struct msghdr message;
	ssize_t n;

	for (;;) {
		struct pollfd pollfd = { .fd = socket, .events = POLLIN };
		int ready = poll(&pollfd, 1, shf_remaining_ms(deadline_ms));

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return -errno;
		if (ready == 0)
			return -ETIMEDOUT;
		message = (struct msghdr){ .msg_iov = &iov,
					   .msg_iovlen = 1,
					   .msg_control = &control,
					   .msg_controllen = sizeof(control) };
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0)
			break;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	take_fds(&message, fds, &taken, room);
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || n == 0) {
		while (taken)
			close(fds[--taken]);
		if (n_fds)
			*n_fds = 0;
		return n == 0 && !(message.msg_flags & MSG_CTRUNC) ? 0 : -EMSGSIZE;
	}
	if (n_fds)
		*n_fds = taken;
	return n;
}
