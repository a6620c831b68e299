/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts.h - the hosts of a job, in order, each with its slots
 */
#ifndef SHF_MODEL_HOSTS_H
#define SHF_MODEL_HOSTS_H

#include "base/report.h"

#include <stddef.h>
#include <stdint.h>

enum {
	SHF_HOST_SLOTS_MAX = 65535,
	SHF_HOSTS_MAX = 1000000,
	SHF_SLOTS_MAX = 16000000, /* of all hosts together */
};

struct shf_host {
	char *name;           /* as given */
	char *address;        /* numeric, or NULL if the provider knew none */
	uint32_t slots;       /* processes it may run, 1 to SHF_HOST_SLOTS_MAX */
	uint32_t name_length; /* bytes */
	uint32_t hash;        /* private: of the name */
};

struct shf_hosts_chunk;

/* Starts zeroed but for report; what shifter_add_host() and its kin fill. */
struct shifter_hosts {
	struct shf_host *list;
	size_t count, capacity;
	uint64_t total_slots;
	struct shf_report *report; /* borrowed; takes what fails; may be NULL */

	uint32_t *table; /* private: open addressing; 0, or an entry of hosts.c */
	size_t table_size;
	struct shf_hosts_chunk *chunks; /* private: owns the strings */
};

/*
 * Add slots of a host.  A name that is there already (letters' case does not
 * count, as in DNS) gets the slots added to its first place and, if it had none,
 * the address.  The fault is the caller's.
 *
 * Here and in the readers of lists: a call that fails may have added a part.
 *
 * -EINVAL if name is no host name, address is neither NULL nor a numeric IPv4
 * or IPv6 address, differs from the one the name has, or slots is out of
 * range; -E2BIG beyond SHF_HOSTS_MAX or SHF_SLOTS_MAX; -ENOMEM.
 */
int shf_hosts_add(struct shifter_hosts *hosts, const char *name, const char *address,
		  uint32_t slots);

/* As shf_hosts_add() without address, for the n bytes at name. */
int shf_hosts_add_n(struct shifter_hosts *hosts, const char *name, size_t n, uint32_t slots);

/*
 * Give the host of that name its address.  Nothing happens if there is no such host, it has
 * an address already, or this one is not numeric.  0 or -ENOMEM.
 */
int shf_hosts_set_address(struct shifter_hosts *hosts, const char *name, const char *address);

/* The host called name, whatever the case of its letters, or NULL. */
const struct shf_host *shf_hosts_find(const struct shifter_hosts *hosts, const char *name);

/*
 * Append to *out, zeroed before, the short form ("n1" of "n1.site.org") of each
 * host that has one which is not the name, or the short form, of another host; slots
 * hold the index into hosts->list, plus 1.  0 or -ENOMEM.
 */
int shf_hosts_short_names(const struct shifter_hosts *hosts, struct shifter_hosts *out);

void shf_hosts_free(struct shifter_hosts *hosts);

#endif
