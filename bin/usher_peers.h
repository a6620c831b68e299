/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usher_peers.h - connections that have not logged in yet, and whose turn it is
 *
 * An sshd is a process, whose memory is the job's.  So connections are held without
 * one until they speak, as every ssh client does at once, but for the first few of an
 * address; and no address has more than its share.  What comes from elsewhere, idle or
 * garbage, then costs the job next to nothing, and no login of another address.
 */
#ifndef SHF_BIN_USHER_PEERS_H
#define SHF_BIN_USHER_PEERS_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { USHER_PEERS_MAX = 512 };

struct usher_peer {
	int connection; /* held; or -1, it has an sshd */
	pid_t pid;      /* of that; or 0 */
	bool has_spoken;
	uint16_t port;
	unsigned char network[16]; /* of IPv4 the address, of IPv6 its first 64 bits */
	char address[INET6_ADDRSTRLEN];
	int64_t since_ms;
};

struct usher_peers {
	uint32_t max_served;  /* sshds at once */
	uint32_t max_address; /* of them for one address */
	uint32_t grace_s;     /* seconds until one counts as logged in, or is closed */
	size_t max;           /* connections: what the limit of descriptors leaves */
	size_t count, served;
	struct usher_peer list[USHER_PEERS_MAX];
};

/* max_served, grace_s are the caller's to set. */
void usher_peers_init(struct usher_peers *peers);

/*
 * Is there room for another one?  If there is none, an idle one makes some, the oldest
 * of the address that has most.
 */
bool usher_peers_have_room(struct usher_peers *peers);

/* Accept one from a listener that is ready, into that room.  NULL if there was none. */
const struct usher_peer *usher_peers_accept(struct usher_peers *peers, int listener);

/*
 * Whose turn is it?  Takes the connection, which is then the caller's to hand to an
 * sshd and to close, and has its peer in *peer; -1 for nobody's.
 */
int usher_peers_next(struct usher_peers *peers, struct usher_peer **peer);

/* Its sshd is that; or there is none: pid <= 0 forgets it. */
void usher_peers_serve(struct usher_peers *peers, struct usher_peer *peer, pid_t pid);

/* This sshd has ended. */
void usher_peers_end(struct usher_peers *peers, pid_t pid);

/* Those whose login the sshds report in their log need no watching any more. */
void usher_peers_hear(struct usher_peers *peers, const char *text, size_t length);

/* Close what said nothing in its time, and let go of what must have logged in. */
void usher_peers_expire(struct usher_peers *peers);

/* What to poll for the silent ones.  Returns their number, in their order. */
size_t usher_peers_poll(const struct usher_peers *peers, struct pollfd fds[USHER_PEERS_MAX]);

/* Look at those of them that are ready, before anything else is done here. */
void usher_peers_listen(struct usher_peers *peers, const struct pollfd *fds, size_t count);

#endif
