/* SPDX-License-Identifier: BSD-3-Clause */
#include "user.h"

#include "common/child.h"
#include "common/scope.h"
#include "common/wait.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { KEY_TIMEOUT_MS = 30000,
       WRITE_TIMEOUT_MS = 10000,
       GRACE_MS = 1500,
       KEY_MAX = 16 * 1024 };

int shf_torque_become(const struct shf_wlm_account *account)
{
	uid_t uid = account->uid;
	gid_t gid = account->gid;

	/* the highest number means "leave it as it is" to the kernel */
	if (uid == 0 || uid == (uid_t)-1 || gid == 0 || gid == (gid_t)-1)
		return -EPERM;
	if (setgroups(account->n_groups, account->groups) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	if (geteuid() != uid || getegid() != gid || setuid(0) == 0)
		return -EPERM;
	return 0;
}

/* What came of a child: what it says is the reason if it did not succeed. */
static int judge(int rc, const struct shf_wlm_answer *said, const char *what,
		 char why[SHF_TORQUE_WHY_SIZE])
{
	if (rc < 0) {
		snprintf(why, SHF_TORQUE_WHY_SIZE, "cannot %s: %s", what, strerror(-rc));
		return rc;
	}
	if (WIFEXITED(said->exit_status) && WEXITSTATUS(said->exit_status) == 0)
		return 0;
	if (said->size)
		snprintf(why, SHF_TORQUE_WHY_SIZE, "%s", said->bytes);
	else
		snprintf(why, SHF_TORQUE_WHY_SIZE, "cannot %s: the helper ended with status %d",
			 what, said->exit_status);
	return -EIO;
}

static int run(shf_wlm_child_fn fn, void *data, unsigned int timeout_ms, const char *what,
	       struct shf_wlm_answer *said, char why[SHF_TORQUE_WHY_SIZE])
{
	return judge(shf_wlm_child_run(fn, data, KEY_MAX, timeout_ms, said), said, what, why);
}

/* ---- the key ---- */

struct key_question {
	struct shifter_ctx *ctx;
	const struct shf_wlm_account *account;
};

static int say_key(int fd, void *data)
{
	const struct key_question *question = data;
	const char *key;
	int rc = shf_torque_become(question->account);

	if (rc < 0) {
		dprintf(fd, "cannot become user '%s': %s", question->account->user, strerror(-rc));
		return 1;
	}
	if (shifter_make_user_key(question->ctx, question->account->home, &key) < 0) {
		dprintf(fd, "%s", shifter_get_error(question->ctx));
		return 1;
	}
	return dprintf(fd, "%s", key) < 0;
}

int shf_torque_make_key(struct shifter_ctx *ctx, const struct shf_wlm_account *account,
			char **key, char why[SHF_TORQUE_WHY_SIZE])
{
	struct key_question question = { ctx, account };
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	int rc = run(say_key, &question, KEY_TIMEOUT_MS, "get the user's udiRoot key", &said, why);

	if (rc < 0)
		return rc;
	*key = said.bytes;
	said.bytes = NULL;
	return 0;
}

/* ---- the barrier ---- */

struct wait_question {
	const struct shf_wlm_account *account;
	const char *container;
	int timeout_s;
};

static int wait_for_hosts(int fd, void *data)
{
	const struct wait_question *question = data;
	int rc = shf_torque_become(question->account);

	if (rc < 0) {
		dprintf(fd, "cannot become user '%s': %s", question->account->user, strerror(-rc));
		return 1;
	}
	return shf_wlm_exec_wait(fd, question->container, question->timeout_s);
}

int shf_torque_wait_for_hosts(const struct shf_wlm_account *account, const char *container,
			      int timeout_s, bool (*is_moot)(void *moot_data),
			      void *moot_data, char why[SHF_TORQUE_WHY_SIZE])
{
	struct wait_question question = { account, container, timeout_s };
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	int rc = shf_wlm_child_run_unless(wait_for_hosts, &question, KEY_MAX,
					  (unsigned int)timeout_s * 1000 + GRACE_MS, is_moot,
					  moot_data, &said);

	return judge(rc, &said, "wait for the hosts of the job", why);
}

/* ---- what went wrong ---- */

struct note {
	const struct shf_wlm_account *account;
	const char *directory, *job, *text;
};

static int open_note(const char *directory, const char *name)
{
	scope_fd int dir = -1;
	struct stat st;
	int fd;

	if (!directory || directory[0] != '/')
		return -EINVAL;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

static int write_note(int fd, void *data)
{
	const struct note *note = data;
	char name[128];
	int file;

	(void)fd;
	if (shf_torque_become(note->account) < 0)
		return 1;
	snprintf(name, sizeof(name), "shifter-error.%s", note->job);
	file = open_note(note->directory, name);
	if (file < 0)
		file = open_note(note->account->home, name);
	if (file < 0)
		return 1;
	return dprintf(file, "%s\n", note->text) < 0;
}

int shf_torque_write_error(const struct shf_wlm_account *account, const char *directory,
			   const char *job, const char *text)
{
	struct note note = { account, directory, job, text };
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	char ignored[SHF_TORQUE_WHY_SIZE];

	return run(write_note, &note, WRITE_TIMEOUT_MS, "write the file of errors", &said, ignored);
}
