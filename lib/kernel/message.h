/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * message.h - packets with descriptors between processes of ours
 *
 * SOCK_SEQPACKET sockets of AF_UNIX; see unix(7).
 */
#ifndef SHF_KERNEL_MESSAGE_H
#define SHF_KERNEL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHF_MESSAGE_FDS = 64 };

/*
 * Send one packet with n_fds descriptors, at most SHF_MESSAGE_FDS.  Raises no
 * SIGPIPE.  Returns 0 or a negative errno value.
 */
int shf_send(int socket, const void *bytes, size_t length, const int *fds, size_t n_fds);

/*
 * Receive one packet of at most size bytes before deadline_ms
 * (CLOCK_MONOTONIC).  Its descriptors, close-on-exec, go to fds, and their
 * number to *n_fds, which holds the room on entry; what does not fit is
 * closed.  fds and n_fds may be NULL.
 *
 * Returns the length, 0 at the end of the connection, -ETIMEDOUT, -EMSGSIZE if
 * the packet was larger, or another negative errno value; without a
 * descriptor left open in every case but the first.
 */
ssize_t shf_receive(int socket, void *bytes, size_t size, int *fds, size_t *n_fds,
		    int64_t deadline_ms);

#endif
