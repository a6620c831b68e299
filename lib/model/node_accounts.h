/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * node_accounts.h - what containers take from the node's /etc/passwd and /etc/group
 *
 * Only these two files are looked at, never the name service: its modules are
 * code that would run with privilege, in whatever process set-up is called from.
 */
#ifndef SHF_MODEL_NODE_ACCOUNTS_H
#define SHF_MODEL_NODE_ACCOUNTS_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

struct shf_account;

struct shf_node_user {
	const char *name, *gecos, *home, *shell;
	uint32_t uid, gid;
};

struct shf_node_group {
	const char *name;
	uint32_t gid;
	char *members; /* those that are imported, comma between; NULL for none */
};

/* Starts zeroed. */
struct shf_node_accounts {
	struct shf_node_user *users; /* in the order of names */
	size_t n_users;
	struct shf_node_group *groups; /* by gid; none and no name twice */
	size_t n_groups;
	struct shf_node_group **by_name; /* the same, by name */
	char *passwd, *group;            /* what the strings point into */
};

/*
 * Pick from the text of /etc/passwd the users of names, and from that of
 * /etc/group their groups and the account's.  Of several lines for one name or
 * gid the first counts, as for libc.  Malformed lines and root's count as not
 * there.  A line of warnings is added for each of names that is not found.
 * Names are login names, gecos and home have no control characters, home and
 * shell are absolute.  0 or -ENOMEM; to be freed in either case.
 */
int shf_pick_node_accounts(const struct shf_text *passwd, const struct shf_text *group,
			   char *const *names, size_t n_names, const struct shf_account *account,
			   struct shf_node_accounts *out, struct shf_text *warnings);

/* The group with this gid or name, or NULL. */
const struct shf_node_group *shf_find_node_gid(const struct shf_node_accounts *node, uint32_t gid);
const struct shf_node_group *shf_find_node_group(const struct shf_node_accounts *node,
						 const char *name);

void shf_node_accounts_free(struct shf_node_accounts *node);

#define cleanup_node_accounts __attribute__((cleanup(shf_node_accounts_free)))

#endif
