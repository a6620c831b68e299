/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "common/private_dir.h"
#include "common/scope.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { FILE_MAX = 4 * 1024 * 1024,
       SENTENCE_MAX = 4096 };

/* for who comes after all hooks that may have made the record */
#define NEWEST "18446744073709551615"

static const char base_path[] = SHF_RUN_DIR "-slurm";

/*
 * Which process made it: when that was started, in ticks since the node was.  It is the text of
 * a link, for which there is room even in a /run that is full.
 */
static const char hook_name[] = "hook";

static const char *const names[] = {
	hook_name,
	SHF_SLURM_FACTS,
	SHF_SLURM_ERROR,
	SHF_SLURM_WARNING,
	SHF_SLURM_ILL,
	SHF_SLURM_BEGUN,
	SHF_SLURM_DONE,
};

static void job_name(uint32_t job, char name[16])
{
	snprintf(name, 16, "%u", (unsigned int)job);
}

static int empty(int record)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(record, names[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

int shf_slurm_record_write(int record, const char *name, const void *bytes, size_t size)
{
	/* Readers must never see a part: the file gets its name when it is whole. */
	scope_fd int fd = openat(record, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	char path[32];
	const char *at = bytes;

	if (fd < 0)
		return -errno;
	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, record, name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

int shf_slurm_record_read(int record, const char *name, char **out, size_t *size)
{
	scope_fd int fd = openat(record, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scope_free char *bytes = NULL;
	struct stat st;
	size_t length = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return -EUCLEAN;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	while (length < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + length, (size_t)st.st_size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EUCLEAN;
		length += (size_t)n;
	}
	bytes[length] = '\0';
	if (size)
		*size = length;
	*out = bytes;
	bytes = NULL;
	return 0;
}

/* When this process was started: word 22 of proc(5)'s stat. */
static int own_start(char out[32])
{
	char text[1024];
	scope_fd int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* the second word is the program's name, with whatever is in it */
	at = strrchr(text, ')');
	for (int i = 2; at && i < 22; i++)
		if ((at = strchr(at, ' ')))
			at++;
	if (!at)
		return -EIO;
	snprintf(out, 32, "%.*s", (int)strcspn(at, " "), at);
	return 0;
}

/*
 * Lock it against other hooks, who may be removing it.  -ENOENT if it has been, -ECANCELED if
 * it is that of a hook that was started after this one.
 */
static int claim(int record, const char *own)
{
	char hook[32];
	struct stat st;
	ssize_t n;

	if (flock(record, LOCK_EX) < 0 || fstat(record, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ENOENT;
	n = readlinkat(record, hook_name, hook, sizeof(hook) - 1);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	hook[n] = '\0';
	return strtoull(hook, NULL, 10) > strtoull(own, NULL, 10) ? -ECANCELED : 0;
}

static int create(uint32_t job, int *out)
{
	scope_fd int base = -1;
	scope_fd int record = -1;
	char name[16], own[32];
	int rc;

	job_name(job, name);
	if ((rc = own_start(own)) < 0 ||
	    (rc = shf_wlm_make_private_dir(AT_FDCWD, base_path)) < 0 ||
	    (rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base)) < 0 ||
	    (rc = shf_wlm_make_private_dir(base, name)) < 0 ||
	    (rc = shf_wlm_open_private_dir(base, name, &record)) < 0 ||
	    (rc = claim(record, own)) < 0 || (rc = empty(record)) < 0)
		return rc;
	if (symlinkat(own, record, hook_name) < 0)
		return -errno;
	flock(record, LOCK_UN);
	*out = record;
	record = -1;
	return 0;
}

int shf_slurm_record_create(uint32_t job, int *out)
{
	int rc = -ENOENT;

	/* The epilog of another job may remove the empty base under our hands. */
	for (int i = 0; i < 100 && rc == -ENOENT; i++)
		rc = create(job, out);
	return rc;
}

int shf_slurm_record_open(uint32_t job, int *out)
{
	scope_fd int base = -1;
	char name[16];
	int rc;

	job_name(job, name);
	if ((rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base)) < 0)
		return rc;
	return shf_wlm_open_private_dir(base, name, out);
}

int shf_slurm_record_say(int record, const char *name, const char *sentence)
{
	int rc = shf_slurm_record_write(record, name, sentence, strnlen(sentence, SENTENCE_MAX));

	if (rc == -ENOSPC)
		rc = shf_slurm_record_write(record, name, "", 0);
	return rc == -EEXIST ? 0 : rc;
}

bool shf_slurm_record_has(int record, const char *name)
{
	return faccessat(record, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Remove the record, which is locked, and leave nothing where no job is left. */
static int remove_locked(int base, int record, const char *name)
{
	int rc = empty(record);

	if (rc < 0)
		return rc;
	if (unlinkat(base, name, AT_REMOVEDIR) < 0)
		return -errno;
	/* another job's record keeps the base */
	if (rmdir(base_path) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		return -errno;
	return 0;
}

int shf_slurm_record_remove(uint32_t job)
{
	scope_fd int base = -1;
	scope_fd int record = -1;
	char name[16];
	int rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base);

	job_name(job, name);
	if (rc == 0)
		rc = shf_wlm_open_private_dir(base, name, &record);
	if (rc == 0)
		rc = claim(record, NEWEST);
	if (rc == 0)
		rc = remove_locked(base, record, name);
	return rc == -ENOENT ? 0 : rc;
}

int shf_slurm_record_abandon(uint32_t job, int record)
{
	scope_fd int base = -1;
	char name[16], own[32];
	int rc = own_start(own);

	job_name(job, name);
	if (rc == 0)
		rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base);
	/* while it has its name it is what the name means */
	if (rc == 0)
		rc = claim(record, own);
	if (rc == 0)
		rc = remove_locked(base, record, name);
	flock(record, LOCK_UN);
	return rc == -ENOENT || rc == -ECANCELED ? 0 : rc;
}
