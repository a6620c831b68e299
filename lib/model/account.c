/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/account.h"

#include "base/parse.h"
#include "base/path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = 65534 };

static int check_ids(const struct shf_account *account, uint32_t minimum_uid,
		     struct shf_report *report)
{
	if (account->uid == 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EPERM,
				"cannot make a container for user '%.64s': it would run as root",
				account->user);
	if (account->gid == 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EPERM,
				"cannot make a container for user '%.64s': its group is root's",
				account->user);
	/* to the kernel it means "leave as it is", which is root */
	if (account->uid == UINT32_MAX || account->gid == UINT32_MAX)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot make a container for user '%.64s': %s 4294967295 is no id",
				account->user, account->uid == UINT32_MAX ? "uid" : "gid");
	if (account->uid < minimum_uid)
		return shf_fail(
			report, SHIFTER_FAULT_JOB, EPERM,
			"cannot make a container for user '%.64s': uid %u is below the site's "
			"minimumUid, %u",
			account->user, account->uid, minimum_uid);
	return 0;
}

static int check_groups(const struct shf_account *account, uint32_t max_group_count,
			struct shf_report *report)
{
	if (account->n_groups && !account->groups)
		return shf_fail(
			report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot make a container for user '%.64s': n_groups is %u, but groups "
			"is NULL",
			account->user, account->n_groups);
	if (account->n_groups > max_group_count)
		return shf_fail(report, SHIFTER_FAULT_JOB, EPERM,
				"cannot make a container for user '%.64s': %u groups are more than "
				"the site's maxGroupCount, %u",
				account->user, account->n_groups, max_group_count);
	for (uint32_t i = 0; i < account->n_groups; i++) {
		if (account->groups[i] == 0)
			return shf_fail(
				report, SHIFTER_FAULT_JOB, EPERM,
				"cannot make a container for user '%.64s': it is a member of "
				"root's group",
				account->user);
		if (account->groups[i] == UINT32_MAX)
			return shf_fail(
				report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot make a container for user '%.64s': gid 4294967295 is "
				"no id",
				account->user);
	}
	return 0;
}

static int check_path(const struct shf_account *account, const char *which, const char *path,
		      struct shf_report *report)
{
	char clean[SHF_PATH_MAX];

	if (!path || strnlen(path, SHF_ACCOUNT_PATH_MAX + 1) > SHF_ACCOUNT_PATH_MAX ||
	    strchr(path, ':') || shf_path_clean(path, clean))
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot make a container for user '%.64s': %s '%.300s' must be an "
				"absolute path of at most %d bytes without '..', ':' and control "
				"characters",
				account->user, which, path ? path : "", SHF_ACCOUNT_PATH_MAX);
	return 0;
}

int shf_account_check(const struct shf_account *account, uint32_t minimum_uid,
		      uint32_t max_group_count, struct shf_report *report)
{
	int error;

	if (!account->user || !shf_is_user_name(account->user))
		return shf_fail(
			report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot make a container for user '%.300s': a user name has 1 to 64 "
			"letters, digits, '_', '.' and '-', the first a letter, digit or '_'",
			account->user ? account->user : "");
	error = check_ids(account, minimum_uid, report);
	if (error)
		return error;
	if (strcmp(account->user, "root") == 0)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot make a container for user 'root': uid %u is not root's",
				account->uid);
	error = check_groups(account, max_group_count, report);
	if (!error)
		error = check_path(account, "home", account->home, report);
	if (!error && account->shell)
		error = check_path(account, "shell", account->shell, report);
	return error;
}

void shf_render_passwd(const struct shf_account *account, const char *shell, struct shf_text *text)
{
	shf_text_add(text, "root:x:0:0:root:/root:/bin/false\n");
	shf_text_addf(text, "%s:x:%u:%u::%s:%s\n", account->user, account->uid, account->gid,
		      account->home, shell);
	if (account->uid != NOBODY && strcmp(account->user, "nobody") != 0)
		shf_text_addf(text, "nobody:x:%d:%d:nobody:/:/bin/false\n", NOBODY, NOBODY);
}

static int compare_gids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_group(const struct shf_account *account, int64_t gid)
{
	if (account->gid == gid)
		return true;
	for (uint32_t i = 0; i < account->n_groups; i++)
		if (account->groups[i] == gid)
			return true;
	return false;
}

/* One group for each other gid; names that are made up give way to the user's. */
static void render_others(const struct shf_account *account, int64_t tty_gid, struct shf_text *text)
{
	uint32_t *sorted;

	if (!account->n_groups)
		return;
	sorted = calloc(account->n_groups, sizeof(*sorted));
	if (!sorted) {
		text->failed = true;
		return;
	}
	memcpy(sorted, account->groups, account->n_groups * sizeof(*sorted));
	qsort(sorted, account->n_groups, sizeof(*sorted), compare_gids);
	for (uint32_t i = 0; i < account->n_groups; i++) {
		uint32_t gid = sorted[i];
		uint32_t named;

		if ((i && gid == sorted[i - 1]) || gid == account->gid || gid == tty_gid ||
		    gid == NOBODY)
			continue;
		if (account->user[0] == 'g' &&
		    shf_parse_u32(account->user + 1, 1, UINT32_MAX, &named) && named == gid)
			shf_text_addf(text, "gid%u:x:%u:%s\n", gid, gid, account->user);
		else
			shf_text_addf(text, "g%u:x:%u:%s\n", gid, gid, account->user);
	}
	free(sorted);
}

void shf_render_group(const struct shf_account *account, int64_t tty_gid, struct shf_text *text)
{
	bool is_taken = strcmp(account->user, "tty") == 0 || strcmp(account->user, "nogroup") == 0;

	shf_text_add(text, "root:x:0:\n");
	/* gid 0 has a name; ssh -t needs the group called tty to have the mount's gid */
	if (tty_gid > 0)
		shf_text_addf(text, "tty:x:%lld:%s\n", (long long)tty_gid,
			      has_group(account, tty_gid) ? account->user : "");
	if (account->gid != tty_gid && account->gid != NOBODY) {
		if (is_taken)
			shf_text_addf(text, "g%u:x:%u:\n", account->gid, account->gid);
		else
			shf_text_addf(text, "%s:x:%u:\n", account->user, account->gid);
	}
	render_others(account, tty_gid, text);
	if (tty_gid != NOBODY)
		shf_text_addf(text, "nogroup:x:%d:%s\n", NOBODY,
			      has_group(account, NOBODY) ? account->user : "");
}

void shf_render_nsswitch(struct shf_text *text)
{
	shf_text_add(text, "passwd: files\n"
			   "group: files\n"
			   "shadow: files\n"
			   "hosts: files dns\n"
			   "networks: files\n"
			   "protocols: files\n"
			   "services: files\n"
			   "ethers: files\n"
			   "rpc: files\n");
}
