/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host names to addresses, for thousands of names and against a deadline: /etc/hosts is read once
 * for all of them, and what it lacks is asked of the DNS by processes that can be abandoned.
 */
#ifndef UDI_NAMES_H
#define UDI_NAMES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	SHF_ADDRESSES_MAX = 8, /* per name; more are left out */
	SHF_WORKERS_MAX = 16,
};

union shf_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct shf_name {
	const char *text;             /* borrowed */
	size_t count;                 /* of addresses; 0 while or when there are none */
	union shf_address *addresses; /* owned; ports are zero */
	const char *failure;          /* static text once it is certain that there are none */
};

struct shf_resolver {
	int fd; /* readable when answers wait; -1 when no worker runs */
	size_t workers;
	int pids[SHF_WORKERS_MAX];
};

/* Bytes of an address, for connect(). */
socklen_t shf_address_length(const union shf_address *address);

/*
 * Fills in the names that are addresses themselves and those that are in /etc/hosts.  The others
 * stay without address.  A missing /etc/hosts is an empty one.
 * Returns 0 or -errno: -ENOMEM, or why /etc/hosts cannot be read.
 */
int shf_names_look_up_files(struct shf_name *names, size_t count);

/*
 * Starts workers that ask for the names without address, where there are any, again and again
 * where the DNS did not answer.  The workers die with the calling process.
 * Returns 0 or -errno of pipe2() or fork().
 */
int shf_resolver_start(struct shf_resolver *resolver, struct shf_name *names, size_t count);

/*
 * Takes the answers that wait; does not block.  When the last worker is gone, fd is -1 and every
 * name has either addresses or a failure.  Returns 0 or -errno.
 */
int shf_resolver_take(struct shf_resolver *resolver, struct shf_name *names, size_t count);

/* Kills and reaps the workers.  Accepts a resolver that has none. */
void shf_resolver_stop(struct shf_resolver *resolver);

void shf_names_free(struct shf_name *names, size_t count);

#endif
