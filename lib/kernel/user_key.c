/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_key.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/message.h"
#include "kernel/user_helper.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum complaint { NONE,
		 NO_DIRECTORY,
		 OPEN_DIRECTORY,
		 NO_FILE,
		 OPEN_FILE,
		 TOO_LARGE };

struct answer {
	int32_t complaint;
	int32_t error;
	uint32_t length;
	char key[SHF_USER_KEY_MAX];
};

struct question {
	char directory[SHF_PATH_MAX];
	const char *name;
	uint32_t uid;
};

static bool is_private(const struct stat *st, mode_t type, uint32_t uid)
{
	return (st->st_mode & S_IFMT) == type && st->st_uid == uid && !(st->st_mode & 077);
}

static enum complaint read_key(const struct question *q, struct answer *answer)
{
	cleanup_fd int dir = -1;
	cleanup_fd int fd = -1;
	struct stat st;

	dir = open(q->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0)
		return NO_DIRECTORY;
	if (!is_private(&st, S_IFDIR, q->uid))
		return OPEN_DIRECTORY;
	fd = openat(dir, q->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NO_FILE;
	if (!is_private(&st, S_IFREG, q->uid))
		return OPEN_FILE;
	while (answer->length < sizeof(answer->key)) {
		ssize_t n = read(fd, answer->key + answer->length,
				 sizeof(answer->key) - answer->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NO_FILE;
		if (n == 0)
			return NONE;
		answer->length += (uint32_t)n;
	}
	return TOO_LARGE;
}

static void help(int channel, void *data)
{
	static struct answer answer;

	answer.complaint = read_key(data, &answer);
	answer.error = errno;
	shf_send(channel, &answer, sizeof(answer), NULL, 0);
}

static int explain(const struct answer *answer, const char *path, struct shf_report *report)
{
	char number[32];
	const char *why = shf_error_text(answer->error, number);

	switch (answer->complaint) {
	case OPEN_DIRECTORY: why = "its directory must be the user's alone, mode 0700"; break;
	case OPEN_FILE: why = "it must be a file of the user's alone, mode 0600"; break;
	case TOO_LARGE: why = "it is too large to be a key"; break;
	case NO_DIRECTORY:
	case NO_FILE:
	default: break;
	}
	return shf_fail(report, SHIFTER_FAULT_JOB, EACCES, "cannot read the udiRoot key '%s': %s",
			path, why);
}

static void wipe(struct answer *answer)
{
	explicit_bzero(answer, sizeof(*answer));
}

int shf_read_user_key(const char *path, const struct shf_identity *identity, int timeout_ms,
		      char key[SHF_USER_KEY_MAX], struct shf_report *report)
{
	cleanup_user_helper struct shf_user_helper helper = SHF_NO_USER_HELPER;
	__attribute__((cleanup(wipe))) struct answer answer = { 0 };
	struct question q = { .uid = identity->uid };
	char *slash;
	ssize_t n;
	int rc;

	if (shf_path_clean(path, q.directory) < 0 || !(slash = strrchr(q.directory, '/')) ||
	    slash == q.directory)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed path of the udiRoot key: '%s'", path);
	*slash = '\0';
	q.name = slash + 1;
	rc = shf_start_user_helper(&helper, identity, help, &q, NULL, 0, timeout_ms);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read the udiRoot key '%s'", path);
	n = shf_receive(helper.channel, &answer, sizeof(answer), NULL, NULL, helper.deadline_ms);
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot read the udiRoot key '%s': its file system did not answer "
				"within %d s",
				path, timeout_ms / 1000);
	/* it is the user from its first act on */
	if (n != (ssize_t)sizeof(answer) || answer.length > sizeof(answer.key))
		return shf_fail(report, SHIFTER_FAULT_JOB, EIO,
				"cannot read the udiRoot key '%s': " SHF_ENDED_BY_USER, path);
	if (answer.complaint != NONE)
		return explain(&answer, path, report);
	memcpy(key, answer.key, answer.length);
	return (int)answer.length;
}
