/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * node_accounts.h - read what a container takes from the node's account files
 */
#ifndef SHF_VERBS_NODE_ACCOUNTS_H
#define SHF_VERBS_NODE_ACCOUNTS_H

#include "model/account.h"
#include "verbs/context.h"

/*
 * Read /etc/passwd and /etc/group of the node for this account and the site's
 * usersToImport.  A file that cannot be read, that others than root can write
 * or that is larger than 16 MiB counts as empty; that, and users who are not
 * found, are warnings for the log.  0 or -ENOMEM with a sentence; *out, zeroed
 * before, is to be freed in either case.
 */
int shf_read_node_accounts(struct shifter_ctx *ctx, const struct shf_account *account,
			   struct shf_node_accounts *out);

#endif
