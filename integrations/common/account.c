/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/account.h"

#include "common/child.h"
#include "common/scope.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { TIMEOUT_MS = 20000,
       GROUPS_MAX = 65536,
       TEXT_MAX = 4096 };

/* What the child answers; the three strings follow, each with its NUL, then the groups. */
struct answer {
	int32_t error; /* errno, 0 or ENOENT */
	uint32_t uid;
	uint32_t gid;
	uint32_t n_groups;
	uint32_t text_size;
};

struct question {
	uint32_t uid;
	const char *user;  /* or NULL: by uid */
	const char *group; /* or NULL */
};

/* Root's group gives rights that a container's user must not have. */
static uint32_t drop_root_group(gid_t *groups, int count)
{
	uint32_t n = 0;

	for (int i = 0; i < count; i++)
		if (groups[i] != 0)
			groups[n++] = groups[i];
	return n;
}

/*
 * The group that the workload manager names, if the user is in it, in place of the one of
 * the account, which is then one more.
 */
static int choose_group(const char *name, struct answer *answer, gid_t *groups, int *count)
{
	const struct group *group;

	errno = 0;
	group = getgrnam(name);
	if (!group)
		return errno;
	for (int i = 0; i < *count; i++)
		if (groups[i] == group->gr_gid)
			answer->gid = group->gr_gid;
	return 0;
}

/* In the child. */
static int ask(int fd, void *data)
{
	static gid_t groups[GROUPS_MAX];
	static char text[3 * TEXT_MAX];
	const struct question *question = data;
	struct answer answer = { 0, 0, 0, 0, 0 };
	const struct passwd *account;
	int count = GROUPS_MAX;
	int n;

	errno = 0;
	account = question->user ? getpwnam(question->user) : getpwuid(question->uid);
	if (!account) {
		answer.error = errno ? errno : ENOENT;
		return shf_wlm_answer_with(fd, &answer, sizeof(answer));
	}
	n = snprintf(text, sizeof(text), "%s%c%s%c%s", account->pw_name, 0, account->pw_dir, 0,
		     account->pw_shell);
	answer.uid = account->pw_uid;
	answer.gid = account->pw_gid;
	if (n < 0 || (size_t)n >= sizeof(text))
		answer.error = ENAMETOOLONG;
	else if (getgrouplist(account->pw_name, account->pw_gid, groups, &count) < 0)
		answer.error = E2BIG;
	else if (question->group)
		answer.error = choose_group(question->group, &answer, groups, &count);
	if (answer.error)
		return shf_wlm_answer_with(fd, &answer, sizeof(answer));
	answer.text_size = (uint32_t)n + 1;
	answer.n_groups = drop_root_group(groups, count);
	return shf_wlm_answer_with(fd, &answer, sizeof(answer)) ||
	       shf_wlm_answer_with(fd, text, answer.text_size) ||
	       shf_wlm_answer_with(fd, groups, answer.n_groups * sizeof(groups[0]));
}

static const char *next_string(const char *at)
{
	return at + strlen(at) + 1;
}

static int take(const struct shf_wlm_answer *said, struct shf_wlm_account *out)
{
	struct answer answer;
	const char *user, *home, *shell;
	size_t groups_size;

	if (said->size < sizeof(answer))
		return -EIO;
	memcpy(&answer, said->bytes, sizeof(answer));
	if (answer.error)
		return -answer.error;
	groups_size = answer.n_groups * sizeof(uint32_t);
	if (said->size != sizeof(answer) + answer.text_size + groups_size)
		return -EIO;
	user = said->bytes + sizeof(answer);
	home = next_string(user);
	shell = next_string(home);
	out->user = strdup(user);
	out->home = strdup(home);
	out->shell = strdup(shell);
	out->groups = malloc(groups_size + 1);
	out->uid = answer.uid;
	out->gid = answer.gid;
	out->n_groups = answer.n_groups;
	if (!out->user || !out->home || !out->shell || !out->groups) {
		shf_wlm_account_free(out);
		return -ENOMEM;
	}
	memcpy(out->groups, said->bytes + sizeof(answer) + answer.text_size, groups_size);
	return 0;
}

static int load(struct question question, struct shf_wlm_account *out)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	int rc = shf_wlm_child_run(
		ask, &question, sizeof(struct answer) + 3 * TEXT_MAX + GROUPS_MAX * sizeof(gid_t),
		TIMEOUT_MS, &said);

	memset(out, 0, sizeof(*out));
	return rc < 0 ? rc : take(&said, out);
}

int shf_wlm_account_load(uint32_t uid, struct shf_wlm_account *out, char *why, size_t size)
{
	int rc = load((struct question){ .uid = uid }, out);

	if (rc == -ENOENT)
		snprintf(why, size,
			 "cannot look up user id %u: the name service of this node "
			 "knows no such user",
			 (unsigned int)uid);
	else if (rc < 0)
		snprintf(why, size, "cannot look up user id %u with the name service: %s",
			 (unsigned int)uid, strerror(-rc));
	return rc;
}

int shf_wlm_account_find(const char *user, const char *group, struct shf_wlm_account *out,
			 char *why, size_t size)
{
	int rc = load((struct question){ .user = user, .group = group }, out);

	if (rc == -ENOENT)
		snprintf(why, size,
			 "cannot look up user '%s': the name service of this node "
			 "knows no such user",
			 user);
	else if (rc < 0)
		snprintf(why, size, "cannot look up user '%s' with the name service: %s", user,
			 strerror(-rc));
	return rc;
}

void shf_wlm_account_free(struct shf_wlm_account *account)
{
	free(account->user);
	free(account->home);
	free(account->shell);
	free(account->groups);
	memset(account, 0, sizeof(*account));
}
