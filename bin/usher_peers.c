/* SPDX-License-Identifier: BSD-3-Clause */
#include "usher_peers.h"

#include "kernel/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EAGER = 4,         /* of an address that need not speak first */
	OTHERS_FDS = 64,   /* descriptors that are none of connections */
	PEERS_MIN = 8,     /* connections, whatever the limit */
	SHARES = 4,        /* of the sshds, an address may have one */
	GREETING_SIZE = 4, /* "SSH-" */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

void usher_peers_init(struct usher_peers *peers)
{
	struct rlimit limit;

	peers->max_address = peers->max_served / SHARES ? peers->max_served / SHARES : 1;
	peers->max = USHER_PEERS_MAX;
	/* the limits are the job's, and its sessions': they are not ours to raise */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < USHER_PEERS_MAX + OTHERS_FDS)
		peers->max = limit.rlim_cur < OTHERS_FDS + PEERS_MIN
				     ? PEERS_MIN
				     : (size_t)limit.rlim_cur - OTHERS_FDS;
}

static bool is_neighbour(const struct usher_peer *a, const struct usher_peer *b)
{
	return memcmp(a->network, b->network, sizeof(a->network)) == 0;
}

/* How many of its address are there, of all or only of those that have an sshd? */
static size_t count_neighbours(const struct usher_peers *peers, const struct usher_peer *peer,
			       bool only_served)
{
	size_t count = 0;

	for (size_t i = 0; i < peers->count; i++)
		if ((!only_served || peers->list[i].pid) && is_neighbour(&peers->list[i], peer))
			count++;
	return count;
}

static void forget(struct usher_peers *peers, struct usher_peer *peer)
{
	if (peer->connection >= 0)
		close(peer->connection);
	if (peer->pid)
		peers->served--;
	*peer = peers->list[--peers->count];
}

/*
 * The oldest of the address that has most, among the silent ones or among those that
 * have an sshd.  NULL if there are none; *most is how many that address has.
 */
static struct usher_peer *find_dispensable(struct usher_peers *peers, bool served, size_t *most)
{
	struct usher_peer *found = NULL;

	*most = 0;
	for (size_t i = 0; i < peers->count; i++) {
		struct usher_peer *peer = &peers->list[i];
		size_t count;

		if (served ? !peer->pid : peer->connection < 0 || peer->has_spoken)
			continue;
		count = count_neighbours(peers, peer, served);
		if (!found || count > *most ||
		    (count == *most && peer->since_ms < found->since_ms)) {
			found = peer;
			*most = count;
		}
	}
	return found;
}

bool usher_peers_have_room(struct usher_peers *peers)
{
	struct usher_peer *idle;
	size_t most;

	if (peers->count < peers->max)
		return true;
	idle = find_dispensable(peers, false, &most);
	if (!idle)
		return false;
	forget(peers, idle);
	return true;
}

static void note_address(struct usher_peer *peer, const union address *from)
{
	const void *bytes = &from->v4.sin_addr;

	memset(peer->network, 0, sizeof(peer->network));
	if (from->any.sa_family == AF_INET6) {
		bytes = &from->v6.sin6_addr;
		peer->port = ntohs(from->v6.sin6_port);
		/* whoever has one address of a network has all */
		memcpy(peer->network, bytes, 8);
	} else {
		peer->port = ntohs(from->v4.sin_port);
		/* the place where IPv6 has mapped ones */
		memset(peer->network + 10, 0xff, 2);
		memcpy(peer->network + 12, bytes, 4);
	}
	if (!inet_ntop(from->any.sa_family, bytes, peer->address, sizeof(peer->address)))
		peer->address[0] = '\0';
}

const struct usher_peer *usher_peers_accept(struct usher_peers *peers, int listener)
{
	struct usher_peer *peer = &peers->list[peers->count];
	union address from = { .any = { .sa_family = AF_INET } };
	socklen_t length = sizeof(from);
	int on = 1, size = GREETING_SIZE;

	/* silent or not, it must never make us wait; what sshd inherits is undone below */
	*peer = (struct usher_peer){ .since_ms = shf_now_ms() };
	peer->connection = accept4(listener, &from.any, &length, SOCK_CLOEXEC);
	if (peer->connection < 0)
		return NULL;
	/* sshd sets it late; until then delayed acknowledgements cost 40 ms each */
	setsockopt(peer->connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(peer->connection, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(peer->connection, SOL_SOCKET, SO_RCVLOWAT, &size, sizeof(size));
	note_address(peer, &from);
	peers->count++;
	return peer;
}

static bool may_have_sshd(const struct usher_peers *peers, const struct usher_peer *peer,
			  size_t served)
{
	if (peer->connection < 0 || served >= peers->max_address)
		return false;
	return peer->has_spoken || (served < EAGER && peers->served < peers->max_served / 2);
}

int usher_peers_next(struct usher_peers *peers, struct usher_peer **out)
{
	struct usher_peer *best = NULL, *victim;
	size_t fewest = 0, most;
	int connection, one = 1;

	for (size_t i = 0; i < peers->count; i++) {
		struct usher_peer *peer = &peers->list[i];
		size_t served;

		if (peer->connection < 0)
			continue;
		served = count_neighbours(peers, peer, true);
		if (!may_have_sshd(peers, peer, served))
			continue;
		if (!best || served < fewest ||
		    (served == fewest && peer->since_ms < best->since_ms)) {
			best = peer;
			fewest = served;
		}
	}
	if (!best)
		return -1;
	if (peers->served >= peers->max_served) {
		/* who has least takes a place of who has most, from one that is no login */
		victim = find_dispensable(peers, true, &most);
		if (!victim || most <= fewest + 1)
			return -1;
		kill(victim->pid, SIGKILL);
		/* the last one moves into the place that gets free */
		if (best == &peers->list[peers->count - 1])
			best = victim;
		forget(peers, victim);
	}
	connection = best->connection;
	best->connection = -1;
	setsockopt(connection, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	*out = best;
	return connection;
}

void usher_peers_serve(struct usher_peers *peers, struct usher_peer *peer, pid_t pid)
{
	if (pid <= 0) {
		forget(peers, peer);
		return;
	}
	peer->pid = pid;
	peer->since_ms = shf_now_ms();
	peers->served++;
}

void usher_peers_end(struct usher_peers *peers, pid_t pid)
{
	for (size_t i = 0; i < peers->count; i++)
		if (peers->list[i].pid == pid) {
			forget(peers, &peers->list[i]);
			return;
		}
}

static void forget_login(struct usher_peers *peers, const char *line)
{
	char from[sizeof(" from  port  ") + INET6_ADDRSTRLEN + 5];

	for (size_t i = 0; i < peers->count; i++) {
		if (!peers->list[i].pid)
			continue;
		snprintf(from, sizeof(from), " from %s port %u ", peers->list[i].address,
			 peers->list[i].port);
		if (strstr(line, from)) {
			forget(peers, &peers->list[i]);
			return;
		}
	}
}

void usher_peers_hear(struct usher_peers *peers, const char *text, size_t length)
{
	static const char accepted[] = "Accepted ";

	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t n = end ? (size_t)(end - text) : length;
		char line[512];

		/* nobody but sshd begins a line: names that peers choose are within one */
		if (n >= sizeof(accepted) && memcmp(text, accepted, sizeof(accepted) - 1) == 0) {
			snprintf(line, sizeof(line), "%.*s", n > 500 ? 500 : (int)n, text);
			forget_login(peers, line);
		}
		n += end ? 1 : 0;
		text += n;
		length -= n;
	}
}

void usher_peers_expire(struct usher_peers *peers)
{
	int64_t limit = shf_now_ms() - (int64_t)peers->grace_s * 1000;

	for (size_t i = peers->count; i-- > 0;) {
		struct usher_peer *peer = &peers->list[i];

		/* who has spoken, and waits in line, is not at fault */
		if (peer->since_ms <= limit && !(peer->connection >= 0 && peer->has_spoken))
			forget(peers, peer);
	}
}

size_t usher_peers_poll(const struct usher_peers *peers, struct pollfd fds[USHER_PEERS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < peers->count; i++)
		if (peers->list[i].connection >= 0 && !peers->list[i].has_spoken)
			fds[count++] = (struct pollfd){ .fd = peers->list[i].connection,
							.events = POLLIN };
	return count;
}

/* Does it begin as RFC 4253 has it, with nothing before?  -1: it does not, or has gone. */
static int look(int connection)
{
	char bytes[GREETING_SIZE];
	ssize_t n = recv(connection, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (n == (ssize_t)sizeof(bytes))
		return memcmp(bytes, "SSH-", sizeof(bytes)) == 0 ? 1 : -1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void usher_peers_listen(struct usher_peers *peers, const struct pollfd *fds, size_t count)
{
	/* from the end: to forget one moves the last one */
	for (size_t i = peers->count; i-- > 0 && count;) {
		struct usher_peer *peer = &peers->list[i];
		int rc;

		if (peer->connection < 0 || peer->has_spoken)
			continue;
		if (!fds[--count].revents)
			continue;
		rc = look(peer->connection);
		peer->has_spoken = rc > 0;
		if (rc < 0)
			forget(peers, peer);
	}
}
