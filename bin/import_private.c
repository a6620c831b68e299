/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_private.h"

#include "import_say.h"
#include "import_tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 16 };

static const char prefix[] = ".import-";

/* Only who may read the directory can open it, so nobody else can hold the lock. */
static int open_own(int parent, const char *name)
{
	struct stat st;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_nlink > 0)
		return fd;
	close(fd);
	return -ENOENT;
}

static void remove_stale(int parent)
{
	int fd, copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(stream))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		fd = open_own(parent, entry->d_name);
		if (fd < 0)
			continue;
		/* no lock, or none to be had here: it may be in use */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && import_remove(parent, entry->d_name) != 0)
			import_warn("cannot remove '%s', which an interrupted import left",
				    entry->d_name);
		close(fd);
	}
	closedir(stream);
}

int import_private_open(struct import_private *private, int parent, const char *path)
{
	unsigned int number;
	struct stat st;
	int fd;

	*private = IMPORT_NO_PRIVATE;
	remove_stale(parent);
	for (int i = 0; i < TRIES; i++) {
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return import_fail_errno(errno, "cannot get a random number");
		snprintf(private->name, sizeof(private->name), "%s%ld.%08x", prefix, (long)getpid(),
			 number);
		if (mkdirat(parent, private->name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return import_fail_errno(errno, "cannot write in '%s'", path);
		}
		fd = open_own(parent, private->name);
		/* another import may have taken it for an abandoned one */
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return import_fail_errno(-fd, "cannot open '%s/%s'", path, private->name);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
			close(fd);
			continue;
		}
		if (fstat(fd, &st) < 0 || st.st_nlink == 0) {
			close(fd);
			continue;
		}
		private->parent = parent;
		private->fd = fd;
		return 0;
	}
	return import_fail(IMPORT_NODE, "cannot make a directory in '%s': all names are taken",
			   path);
}

int import_private_close(struct import_private *private, const char *path)
{
	int rc;

	if (private->fd < 0)
		return 0;
	rc = import_remove(private->parent, private->name);
	close(private->fd);
	private->fd = -1;
	return rc ? import_fail(IMPORT_NODE, "cannot remove '%s/%s'", path, private->name) : 0;
}
