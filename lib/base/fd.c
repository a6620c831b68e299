/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fd.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int shf_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length) {
		ssize_t n = write(fd, next, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		next += n;
		length -= (size_t)n;
	}
	return 0;
}

int shf_read_all(int fd, size_t limit, struct shf_text *out)
{
	char chunk[4096];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return out->failed ? -ENOMEM : 0;
		total += (size_t)n;
		if (total > limit)
			return -EFBIG;
		shf_text_add_mem(out, chunk, (size_t)n);
	}
}

int shf_create_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length)
{
	cleanup_fd int fd = -1;
	int rc;

	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = shf_write_all(fd, bytes, length);
	/* after the content: the umask must not matter, and nobody reads half */
	if (rc == 0 && fchmod(fd, mode) < 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(dir, name, 0);
	return rc;
}

int shf_replace_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length)
{
	char temporary[256];
	int rc;

	rc = snprintf(temporary, sizeof(temporary), ".%s.new", name);
	if (rc < 0 || (size_t)rc >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* left by a process that was killed in between */
	if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	rc = shf_create_file(dir, temporary, mode, bytes, length);
	if (rc < 0)
		return rc;
	if (renameat(dir, temporary, dir, name) < 0) {
		rc = -errno;
		unlinkat(dir, temporary, 0);
		return rc;
	}
	return 0;
}

int shf_dup_fd(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}
