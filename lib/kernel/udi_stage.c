/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_stage.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/process.h"
#include "kernel/state.h"
#include "kernel/trust.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FRESH ".new"

enum {
	DEPTH_MAX = 6,
	ENTRIES_MAX = 4096,
	BYTES_MAX = 1 << 30,
	LOCK_MS = 60000,
};

/* What is done with each entry of a tree: its directory, its name, its status. */
struct visitor {
	int (*visit)(struct visitor *v, int dir, int to, const char *name, const struct stat *st);
	uint64_t fingerprint;
	uint64_t bytes;
	unsigned entries;
	char failed_name[256];
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
		snprintf(v->failed_name, sizeof(v->failed_name), "%s", entry->d_name);
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
 * Set-up runs some programs as the user before they are in the cgroups of the job,
 * where nothing of the user's may run: a program that its user may not read is one
 * that the user may not trace (ptrace(2)), nor fill with other code.
 */
static mode_t choose_mode(const char *name, mode_t mode)
{
	if (!(mode & 0111))
		return 0644;
	if (strcmp(name, "ssh-keygen") == 0 || strcmp(name, "ssh-keyscan") == 0)
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

static bool is_in_use(int run_dir, const char *stage)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	cleanup_fd int again = openat(run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return true;
	steal_fd(&again);
	while ((entry = readdir(dir))) {
		struct shf_state state = { .root = -1, .id = entry->d_name };
		struct shf_report ignored = { 0 };
		struct shf_record record;
		bool is_same;

		if (entry->d_name[0] == '.')
			continue;
		state.dir = openat(run_dir, entry->d_name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (state.dir < 0)
			continue;
		/* one without a record is being set up, and holds the lock that we have */
		if (shf_read_record(&state, &record, &ignored) == 0) {
			is_same = strcmp(record.stage, stage) == 0;
			shf_record_free(&record);
		} else {
			is_same = false;
		}
		close(state.dir);
		if (is_same)
			return true;
	}
	return false;
}

static void remove_unused(int run_dir, int stages)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	cleanup_fd int again = openat(stages, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return;
	steal_fd(&again);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !is_in_use(run_dir, entry->d_name))
			/* memory, no more: the next new stage tries again */
			(void)remove_tree(stages, entry->d_name, 0);
}

/* ---- finding and making ---- */

static int lock(int fd, bool shared)
{
	int rc = shf_lock_directory(fd, shared, shf_now_ms() + LOCK_MS);

	return rc == -EBUSY ? -ETIMEDOUT : rc;
}

static int open_stage(int stages, const char *name)
{
	int fd = openat(stages, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_stage(int run_dir, int stages, int source, const char *name, struct visitor *v)
{
	cleanup_fd int fresh = -1;
	int rc;

	remove_unused(run_dir, stages);
	rc = remove_tree(stages, FRESH, 0);
	if (rc < 0)
		return rc;
	if (mkdirat(stages, FRESH, 0700) < 0)
		return -errno;
	if (fchmodat(stages, FRESH, 0755, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = fresh = open_stage(stages, FRESH);
	v->visit = copy_entry;
	v->entries = 0;
	if (rc >= 0)
		rc = visit_tree(v, source, fresh, 0);
	if (rc == 0 && renameat(stages, FRESH, stages, name) < 0)
		rc = -errno;
	if (rc < 0)
		(void)remove_tree(stages, FRESH, 0);
	return rc;
}

static int find_or_make(int run_dir, int source, struct shf_udi_stage *stage, struct visitor *v)
{
	int rc;

	if (mkdirat(run_dir, SHF_STAGES_NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	stage->lock =
		openat(run_dir, SHF_STAGES_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (stage->lock < 0)
		return -errno;
	rc = lock(stage->lock, true);
	if (rc < 0)
		return rc;
	stage->dir = open_stage(stage->lock, stage->name);
	if (stage->dir != -ENOENT)
		return stage->dir < 0 ? stage->dir : 0;
	/* not atomic (flock(2)): somebody may have made it before we have the lock */
	rc = lock(stage->lock, false);
	if (rc < 0)
		return rc;
	stage->dir = open_stage(stage->lock, stage->name);
	if (stage->dir == -ENOENT) {
		rc = make_stage(run_dir, stage->lock, source, stage->name, v);
		if (rc < 0)
			return rc;
		stage->dir = open_stage(stage->lock, stage->name);
	}
	return stage->dir < 0 ? stage->dir : lock(stage->lock, true);
}

int shf_open_udi_stage(int run_dir, const char *path, struct shf_udi_stage *stage,
		       struct shf_report *report)
{
	struct visitor v = { .visit = fingerprint_entry };
	cleanup_fd int source = -1;
	int rc;

	*stage = SHF_NO_UDI_STAGE;
	source = shf_open_trusted(path, O_RDONLY | O_DIRECTORY, (struct shf_owners){ NULL, 0 },
				  "udiImage", SHIFTER_FAULT_SITE, report);
	if (source < 0)
		return source;
	rc = visit_tree(&v, source, -1, 0);
	if (rc == -EPERM)
		return shf_fail(report, SHIFTER_FAULT_SITE, EPERM,
				"refusing udiImage '%s': '%s' in it can be changed by others than "
				"root",
				path, v.failed_name);
	if (rc == 0) {
		snprintf(stage->name, sizeof(stage->name), "%016" PRIx64, v.fingerprint);
		rc = find_or_make(run_dir, source, stage, &v);
	}
	if (rc < 0) {
		shf_close_udi_stage(stage);
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot copy udiImage '%s' to the node, at '%s'", path,
				      v.failed_name);
	}
	return 0;
}

int shf_sweep_udi_stages(int run_dir, bool dry_run,
			 void (*found)(const char *name, int error, void *data), void *data)
{
	struct dirent **entries = NULL;
	cleanup_fd int stages = -1;
	int count, rc;

	stages = openat(run_dir, SHF_STAGES_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (stages < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = shf_lock_directory(stages, false, 0);
	if (rc < 0)
		return rc == -EBUSY ? 0 : rc;
	count = scandirat(stages, ".", &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		bool is_fresh = strcmp(name, FRESH) == 0;

		/* nobody is making one while we have the lock */
		if (is_fresh || (name[0] != '.' && !is_in_use(run_dir, name)))
			found(name, dry_run ? 0 : -remove_tree(stages, name, 0), data);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

void shf_close_udi_stage(struct shf_udi_stage *stage)
{
	shf_close_fd(&stage->dir);
	shf_close_fd(&stage->lock);
}
