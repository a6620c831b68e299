/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listener.h - the sockets of the later sshd, bound before anybody else can
 */
#ifndef SHF_KERNEL_LISTENER_H
#define SHF_KERNEL_LISTENER_H

#include "base/report.h"
#include "model/config.h"

#include <stddef.h>
#include <stdint.h>

enum { SHF_LISTENERS_MAX = 32 };

struct shf_listeners {
	int fds[SHF_LISTENERS_MAX];
	size_t count;
};

/*
 * Bind and listen on port, on every address of this node that lies in one of
 * the networks; without networks on all addresses, of IPv4 and of IPv6, where
 * only a family that the node lacks may be missing: half a port would leave the
 * other half to somebody else.
 *
 * Returns 0, -EADDRINUSE in silence (who has it is not known here), -EADDRNOTAVAIL if no
 * address of the node is in the
 * networks, or another negative errno value; *out is empty then.
 */
int shf_open_listeners(uint32_t port, const struct shf_network *networks, size_t n_networks,
		       struct shf_listeners *out, struct shf_report *report);

/*
 * Has this node an address in one of the networks, or are there none?  0, or a negative errno
 * value with a sentence.
 */
int shf_check_networks(const struct shf_network *networks, size_t n_networks,
		       struct shf_report *report);

/*
 * Give the port back, for everybody who has the sockets: to close them is not enough if a
 * process that another thread of the caller forked meanwhile has copies.
 */
void shf_shut_listeners(const struct shf_listeners *listeners);

void shf_close_listeners(struct shf_listeners *listeners);

#define cleanup_listeners __attribute__((cleanup(shf_close_listeners)))

#endif
