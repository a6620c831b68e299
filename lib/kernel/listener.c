/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/listener.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel cuts it to net.core.somaxconn: early connections wait there. */
enum { BACKLOG = 4096 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const void *address_bytes(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static bool is_in_network(const struct sockaddr *address, const struct shf_network *network)
{
	const unsigned char *bytes;
	unsigned whole = network->prefix / 8;
	unsigned rest = network->prefix % 8;

	if (address->sa_family != network->family)
		return false;
	bytes = address_bytes(address);
	if (memcmp(bytes, network->address, whole) != 0)
		return false;
	return rest == 0 || ((bytes[whole] ^ network->address[whole]) >> (8 - rest)) == 0;
}

static bool is_wanted(const struct sockaddr *address, const struct shf_network *networks,
		      size_t n_networks)
{
	if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
		return false;
	for (size_t i = 0; i < n_networks; i++)
		if (is_in_network(address, &networks[i]))
			return true;
	return false;
}

static int listen_on(const union address *address, uint32_t port, struct shf_listeners *out)
{
	union address bound = *address;
	cleanup_fd int fd = -1;
	socklen_t length;
	int on = 1;

	if (out->count == SHF_LISTENERS_MAX)
		return -E2BIG;
	fd = socket(bound.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bound.any.sa_family == AF_INET) {
		bound.v4.sin_port = htons((uint16_t)port);
		length = sizeof(bound.v4);
	} else {
		bound.v6.sin6_port = htons((uint16_t)port);
		length = sizeof(bound.v6);
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
			return -errno;
	}
	/*
	 * Connections of an earlier job in TIME_WAIT do not count then.  A socket
	 * that listens still does, and after our listen() nobody else's can.
	 */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, &bound.any, length) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	out->fds[out->count++] = steal_fd(&fd);
	return 0;
}

static int listen_everywhere(uint32_t port, struct shf_listeners *out)
{
	union address v4 = { .v4 = { .sin_family = AF_INET } };
	union address v6 = { .v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT } };
	int rc4 = listen_on(&v4, port, out);
	int rc6;

	if (rc4 < 0 && rc4 != -EAFNOSUPPORT)
		return rc4;
	rc6 = listen_on(&v6, port, out);
	/* disable_ipv6=1 leaves the family but no address */
	if (rc6 < 0 && rc6 != -EAFNOSUPPORT && rc6 != -EADDRNOTAVAIL)
		return rc6;
	return out->count ? 0 : -EADDRNOTAVAIL;
}

static int listen_in_networks(uint32_t port, const struct shf_network *networks, size_t n_networks,
			      struct shf_listeners *out)
{
	struct ifaddrs *all = NULL;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (struct ifaddrs *one = all; one && rc == 0; one = one->ifa_next) {
		union address address;

		if (!is_wanted(one->ifa_addr, networks, n_networks))
			continue;
		memset(&address, 0, sizeof(address));
		if (one->ifa_addr->sa_family == AF_INET)
			memcpy(&address.v4, one->ifa_addr, sizeof(address.v4));
		else
			memcpy(&address.v6, one->ifa_addr, sizeof(address.v6));
		rc = listen_on(&address, port, out);
	}
	freeifaddrs(all);
	if (rc == 0 && !out->count)
		rc = -EADDRNOTAVAIL;
	return rc;
}

int shf_open_listeners(uint32_t port, const struct shf_network *networks, size_t n_networks,
		       struct shf_listeners *out, struct shf_report *report)
{
	int rc;

	out->count = 0;
	rc = n_networks ? listen_in_networks(port, networks, n_networks, out)
			: listen_everywhere(port, out);
	if (rc == 0)
		return 0;
	shf_shut_listeners(out);
	shf_close_listeners(out);
	if (rc == -EADDRINUSE)
		return rc;
	if (rc == -EADDRNOTAVAIL && n_networks)
		return shf_fail(report, SHIFTER_FAULT_SITE, EADDRNOTAVAIL,
				"cannot listen on port %u: this node has no address in the "
				"networks of sshdListen",
				port);
	return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot listen on port %u", port);
}

int shf_check_networks(const struct shf_network *networks, size_t n_networks,
		       struct shf_report *report)
{
	struct ifaddrs *all = NULL;
	bool has = n_networks == 0;

	if (!has && getifaddrs(&all) < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno,
				      "cannot list the addresses of this node");
	for (const struct ifaddrs *one = all; one && !has; one = one->ifa_next)
		has = is_wanted(one->ifa_addr, networks, n_networks);
	if (all)
		freeifaddrs(all);
	return has ? 0
		   : shf_fail(report, SHIFTER_FAULT_SITE, EADDRNOTAVAIL,
			      "this node has no address in the networks of sshdListen");
}

void shf_shut_listeners(const struct shf_listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		shutdown(listeners->fds[i], SHUT_RDWR);
}

void shf_close_listeners(struct shf_listeners *listeners)
{
	while (listeners->count)
		shf_close_fd(&listeners->fds[--listeners->count]);
}
