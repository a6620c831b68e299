/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_copy.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 6,
	ENTRIES_MAX = 4096,
	BYTES_MAX = 1 << 30,
};

/* What is done with each entry of a tree: its directory, its name, its status. */
struct visitor {
	int (*visit)(struct visitor *v, int dir, int to, const char *name, const struct stat *st);
	uint64_t fingerprint;
	uint64_t bytes;
	unsigned entries;
	char *failed_name; /* SHF_UDI_NAME bytes */
};

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/*
 * Visit everything below from, directories before what they hold; to is the
 * directory of the same place in the copy, or -1.
 */
static int visit_tree(struct visitor *v, int from, int to, unsigned depth)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	cleanup_fd int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	int rc = 0;

	if (again < 0)
		return -errno;
	dir = fdopendir(again);
	if (!dir)
		return -errno;
	steal_fd(&again);
	while (rc == 0 && (errno = 0, entry = readdir(dir))) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(v->failed_name, SHF_UDI_NAME, "%s", entry->d_name);
		if (fstatat(from, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (depth == DEPTH_MAX || ++v->entries > ENTRIES_MAX)
			return -E2BIG;
		rc = v->visit(v, from, to, entry->d_name, &st);
		if (rc == 0 && S_ISDIR(st.st_mode)) {
			cleanup_fd int sub = -1;
			cleanup_fd int sub_to = -1;

			sub = openat(from, entry->d_name,
				     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub < 0)
				return -errno;
			if (to >= 0) {
				sub_to = openat(to, entry->d_name,
						O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
				if (sub_to < 0)
					return -errno;
			}
			rc = visit_tree(v, sub, sub_to, depth + 1);
		}
	}
	return rc == 0 && errno ? -errno : rc;
}

/* ---- the fingerprint ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	/* FNV-1a, offset and prime of 64 bits, per byte */
	for (int i = 0; i < 8; i++) {
		hash ^= value & 0xff;
		hash *= 0x100000001b3u;
		value >>= 8;
	}
	return hash;
}

static int fingerprint_entry(struct visitor *v, int dir, int to, const char *name,
			     const struct stat *st)
{
	uint64_t hash = 0xcbf29ce484222325u;

	(void)dir, (void)to;
	if (st->st_uid != 0 || (!S_ISLNK(st->st_mode) && st->st_mode & 022))
		return -EPERM;
	for (const char *c = name; *c; c++)
		hash = mix(hash, (unsigned char)*c);
	hash = mix(hash, st->st_mode);
	hash = mix(hash, st->st_ino);
	hash = mix(hash, st->st_dev);
	if (!S_ISDIR(st->st_mode)) {
		hash = mix(hash, (uint64_t)st->st_size);
		hash = mix(hash, (uint64_t)st->st_mtim.tv_sec);
		hash = mix(hash, (uint64_t)st->st_mtim.tv_nsec);
		hash = mix(hash, (uint64_t)st->st_ctim.tv_sec);
		hash = mix(hash, (uint64_t)st->st_ctim.tv_nsec);
	}
	/* a sum: readdir() promises no order */
	v->fingerprint += hash;
	return 0;
}

/* ---- the copy ---- */

/*
 * The start of sshd runs a program as the user before it is in the cgroups of the job,
 * where nothing of the user's may run: a program that its user may not read is one
 * that the user may not trace (ptrace(2)), nor fill with other code.
 */
static mode_t choose_mode(const char *name, mode_t mode)
{
	if (!(mode & 0111))
		return 0644;
	if (strcmp(name, "udi-host-key") == 0)
		return 0711;
	return 0755;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	cleanup_fd int in = -1;
	cleanup_fd int out = -1;
	char chunk[65536];
	ssize_t n;

	in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	while ((n = read(in, chunk, sizeof(chunk))) != 0) {
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		rc = shf_write_all(out, chunk, (size_t)n);
		if (rc < 0)
			return rc;
	}
	/* what may be executed, and nothing that is set-id */
	return fchmod(out, choose_mode(name, st->st_mode)) < 0 ? -errno : 0;
}

static int copy_entry(struct visitor *v, int dir, int to, const char *name, const struct stat *st)
{
	char target[4096];
	ssize_t length;

	v->bytes += (uint64_t)st->st_size;
	if (v->bytes > BYTES_MAX)
		return -EFBIG;
	if (S_ISREG(st->st_mode))
		return copy_file(dir, to, name, st);
	if (S_ISDIR(st->st_mode)) {
		if (mkdirat(to, name, 0700) < 0)
			return -errno;
		/* the umask is the caller's */
		return fchmodat(to, name, 0755, 0) < 0 ? -errno : 0;
	}
	if (!S_ISLNK(st->st_mode))
		return -EINVAL;
	length = readlinkat(dir, name, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

int shf_fingerprint_udi(int source, uint64_t *fingerprint, char failed_name[SHF_UDI_NAME])
{
	struct visitor v = { .visit = fingerprint_entry, .failed_name = failed_name };
	int rc;

	failed_name[0] = '\0';
	rc = visit_tree(&v, source, -1, 0);
	*fingerprint = v.fingerprint;
	return rc;
}

int shf_copy_udi(int source, int to, char failed_name[SHF_UDI_NAME])
{
	struct visitor v = { .visit = copy_entry, .failed_name = failed_name };

	return visit_tree(&v, source, to, 0);
}

/* ---- old copies ---- */

/*
 * Remove a tree of our own making, in a directory that is root's alone.  Not
 * through visit_tree(): it is emptied while it is read.
 */
static int remove_tree(int dir, const char *name, unsigned depth)
{
	__attribute__((cleanup(close_dir))) DIR *entries = NULL;
	cleanup_fd int fd = -1;
	struct dirent *entry;

	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (depth > DEPTH_MAX)
		return -E2BIG;
	entries = fdopendir(fd);
	if (!entries)
		return -errno;
	steal_fd(&fd);
	while ((entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(entries), entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR)
			return -errno;
		if (remove_tree(dirfd(entries), entry->d_name, depth + 1) < 0)
			return -EBUSY;
	}
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int shf_remove_udi_copy(int dir, const char *name)
{
	return remove_tree(dir, name, 0);
}
