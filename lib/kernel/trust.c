/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/trust.h"

#include "base/cleanup.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
	const char *path; /* as asked for */
	const char *what;
	int fault;
	struct shf_owners owners;
	struct shf_report *report;
	char rest[SHF_PATH_MAX]; /* still to go, without leading slash */
	char done[SHF_PATH_MAX]; /* gone, for the report */
	int links;
};

static bool is_trusted_owner(uint32_t uid, struct shf_owners owners)
{
	if (uid == 0)
		return true;
	for (size_t i = 0; i < owners.count; i++)
		if (owners.uids[i] == uid)
			return true;
	return false;
}

static int check(struct walk *walk, const struct stat *st)
{
	const char *object = walk->done[0] ? walk->done : "/";

	if (!is_trusted_owner(st->st_uid, walk->owners))
		return shf_fail(walk->report, walk->fault, EPERM,
				"refusing %.100s '%.350s': '%.350s' belongs to uid %u, not to "
				"root",
				walk->what,
				walk->path, object, (unsigned)st->st_uid);
	/* the mode of a link means nothing */
	if (!S_ISLNK(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)))
		return shf_fail(walk->report, walk->fault, EPERM,
				"refusing %.100s '%.350s': '%.350s' is writable by others than its "
				"owner (mode %04o)",
				walk->what, walk->path, object, (unsigned)st->st_mode & 07777);
	return 0;
}

/*
 * Put the target of the link name in dir before what is still to go.  Not to be inlined: it
 * takes much of the stack, and there is a link only now and then.
 */
__attribute__((noinline)) static int follow(struct walk *walk, int dir, const char *name,
					    bool *restart)
{
	char target[SHF_PATH_MAX], joined[2 * SHF_PATH_MAX];
	ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	if (++walk->links > 40)
		return -ELOOP;
	snprintf(joined, sizeof(joined), "%s/%s", target, walk->rest);
	if (strlen(joined) >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	*restart = target[0] == '/';
	memcpy(walk->rest, joined, strlen(joined) + 1);
	return 0;
}

static int fail(struct walk *walk, int error)
{
	/* that is not about the path */
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		walk->fault = SHIFTER_FAULT_NODE;
	return shf_fail_errno(walk->report, walk->fault, error, "cannot open %.100s '%.600s'",
			      walk->what, walk->path);
}

/* Take the next component off walk->rest; false if there is none. */
static bool next_component(struct walk *walk, char name[SHF_PATH_MAX])
{
	char *rest = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(rest, "/");

	if (!length)
		return false;
	memcpy(name, rest, length);
	name[length] = '\0';
	rest += length;
	rest += strspn(rest, "/");
	memmove(walk->rest, rest, strlen(rest) + 1);
	return true;
}

static int open_checked_root(struct walk *walk)
{
	cleanup_fd int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (dir < 0 || fstat(dir, &st) < 0)
		return fail(walk, errno);
	walk->done[0] = '\0';
	rc = check(walk, &st);
	return rc < 0 ? rc : steal_fd(&dir);
}

static int append_done(struct walk *walk, const char *name)
{
	size_t used = strlen(walk->done);

	if (used + 1 + strlen(name) >= sizeof(walk->done))
		return -ENAMETOOLONG;
	snprintf(walk->done + used, sizeof(walk->done) - used, "/%s", name);
	return 0;
}

int shf_open_trusted(const char *path, int flags, struct shf_owners owners, const char *what,
		     int fault, struct shf_report *report)
{
	struct walk walk = {
		.path = path, .what = what, .fault = fault, .owners = owners, .report = report
	};
	char name[SHF_PATH_MAX];
	cleanup_fd int dir = -1;
	int rc;

	if (path[0] != '/' || strlen(path) >= sizeof(walk.rest))
		return shf_fail(report, fault, EINVAL,
				"cannot open %.100s '%.600s': not an absolute "
				"path",
				what, path);
	memcpy(walk.rest, path, strlen(path) + 1);
	dir = open_checked_root(&walk);
	if (dir < 0)
		return dir;
	while (next_component(&walk, name)) {
		bool last = !walk.rest[0];
		cleanup_fd int fd = -1;
		struct stat st;

		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return fail(&walk, errno);
		if (S_ISLNK(st.st_mode)) {
			bool restart = false;

			if (last)
				return shf_fail(report, fault, ELOOP,
						"refusing %s '%s': it is a symbolic link", what,
						path);
			rc = follow(&walk, dir, name, &restart);
			if (rc < 0)
				return fail(&walk, -rc);
			if (restart) {
				close(dir);
				dir = open_checked_root(&walk);
				if (dir < 0)
					return dir;
			}
			continue;
		}
		/* ".." of a link: the report then names the way taken, not the place */
		rc = append_done(&walk, name);
		if (rc < 0)
			return fail(&walk, -rc);
		rc = check(&walk, &st);
		if (rc < 0)
			return rc;
		if (!last) {
			close(dir);
			dir = steal_fd(&fd);
			continue;
		}
		/* nobody but the trusted can exchange it between the two opens */
		close(fd);
		fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return fail(&walk, errno);
		return steal_fd(&fd);
	}
	return shf_fail(report, fault, EISDIR, "cannot open %s '%s': it is the root directory",
			what, path);
}

int shf_check_trusted_fd(int fd, struct shf_owners owners, const char *what, int fault,
			 struct shf_report *report)
{
	char link[32], path[SHF_PATH_MAX];
	struct stat ours, theirs;
	cleanup_fd int again = -1;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return shf_fail_errno(report, fault, errno, "cannot find the path of %s", what);
	path[length] = '\0';
	again = shf_open_trusted(path, O_PATH, owners, what, fault, report);
	if (again < 0)
		return again;
	if (fstat(fd, &ours) < 0 || fstat(again, &theirs) < 0)
		return shf_fail_errno(report, fault, errno, "cannot examine %s '%s'", what, path);
	if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return shf_fail(report, fault, EPERM, "refusing %s '%s': it was exchanged", what,
				path);
	return 0;
}
