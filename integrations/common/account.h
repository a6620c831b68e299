/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account.h - who the job's user is on this node
 */
#ifndef SHF_WLM_ACCOUNT_H
#define SHF_WLM_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

struct shf_wlm_account {
	char *user, *home, *shell; /* owned */
	uint32_t uid;
	uint32_t gid;
	uint32_t n_groups;
	uint32_t *groups; /* owned; never 0 among them */
};

/*
 * Ask the name service, in a child with a deadline: one that hangs must not hang
 * the prolog, and its modules are none of the caller's business.
 *
 * Returns 0, or a negative errno value with the reason in why:
 *	-ETIMEDOUT	no answer in time
 *	-ENOENT		nobody has this uid
 *	another negative errno value as the system reports it
 */
int shf_wlm_account_load(uint32_t uid, struct shf_wlm_account *out, char *why, size_t size);

/*
 * The same by name.  The gid is that of group, unless that is NULL or the user is not a
 * member of it.
 */
int shf_wlm_account_find(const char *user, const char *group, struct shf_wlm_account *out,
			 char *why, size_t size);

void shf_wlm_account_free(struct shf_wlm_account *account);

#define scope_account __attribute__((cleanup(shf_wlm_account_free)))

#endif
