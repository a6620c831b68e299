/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user.h - what is done as the job's user, in a child that ends before a deadline
 *
 * The user's files are theirs: root neither opens nor makes one, and a file system that
 * hangs must not hang the hook.
 */
#ifndef SHF_TORQUE_USER_H
#define SHF_TORQUE_USER_H

#include "common/account.h"
#include "say.h"

#include <stdbool.h>

/*
 * Give up root for the user, for good.  Only in a child: on failure it must end.  Returns 0
 * or a negative errno value.
 */
int shf_torque_become(const struct shf_wlm_account *account);

/*
 * The public half of the user's udiRoot key, which is made if there is none.  Returns 0
 * and a string to free(), or a negative errno value with the reason in why.
 */
int shf_torque_make_key(struct shifter_ctx *ctx, const struct shf_wlm_account *account,
			char **key, char why[SHF_TORQUE_WHY_SIZE]);

/*
 * Run "shifter wait": until every host of the job answers, timeout_s at most, or until
 * is_moot says that it does not matter any more.  Returns 0 or a negative errno value with
 * the reason in why, a line each.
 */
int shf_torque_wait_for_hosts(const struct shf_wlm_account *account, const char *container,
			      int timeout_s, bool (*is_moot)(void *moot_data),
			      void *moot_data, char why[SHF_TORQUE_WHY_SIZE]);

/*
 * Append a text to the file "shifter-error.JOB" in the directory, or if that is of no use
 * in the user's home.  Returns 0 or a negative errno value.
 */
int shf_torque_write_error(const struct shf_wlm_account *account, const char *directory,
			   const char *job, const char *text);

#endif
