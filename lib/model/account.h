/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account.h - whose job it is, and the account files of the container
 */
#ifndef SHF_MODEL_ACCOUNT_H
#define SHF_MODEL_ACCOUNT_H

#include "base/report.h"
#include "base/text.h"

#include <stdint.h>

enum { SHF_ACCOUNT_PATH_MAX = 1024 };

/* All borrowed. */
struct shf_account {
	const char *user, *home, *shell;
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary; may hold gid too */
	uint32_t n_groups;
};

/*
 * Is it an account that a container may run as?  uid and gid are 1 to
 * 4294967294 (4294967295 would mean "leave as it is" to setresuid(), that is,
 * root) and uid at least minimum_uid; no group is 0 or 4294967295, n_groups is at most
 * max_group_count; user is a login name other than root; home and shell are
 * absolute paths of at most 1024 bytes without "..", ':' and control characters;
 * shell may be NULL.  -EINVAL with fault of the caller for what is malformed,
 * -EPERM with fault of the job for who may not have a container.
 */
int shf_account_check(const struct shf_account *account, uint32_t minimum_uid,
		      uint32_t max_group_count, struct shf_report *report);

/*
 * Append /etc/passwd: root (who cannot log in), the user with this shell, nobody.
 * The account has passed shf_account_check().
 */
void shf_render_passwd(const struct shf_account *account, const char *shell,
		       struct shf_text *text);

/*
 * Append /etc/group: root, tty if tty_gid is positive, the user's group
 * (named as the user), "g<gid>" with the user as a member for the others,
 * nogroup.  No gid and no name comes twice; tty_gid is that of the devpts
 * mount, the user's own group gives way to it.
 */
void shf_render_group(const struct shf_account *account, int64_t tty_gid, struct shf_text *text);

/* Append /etc/nsswitch.conf: files, and DNS for hosts. */
void shf_render_nsswitch(struct shf_text *text);

#endif
