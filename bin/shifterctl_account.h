/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl_account.h - who the job's user is, as the name service has it
 */
#ifndef SHIFTERCTL_ACCOUNT_H
#define SHIFTERCTL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct shf_ctl_account {
	const char *user; /* of the caller of shf_ctl_complete_account() */
	char *home;       /* these three are owned */
	char *shell;
	uint32_t *groups;
	uint32_t n_groups;
	uint32_t uid;
	uint32_t gid;
	bool has_uid, has_gid, has_groups; /* given on the command line */
};

/*
 * Ask the name service for what was not given; not at all if everything was.
 * Returns 0, or an exit status having said why.
 */
int shf_ctl_complete_account(struct shf_ctl_account *account);

/* Read "N,N,..." or "", which means none.  Returns 0 or an exit status, said. */
int shf_ctl_read_groups(struct shf_ctl_account *account, const char *list);

void shf_ctl_free_account(struct shf_ctl_account *account);

#endif
