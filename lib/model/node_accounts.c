/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/node_accounts.h"

#include "base/parse.h"
#include "base/path.h"
#include "model/account.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWD_FIELDS = 7,
       GROUP_FIELDS = 4,
       GECOS_MAX = 1024,
       ID_MAX = UINT32_MAX - 1 };

/* NUL bytes end lines early: what is behind them does not count. */
static char *copy_text(const struct shf_text *text)
{
	return strdup(text->data ? text->data : "");
}

/* Split line in place; false unless it has just n fields of printable bytes. */
static bool split(char *line, char **fields, size_t n)
{
	size_t i = 0;

	for (const char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	while (line) {
		if (i == n)
			return false;
		fields[i++] = strsep(&line, ":");
	}
	return i == n;
}

static bool is_path(const char *path)
{
	char clean[SHF_PATH_MAX];

	return strlen(path) <= SHF_ACCOUNT_PATH_MAX && shf_path_clean(path, clean) == 0;
}

/* ---- users ---- */

static bool read_user(char *line, struct shf_node_user *user)
{
	char *f[PASSWD_FIELDS];

	if (!split(line, f, PASSWD_FIELDS) || !shf_is_user_name(f[0]) ||
	    !shf_parse_u32(f[2], 1, ID_MAX, &user->uid) ||
	    !shf_parse_u32(f[3], 0, ID_MAX, &user->gid) || !is_path(f[5]))
		return false;
	user->name = f[0];
	user->gecos = strlen(f[4]) <= GECOS_MAX ? f[4] : "";
	user->home = f[5];
	user->shell = is_path(f[6]) ? f[6] : "/bin/false";
	return true;
}

static bool starts_with_name(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ':';
}

static bool has_user(const struct shf_node_accounts *node, const char *name)
{
	for (size_t i = 0; i < node->n_users; i++)
		if (strcmp(node->users[i].name, name) == 0)
			return true;
	return false;
}

static int pick_users(char *const *names, size_t n_names, struct shf_node_accounts *node,
		      struct shf_text *warnings)
{
	char *rest = node->passwd, *line;
	char **lines;

	if (!n_names)
		return 0;
	lines = calloc(n_names, sizeof(*lines));
	node->users = calloc(n_names, sizeof(*node->users));
	while (lines && node->users && (line = strsep(&rest, "\n")))
		for (size_t i = 0; i < n_names; i++)
			if (!lines[i] && starts_with_name(line, names[i]))
				lines[i] = line;
	for (size_t i = 0; lines && node->users && i < n_names; i++) {
		if (has_user(node, names[i]))
			continue;
		if (!lines[i])
			shf_text_addf(warnings,
				      "user '%s' of usersToImport is not in '/etc/passwd'\n",
				      names[i]);
		else if (read_user(lines[i], &node->users[node->n_users]))
			node->n_users++;
		else
			shf_text_addf(warnings,
				      "user '%s' of usersToImport has a malformed line, or "
				      "root's uid, in '/etc/passwd'\n",
				      names[i]);
	}
	free(lines);
	return node->users && !warnings->failed ? 0 : -ENOMEM;
}

/* ---- groups ---- */

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int compare_gids(const void *a, const void *b)
{
	const struct shf_node_group *x = a, *y = b;

	return x->gid < y->gid ? -1 : x->gid > y->gid;
}

static int compare_names(const void *a, const void *b)
{
	const struct shf_node_group *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Lines keep their order in an equal run: they point into one text. */
static int compare_gids_and_lines(const void *a, const void *b)
{
	const struct shf_node_group *x = a, *y = b;
	int order = compare_gids(a, b);

	return order ? order : (x->name > y->name) - (x->name < y->name);
}

static int compare_names_and_lines(const void *a, const void *b)
{
	const struct shf_node_group *const *x = a, *const *y = b;
	int order = compare_names(a, b);

	return order ? order : ((*x)->name > (*y)->name) - ((*x)->name < (*y)->name);
}

/* Which of a line's members are imported?  NULL for none; *failed without memory. */
static char *pick_members(char *members, const struct shf_node_accounts *node, bool *failed)
{
	struct shf_text text = { 0 };
	char *member;

	if (!node->n_users)
		return NULL;
	while ((member = strsep(&members, ",")))
		if (has_user(node, member)) {
			if (text.length)
				shf_text_add(&text, ",");
			shf_text_add(&text, member);
		}
	*failed |= text.failed;
	return text.data;
}

static bool is_wanted(const struct shf_node_accounts *node, const uint32_t *gids, size_t n_gids,
		      const struct shf_node_group *group)
{
	if (group->members || bsearch(&group->gid, gids, n_gids, sizeof(*gids), compare_numbers))
		return true;
	for (size_t i = 0; i < node->n_users; i++)
		if (node->users[i].gid == group->gid)
			return true;
	return false;
}

static int add_group(struct shf_node_accounts *node, size_t *capacity,
		     const struct shf_node_group *group)
{
	if (node->n_groups == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 64;
		struct shf_node_group *groups =
			reallocarray(node->groups, more, sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		node->groups = groups;
		*capacity = more;
	}
	node->groups[node->n_groups++] = *group;
	return 0;
}

/* Leave the first line of each gid, and of each name. */
static int index_groups(struct shf_node_accounts *node)
{
	size_t n = 0;

	if (!node->n_groups)
		return 0;
	node->by_name = calloc(node->n_groups, sizeof(struct shf_node_group *));
	if (!node->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < node->n_groups; i++)
		node->by_name[i] = &node->groups[i];
	qsort(node->by_name, node->n_groups, sizeof(*node->by_name), compare_names_and_lines);
	for (size_t i = 1, kept = 0; i < node->n_groups; i++) {
		if (strcmp(node->by_name[i]->name, node->by_name[kept]->name) == 0)
			node->by_name[i]->gid = 0; /* root's is never here: a mark */
		else
			kept = i;
	}
	qsort(node->groups, node->n_groups, sizeof(*node->groups), compare_gids_and_lines);
	for (size_t i = 0; i < node->n_groups; i++) {
		struct shf_node_group group = node->groups[i];

		if (!group.gid || (n && node->groups[n - 1].gid == group.gid))
			free(group.members);
		else
			node->groups[n++] = group;
	}
	node->n_groups = n;
	for (size_t i = 0; i < n; i++)
		node->by_name[i] = &node->groups[i];
	qsort(node->by_name, n, sizeof(*node->by_name), compare_names);
	return 0;
}

static int pick_groups(const struct shf_account *account, struct shf_node_accounts *node)
{
	size_t n_gids = (size_t)account->n_groups + 1, capacity = 0;
	uint32_t *gids = calloc(n_gids, sizeof(*gids));
	char *rest = node->group, *line;
	bool failed = false;
	int rc = 0;

	if (!gids)
		return -ENOMEM;
	if (account->n_groups)
		memcpy(gids, account->groups, account->n_groups * sizeof(*gids));
	gids[account->n_groups] = account->gid;
	qsort(gids, n_gids, sizeof(*gids), compare_numbers);
	while (rc == 0 && !failed && (line = strsep(&rest, "\n"))) {
		struct shf_node_group group = { 0 };
		char *f[GROUP_FIELDS];

		if (!split(line, f, GROUP_FIELDS) || !shf_is_user_name(f[0]) ||
		    !shf_parse_u32(f[2], 1, ID_MAX, &group.gid))
			continue;
		group.name = f[0];
		group.members = pick_members(f[3], node, &failed);
		if (is_wanted(node, gids, n_gids, &group))
			rc = add_group(node, &capacity, &group);
		if (rc < 0 || failed)
			free(group.members);
	}
	free(gids);
	return rc < 0 || failed ? -ENOMEM : index_groups(node);
}

int shf_pick_node_accounts(const struct shf_text *passwd, const struct shf_text *group,
			   char *const *names, size_t n_names, const struct shf_account *account,
			   struct shf_node_accounts *out, struct shf_text *warnings)
{
	int rc;

	out->passwd = copy_text(passwd);
	out->group = copy_text(group);
	if (!out->passwd || !out->group)
		return -ENOMEM;
	rc = pick_users(names, n_names, out, warnings);
	return rc < 0 ? rc : pick_groups(account, out);
}

const struct shf_node_group *shf_find_node_gid(const struct shf_node_accounts *node, uint32_t gid)
{
	struct shf_node_group key = { .gid = gid };

	if (!node->n_groups)
		return NULL;
	return bsearch(&key, node->groups, node->n_groups, sizeof(key), compare_gids);
}

const struct shf_node_group *shf_find_node_group(const struct shf_node_accounts *node,
						 const char *name)
{
	struct shf_node_group key = { .name = name }, *at = &key, **found;

	if (!node->n_groups)
		return NULL;
	found = bsearch(&at, node->by_name, node->n_groups, sizeof(at), compare_names);
	return found ? *found : NULL;
}

void shf_node_accounts_free(struct shf_node_accounts *node)
{
	for (size_t i = 0; i < node->n_groups; i++)
		free(node->groups[i].members);
	free(node->groups);
	free(node->by_name);
	free(node->users);
	free(node->passwd);
	free(node->group);
	*node = (struct shf_node_accounts){ 0 };
}
