/* SPDX-License-Identifier: BSD-3-Clause */
#include "shifterctl_account.h"
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* More than the kernel lets a process have (NGROUPS_MAX). */
enum { MAX_GROUPS = 65537 };

static int no_memory(const char *user)
{
	shf_say("cannot look up user '%s': %s", user, strerror(ENOMEM));
	return SHF_EXIT_NODE;
}

int shf_ctl_read_groups(struct shf_ctl_account *account, const char *list)
{
	uint32_t room = 1, n = 0;
	char *copy, *rest, *word;
	int status = 0;

	for (const char *c = list; *c; c++)
		room += *c == ',';
	copy = rest = strdup(list);
	free(account->groups);
	account->groups = calloc(room, sizeof(*account->groups));
	account->n_groups = 0;
	if (!copy || !account->groups) {
		free(copy);
		return no_memory(account->user ? account->user : "");
	}
	while (*list && (word = strsep(&rest, ","))) {
		if (!shf_ctl_number("--groups", word, 1, UINT32_MAX - 1, &account->groups[n])) {
			status = SHF_EXIT_CALLER;
			break;
		}
		n++;
	}
	free(copy);
	account->n_groups = n;
	account->has_groups = true;
	return status;
}

static int look_up_groups(struct shf_ctl_account *account)
{
	int count = 64, room;
	gid_t *list = NULL;

	do {
		gid_t *longer = reallocarray(list, (size_t)count, sizeof(*list));

		if (!longer) {
			free(list);
			return no_memory(account->user);
		}
		list = longer;
		room = count;
		/* On failure count becomes the number needed. */
		if (getgrouplist(account->user, account->gid, list, &count) >= 0) {
			account->groups = list;
			account->n_groups = (uint32_t)count;
			return 0;
		}
		if (count <= room)
			count = 2 * room;
	} while (count <= MAX_GROUPS);
	free(list);
	shf_say("cannot use user '%s': member of more than %d groups", account->user,
		MAX_GROUPS - 1);
	return SHF_EXIT_NODE;
}

static int look_up_user(struct shf_ctl_account *account)
{
	const struct passwd *entry;
	int error;

	errno = 0;
	entry = getpwnam(account->user);
	if (!entry) {
		error = errno;
		/* What getpwnam() sets when there is no such user is a matter of taste. */
		if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF ||
		    error == EPERM) {
			shf_say("cannot look up user '%s': no such user: give --uid, --gid, "
				"--groups, --home and --shell",
				account->user);
			return SHF_EXIT_CALLER;
		}
		shf_say("cannot look up user '%s': %s", account->user, strerror(error));
		return SHF_EXIT_NODE;
	}
	if (account->has_uid && account->uid != entry->pw_uid) {
		shf_say("cannot use --uid %u: user '%s' has uid %u on this host", account->uid,
			account->user, (unsigned int)entry->pw_uid);
		return SHF_EXIT_CALLER;
	}
	if (!account->has_uid)
		account->uid = entry->pw_uid;
	if (!account->has_gid)
		account->gid = entry->pw_gid;
	if (!account->home)
		account->home = strdup(entry->pw_dir);
	if (!account->shell)
		account->shell = strdup(*entry->pw_shell ? entry->pw_shell : "/bin/sh");
	if (!account->home || !account->shell)
		return no_memory(account->user);
	return 0;
}

int shf_ctl_complete_account(struct shf_ctl_account *account)
{
	int status = 0;

	/* with everything given nobody is asked: this host may not know the user, or not answer */
	if (!account->has_uid || !account->has_gid || !account->home || !account->shell)
		status = look_up_user(account);
	if (status == 0 && !account->has_groups)
		status = look_up_groups(account);
	return status;
}

void shf_ctl_free_account(struct shf_ctl_account *account)
{
	free(account->home);
	free(account->shell);
	free(account->groups);
}
