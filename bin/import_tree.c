/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRIES = 64 };

struct import_tree_time {
	char *path;
	struct timespec mtime;
};

int import_clean_path(const char *path, char out[PATH_MAX])
{
	size_t length, used = 0;

	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.'))
			continue;
		if (length == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (length > NAME_MAX || used + length + 2 > PATH_MAX)
			return -ENAMETOOLONG;
		if (used)
			out[used++] = '/';
		memcpy(out + used, path, length);
		used += length;
	}
	out[used] = '\0';
	return 0;
}

/* Open path with the tree as its root; a negative errno value on failure. */
static int open_beneath(const struct import_tree *tree, const char *path, uint64_t flags,
			uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* a rename anywhere on the system may get in its way */
	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, tree->root, *path ? path : ".", &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static int note_time(struct import_tree *tree, const char *path, struct timespec mtime)
{
	struct import_tree_time *times;
	char *copy;

	if (tree->n_times == tree->max_times) {
		size_t max = tree->max_times ? 2 * tree->max_times : 1024;

		times = reallocarray(tree->times, max, sizeof(*times));
		if (!times)
			return -ENOMEM;
		tree->times = times;
		tree->max_times = max;
	}
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	tree->times[tree->n_times++] = (struct import_tree_time){ copy, mtime };
	return 0;
}

/* Open a directory that may not be there yet. */
static int open_directory(struct import_tree *tree, const char *path)
{
	char part[PATH_MAX];
	int fd, next = -ENOENT, rc = 0;

	fd = open_beneath(tree, path, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	fd = open_beneath(tree, "", O_PATH | O_DIRECTORY, 0);
	for (size_t i = 0, start = 0; fd >= 0 && rc == 0; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		next = open_beneath(tree, part, O_PATH | O_DIRECTORY, 0);
		if (next == -ENOENT) {
			rc = mkdirat(fd, part + start, 0755) < 0 ? -errno : 0;
			/* a link that leads nowhere, which is not for us to repair */
			if (rc == -EEXIST)
				rc = -ENOENT;
			if (rc == 0)
				rc = note_time(tree, part, (struct timespec){ 0 });
			if (rc == 0)
				next = open_beneath(tree, part, O_PATH | O_DIRECTORY, 0);
		}
		close(fd);
		fd = rc < 0 ? rc : next;
		start = i + 1;
		if (path[i] == '\0')
			break;
	}
	return fd;
}

/* Split path; the descriptor is of the directory that has, or will have, *base. */
static int open_parent(struct import_tree *tree, const char *path, bool is_made, const char **base)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	size_t length = slash ? (size_t)(slash - path) : 0;

	memcpy(parent, path, length);
	parent[length] = '\0';
	*base = slash ? slash + 1 : path;
	return is_made ? open_directory(tree, parent)
		       : open_beneath(tree, parent, O_PATH | O_DIRECTORY, 0);
}

/* Take descriptor directory over. */
static int remove_contents(int directory)
{
	DIR *stream = fdopendir(directory);
	struct dirent *entry;
	int rc = 0, fd;

	if (!stream) {
		rc = -errno;
		close(directory);
		return rc;
	}
	while (rc == 0 && (errno = 0, entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(directory, entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			rc = -errno;
			break;
		}
		fd = openat(directory, entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		rc = fd < 0 ? -errno : remove_contents(fd);
		if (rc == 0 && unlinkat(directory, entry->d_name, AT_REMOVEDIR) < 0)
			rc = -errno;
	}
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(stream);
	return rc;
}

static int remove_at(int parent, const char *base)
{
	int fd, rc;

	if (unlinkat(parent, base, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = fd < 0 ? -errno : remove_contents(fd);
	return rc == 0 && unlinkat(parent, base, AT_REMOVEDIR) < 0 ? -errno : rc;
}

static mode_t fit_mode(const struct import_tree *tree, mode_t mode, bool is_directory)
{
	if (tree->keeps_owners)
		return mode & 07777;
	/* a setuid bit would be the caller's, on a file system that heeds it */
	mode &= 0755;
	return mode | (is_directory ? 0700 : 0600);
}

static int set_owner(struct import_tree *tree, int parent, const char *base, int flags,
		     const struct import_attributes *attributes)
{
	uid_t uid = (uid_t)attributes->uid;
	gid_t gid = (gid_t)attributes->gid;

	if (!tree->keeps_owners)
		return 0;
	if (attributes->uid >= 0 && attributes->uid < UINT32_MAX && attributes->gid >= 0 &&
	    attributes->gid < UINT32_MAX) {
		if (fchownat(parent, base, uid, gid, flags | AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
		if (errno != EINVAL)
			return -errno;
	}
	tree->n_owners++;
	return fchownat(parent, base, 0, 0, flags | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Of what cannot be opened without an effect. */
static int set_attributes_at(struct import_tree *tree, int parent, const char *base,
			     const struct import_attributes *attributes, bool has_mode)
{
	const struct timespec times[2] = { attributes->mtime, attributes->mtime };
	int rc = set_owner(tree, parent, base, 0, attributes);

	/* not followed: it was made just now, in a tree that nobody else writes to */
	if (rc == 0 && has_mode &&
	    fchmodat(parent, base, fit_mode(tree, attributes->mode, false), 0) < 0)
		rc = -errno;
	if (rc == 0 && utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	return rc;
}

int import_tree_directory(struct import_tree *tree, const char *path,
			  const struct import_attributes *attributes)
{
	struct stat st;
	const char *base;
	int parent, fd, rc = 0;

	if (!*path) {
		fd = open_beneath(tree, "", O_RDONLY | O_DIRECTORY, 0);
	} else {
		parent = open_parent(tree, path, true, &base);
		if (parent < 0)
			return parent;
		if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = errno == ENOENT ? 0 : -errno;
		else if (!S_ISDIR(st.st_mode))
			rc = remove_at(parent, base);
		if (rc == 0 && mkdirat(parent, base, 0700) < 0 && errno != EEXIST)
			rc = -errno;
		fd = rc;
		if (rc == 0)
			fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && rc == 0)
			fd = -errno;
		close(parent);
	}
	if (fd < 0)
		return fd;
	rc = set_owner(tree, fd, "", AT_EMPTY_PATH, attributes);
	if (rc == 0 && fchmod(fd, fit_mode(tree, attributes->mode, true)) < 0)
		rc = -errno;
	close(fd);
	return rc < 0 ? rc : note_time(tree, path, attributes->mtime);
}

/* Make room for path; the descriptor of its parent, or a negative errno value. */
static int make_room(struct import_tree *tree, const char *path, const char **base)
{
	int parent, rc;

	if (!*path)
		return -EISDIR;
	parent = open_parent(tree, path, true, base);
	if (parent < 0)
		return parent;
	rc = remove_at(parent, *base);
	if (rc == 0)
		return parent;
	close(parent);
	return rc;
}

int import_tree_file(struct import_tree *tree, const char *path, int *fd)
{
	const char *base;
	int parent = make_room(tree, path, &base);

	if (parent < 0)
		return parent;
	*fd = openat(parent, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		*fd = -errno;
	close(parent);
	return *fd < 0 ? *fd : 0;
}

int import_tree_close_file(struct import_tree *tree, int fd,
			   const struct import_attributes *attributes)
{
	const struct timespec times[2] = { attributes->mtime, attributes->mtime };
	/* before the mode: a change of owner takes setuid bits away */
	int rc = set_owner(tree, fd, "", AT_EMPTY_PATH, attributes);

	if (rc == 0 && fchmod(fd, fit_mode(tree, attributes->mode, false)) < 0)
		rc = -errno;
	if (rc == 0 && futimens(fd, times) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

int import_tree_link(struct import_tree *tree, const char *path, const char *target)
{
	const char *base, *target_base;
	struct stat from, to;
	int parent, target_parent, rc = 0;

	if (!*path || !*target)
		return -EISDIR;
	target_parent = open_parent(tree, target, false, &target_base);
	if (target_parent < 0)
		return target_parent;
	parent = open_parent(tree, path, true, &base);
	if (parent < 0) {
		close(target_parent);
		return parent;
	}
	if (fstatat(target_parent, target_base, &from, AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	else if (S_ISDIR(from.st_mode))
		rc = -EISDIR;
	/* a link to itself must not remove the only name */
	else if (fstatat(parent, base, &to, AT_SYMLINK_NOFOLLOW) < 0 || to.st_ino != from.st_ino) {
		rc = remove_at(parent, base);
		if (rc == 0 && linkat(target_parent, target_base, parent, base, 0) < 0)
			rc = -errno;
	}
	close(parent);
	close(target_parent);
	return rc;
}

int import_tree_symlink(struct import_tree *tree, const char *path, const char *target,
			const struct import_attributes *attributes)
{
	const char *base;
	int parent = make_room(tree, path, &base), rc = 0;

	if (parent < 0)
		return parent;
	if (symlinkat(target, parent, base) < 0)
		rc = -errno;
	if (rc == 0)
		rc = set_attributes_at(tree, parent, base, attributes, false);
	close(parent);
	return rc;
}

int import_tree_node(struct import_tree *tree, const char *path,
		     const struct import_attributes *attributes)
{
	const char *base;
	int parent = make_room(tree, path, &base), rc = 0;

	if (parent < 0)
		return parent;
	if (S_ISCHR(attributes->mode) || S_ISBLK(attributes->mode)) {
		tree->n_devices++;
		close(parent);
		return 0;
	}
	if (mknodat(parent, base, (attributes->mode & S_IFMT) | 0600, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = set_attributes_at(tree, parent, base, attributes, true);
	close(parent);
	return rc;
}

int import_tree_remove(struct import_tree *tree, const char *path)
{
	const char *base;
	int parent, rc;

	if (!*path)
		return -EISDIR;
	parent = open_parent(tree, path, false, &base);
	if (parent < 0)
		return parent == -ENOENT || parent == -ENOTDIR ? 0 : parent;
	rc = remove_at(parent, base);
	close(parent);
	return rc;
}

int import_tree_clear(struct import_tree *tree, const char *path)
{
	int fd = open_beneath(tree, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	return remove_contents(fd);
}

int import_tree_finish(struct import_tree *tree)
{
	int fd, rc = 0;

	for (size_t i = 0; i < tree->n_times; i++) {
		const struct timespec times[2] = { tree->times[i].mtime, tree->times[i].mtime };

		/* a later layer may have put something else there */
		fd = rc < 0 ? -ENOENT
			    : open_beneath(tree, tree->times[i].path,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
					   RESOLVE_NO_SYMLINKS);
		if (fd >= 0) {
			rc = futimens(fd, times) < 0 ? -errno : 0;
			close(fd);
		} else if (fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP) {
			rc = fd;
		}
		free(tree->times[i].path);
	}
	free(tree->times);
	tree->times = NULL;
	tree->n_times = tree->max_times = 0;
	return rc;
}
