/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account.h - whose job it is, and the account files of the container
 */
#ifndef SHF_MODEL_ACCOUNT_H
#define SHF_MODEL_ACCOUNT_H

#include "base/report.h"
#include "base/text.h"
#include "model/node_accounts.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHF_ACCOUNT_PATH_MAX = 1024,
       SHF_GROUPS_MAX = 65536 /* NGROUPS_MAX of the kernel */ };

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
 * root) and uid at least minimum_uid; no group is 0 or 4294967295, and there
 * are at most SHF_GROUPS_MAX; user is a login name other than root; home is an
 * absolute path of at most 1024 bytes without "..", ':' and control characters.
 * The shell is not looked at.  -EINVAL with fault of the caller, or of the job
 * for its home, for what is malformed; -EPERM with fault of the job for who may
 * not have a container; -E2BIG.
 */
int shf_account_check(const struct shf_account *account, uint32_t minimum_uid,
		      struct shf_report *report);

/* Is it what shf_account_check() wants of a home?  A shell that is not is as good as none. */
bool shf_is_shell(const char *shell);

/*
 * Append /etc/passwd: root (who cannot log in), the user with this shell, the
 * node's users that are imported, nobody.  The account has passed
 * shf_account_check().
 */
void shf_render_passwd(const struct shf_account *account, const char *shell,
		       const struct shf_node_accounts *node, struct shf_text *text);

/*
 * Append /etc/group: root, tty if tty_gid is positive, the user's group, the
 * user's other groups by their number, those of imported users, nogroup.  Names
 * are the node's, else for the user's group that of the user, else "g<gid>".
 * The user is listed as a member of at most max_group_count of them.  No gid
 * and no name comes twice; tty_gid is that of the devpts mount, the user's own
 * group gives way to it.
 */
void shf_render_group(const struct shf_account *account, int64_t tty_gid, uint32_t max_group_count,
		      const struct shf_node_accounts *node, struct shf_text *text);

/* Append /etc/nsswitch.conf: files, and DNS for hosts. */
void shf_render_nsswitch(struct shf_text *text);

#endif
