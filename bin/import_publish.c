/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_publish.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/* Of length bytes: letters, digits and "._-", first a letter or digit. */
static bool is_word(const char *word, size_t length)
{
	return length > 0 && length <= 128 && strchr("._-", word[0]) == NULL &&
	       strspn(word, plain) >= length;
}

/* As lib/model/image.c has it: only the first component may have a port, if others follow. */
static bool is_repository(const char *name, size_t length)
{
	for (size_t start = 0, end; start <= length; start = end + 1) {
		size_t port;

		end = start + strcspn(name + start, "/");
		if (end > length)
			end = length;
		port = start + strcspn(name + start, ":");
		if (start == 0 && end < length && port < end) {
			if (!is_word(name, port) || !is_word(name + port + 1, end - port - 1))
				return false;
		} else if (!is_word(name + start, end - start)) {
			return false;
		}
	}
	return true;
}

/* As lib/model/image.c has it: without the registry that everybody means; podman writes it out. */
static const char *shorten(const char *name)
{
	static const char *const prefixes[] = { "docker.io/library/", "docker.io/", "localhost/" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
			name += strlen(prefixes[i]);
			i = (size_t)-1;
		}
	return name;
}

/* As snprintf(), or -1 if it is no name of that kind. */
static int name_docker(const char *name, char *full, size_t size)
{
	const char *slash = strrchr(name, '/');
	const char *tag = strchr(slash ? slash : name, ':');

	if (!is_repository(name, tag ? (size_t)(tag - name) : strlen(name)) ||
	    (tag && !is_word(tag + 1, strlen(tag + 1))))
		return -1;
	return snprintf(full, size, "docker:%s%s", name, tag ? "" : ":latest");
}

int import_tag_name(const char *reference, char out[IMPORT_TAG_MAX])
{
	char full[NAME_MAX];
	size_t used = 0;
	int length;

	/* what these mean is not for the index to say */
	if (strncmp(reference, "id:", 3) == 0 || strncmp(reference, "local:", 6) == 0)
		return -EINVAL;
	if (strncmp(reference, "custom:", 7) == 0)
		length = is_word(reference + 7, strlen(reference + 7))
				 ? snprintf(full, sizeof(full), "%s", reference)
				 : -1;
	else
		length = name_docker(shorten(strncmp(reference, "docker:", 7) == 0 ? reference + 7
										   : reference),
				     full, sizeof(full));
	if (length < 0 || (size_t)length >= sizeof(full))
		return -EINVAL;
	for (const char *c = full; *c; c++)
		used += (size_t)snprintf(out + used, 4, strchr(plain, *c) ? "%c" : "%%%02X",
					 (unsigned char)*c);
	return used > NAME_MAX ? -EINVAL : 0;
}

int import_write_file(int scratch, int directory, const char *name, const char *bytes,
		      size_t length)
{
	static const char draft[] = "draft";
	int fd, rc = 0;

	if (unlinkat(scratch, draft, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(scratch, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (length > 0 && rc == 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno != EINTR)
			rc = -errno;
		bytes += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
	/* whatever the caller's umask is */
	if (rc == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(scratch, draft, directory, name) < 0)
		rc = -errno;
	return rc;
}

int import_move_new(int from, const char *name, int to, const char *new_name)
{
	struct stat st;

	if (syscall(SYS_renameat2, from, name, to, new_name, RENAME_NOREPLACE) == 0)
		return 0;
	/* not every network file system has it */
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(to, new_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from, name, to, new_name) < 0 ? -errno : 0;
}
