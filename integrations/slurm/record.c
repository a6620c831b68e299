/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "common/private_dir.h"
#include "common/scope.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 4 * 1024 * 1024,
       SENTENCE_MAX = 4096 };

static const char base_path[] = SHF_RUN_DIR "-slurm";

static const char *const names[] = {
	SHF_SLURM_FACTS,
	SHF_SLURM_ERROR,
	SHF_SLURM_WARNING,
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

static int create(uint32_t job, int *out)
{
	scope_fd int base = -1;
	scope_fd int record = -1;
	char name[16];
	int rc;

	job_name(job, name);
	if ((rc = shf_wlm_make_private_dir(AT_FDCWD, base_path)) < 0 ||
	    (rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base)) < 0 ||
	    (rc = shf_wlm_make_private_dir(base, name)) < 0 ||
	    (rc = shf_wlm_open_private_dir(base, name, &record)) < 0 ||
	    (rc = empty(record)) < 0)
		return rc;
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

int shf_slurm_record_say(int record, const char *name, const char *sentence)
{
	int rc = shf_slurm_record_write(record, name, sentence, strnlen(sentence, SENTENCE_MAX));

	return rc == -EEXIST ? 0 : rc;
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

bool shf_slurm_record_has(int record, const char *name)
{
	return faccessat(record, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int shf_slurm_record_remove(uint32_t job)
{
	scope_fd int base = -1;
	scope_fd int record = -1;
	char name[16];
	int rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &base);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	job_name(job, name);
	rc = shf_wlm_open_private_dir(base, name, &record);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if ((rc = empty(record)) < 0)
		return rc;
	if (unlinkat(base, name, AT_REMOVEDIR) < 0)
		return -errno;
	/* Leave nothing where no job is left; another's record keeps the base. */
	if (rmdir(base_path) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		return -errno;
	return 0;
}
