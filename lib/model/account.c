/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/account.h"

#include "base/parse.h"
#include "base/path.h"

#include <errno.h>
#include <stdio.h>
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

static int check_groups(const struct shf_account *account, struct shf_report *report)
{
	if (account->n_groups && !account->groups)
		return shf_fail(
			report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot make a container for user '%.64s': n_groups is %u, but groups "
			"is NULL",
			account->user, account->n_groups);
	if (account->n_groups > SHF_GROUPS_MAX)
		return shf_fail(report, SHIFTER_FAULT_JOB, E2BIG,
				"cannot make a container for user '%.64s': %u groups are more than "
				"the %d that the kernel allows",
				account->user, account->n_groups, SHF_GROUPS_MAX);
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

/* Does it fit into a line of passwd(5), and mean the same everywhere? */
static bool is_path(const char *path)
{
	char clean[SHF_PATH_MAX];

	return path && strnlen(path, SHF_ACCOUNT_PATH_MAX + 1) <= SHF_ACCOUNT_PATH_MAX &&
	       !strchr(path, ':') && shf_path_clean(path, clean) == 0;
}

bool shf_is_shell(const char *shell)
{
	return is_path(shell);
}

int shf_account_check(const struct shf_account *account, uint32_t minimum_uid,
		      struct shf_report *report)
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
	error = check_groups(account, report);
	if (error)
		return error;
	/* it comes from the name service, where in places users may set it */
	if (!is_path(account->home))
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot make a container for user '%.64s': home '%.300s' must be "
				"an absolute path of at most %d bytes without '..', ':' and "
				"control characters",
				account->user, account->home ? account->home : "",
				SHF_ACCOUNT_PATH_MAX);
	return 0;
}

/* ---- /etc/passwd ---- */

void shf_render_passwd(const struct shf_account *account, const char *shell,
		       const struct shf_node_accounts *node, struct shf_text *text)
{
	bool has_nobody = account->uid == NOBODY || strcmp(account->user, "nobody") == 0;

	shf_text_add(text, "root:x:0:0:root:/root:/bin/false\n");
	shf_text_addf(text, "%s:x:%u:%u::%s:%s\n", account->user, account->uid, account->gid,
		      account->home, shell);
	for (size_t i = 0; i < node->n_users; i++) {
		const struct shf_node_user *user = &node->users[i];

		if (strcmp(user->name, account->user) == 0 || strcmp(user->name, "root") == 0)
			continue;
		has_nobody |= user->uid == NOBODY || strcmp(user->name, "nobody") == 0;
		shf_text_addf(text, "%s:x:%u:%u:%s:%s:%s\n", user->name, user->uid, user->gid,
			      user->gecos, user->home, user->shell);
	}
	if (!has_nobody)
		shf_text_addf(text, "nobody:x:%d:%d:nobody:/:/bin/false\n", NOBODY, NOBODY);
}

/* ---- /etc/group ---- */

struct group_file {
	const struct shf_account *account;
	const struct shf_node_accounts *node;
	int64_t tty_gid;
	uint32_t member_left; /* in how many more groups the user may be listed */
	char own_name[80];    /* of the user's group; "" for none */
	struct shf_text *text;
};

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

static bool is_reserved_name(const char *name)
{
	return strcmp(name, "root") == 0 || strcmp(name, "tty") == 0 ||
	       strcmp(name, "nogroup") == 0;
}

/* Is it free for a group that the node has no name for? */
static bool is_free_name(const struct group_file *f, const char *name)
{
	return !is_reserved_name(name) && strcmp(name, f->own_name) != 0 &&
	       !shf_find_node_group(f->node, name);
}

/* The node's name for a gid, or one that is made up; false if there is none. */
static bool name_group(const struct group_file *f, uint32_t gid, char name[80])
{
	const struct shf_node_group *group = shf_find_node_gid(f->node, gid);

	if (group && !is_reserved_name(group->name)) {
		snprintf(name, 80, "%s", group->name);
		return true;
	}
	snprintf(name, 80, "g%u", gid);
	if (!is_free_name(f, name))
		snprintf(name, 80, "gid%u", gid);
	return is_free_name(f, name);
}

static void add_group(struct group_file *f, const char *name, uint32_t gid, bool is_member)
{
	const struct shf_node_group *group = shf_find_node_gid(f->node, gid);
	const char *others = group && group->members ? group->members : "";
	bool listed = is_member && f->member_left;

	shf_text_addf(f->text, "%s:x:%u:%s%s%s\n", name, gid, listed ? f->account->user : "",
		      listed && *others ? "," : "", others);
	f->member_left -= listed;
}

/* Groups that come by themselves. */
static bool is_special(const struct group_file *f, uint32_t gid)
{
	return gid == f->account->gid || gid == f->tty_gid || gid == NOBODY;
}

static void add_own_group(struct group_file *f)
{
	const struct shf_account *account = f->account;
	char name[80];

	if (account->gid == f->tty_gid || account->gid == NOBODY)
		return;
	if (!shf_find_node_gid(f->node, account->gid) && is_free_name(f, account->user))
		snprintf(name, sizeof(name), "%s", account->user);
	else if (!name_group(f, account->gid, name))
		return;
	add_group(f, name, account->gid, false);
	memcpy(f->own_name, name, sizeof(name));
}

/* Leaves the sorted gids of the account in *sorted, for the caller to free. */
static void add_users_groups(struct group_file *f, uint32_t **sorted)
{
	uint32_t n = f->account->n_groups;
	char name[80];

	if (!n)
		return;
	*sorted = calloc(n, sizeof(**sorted));
	if (!*sorted) {
		f->text->failed = true;
		return;
	}
	memcpy(*sorted, f->account->groups, n * sizeof(**sorted));
	qsort(*sorted, n, sizeof(**sorted), compare_gids);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t gid = (*sorted)[i];

		if ((i && gid == (*sorted)[i - 1]) || is_special(f, gid))
			continue;
		if (name_group(f, gid, name))
			add_group(f, name, gid, true);
	}
}

static void add_imported_groups(struct group_file *f, const uint32_t *sorted)
{
	for (size_t i = 0; i < f->node->n_groups; i++) {
		const struct shf_node_group *group = &f->node->groups[i];

		if (is_special(f, group->gid) || is_reserved_name(group->name) ||
		    (sorted && bsearch(&group->gid, sorted, f->account->n_groups, sizeof(*sorted),
				       compare_gids)))
			continue;
		add_group(f, group->name, group->gid, false);
	}
}

void shf_render_group(const struct shf_account *account, int64_t tty_gid, uint32_t max_group_count,
		      const struct shf_node_accounts *node, struct shf_text *text)
{
	struct group_file f = { account, node, tty_gid, max_group_count, "", text };
	uint32_t *sorted = NULL;

	shf_text_add(text, "root:x:0:\n");
	/* gid 0 has a name; ssh -t needs the group called tty to have the mount's gid */
	if (tty_gid > 0)
		add_group(&f, "tty", (uint32_t)tty_gid, has_group(account, tty_gid));
	add_own_group(&f);
	add_users_groups(&f, &sorted);
	add_imported_groups(&f, sorted);
	if (tty_gid != NOBODY)
		add_group(&f, "nogroup", NOBODY, has_group(account, NOBODY));
	free(sorted);
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
