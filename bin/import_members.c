/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_members.h"

#include "import_say.h"
#include "import_stream.h"
#include "import_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMBERS_MAX = 65536,
       JSON_MAX = 8 * 1024 * 1024,
       LINKS_MAX = 8 };

/* Directories that a root file system starts with, and no image archive. */
static bool is_of_root(const char *path)
{
	static const char *const names[] = { "bin", "boot", "dev", "etc", "home", "lib", "lib64",
					     "proc", "root", "run", "srv", "sys", "tmp", "usr",
					     "var" };
	size_t length = strcspn(path, "/");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == length && strncmp(path, names[i], length) == 0)
			return true;
	return false;
}

int import_members_detect(int fd, const char *what, bool *is_image)
{
	struct import_stream stream;
	struct archive_entry *entry;
	char path[PATH_MAX];
	int status, more = 1;

	*is_image = false;
	status = import_stream_open(&stream, fd, "looking at the archive", what);
	while (status == 0 && (more = import_stream_next(&stream, &entry, what)) > 0) {
		const char *name = archive_entry_pathname(entry);

		/* what is wrong with a name is said when it is unpacked */
		if (!name || import_clean_path(name, path) < 0 || is_of_root(path))
			break;
		if (strcmp(path, "manifest.json") == 0 || strcmp(path, "oci-layout") == 0) {
			*is_image = true;
			break;
		}
	}
	import_stream_close(&stream);
	if (status == 0 && more < 0)
		status = IMPORT_CALLER;
	if (status == 0 && lseek(fd, 0, SEEK_SET) < 0)
		status = import_fail_errno(errno, "cannot read %s", what);
	return status;
}

static struct import_member *add_member(struct import_members *members, const char *name)
{
	struct import_member *list = members->list;
	size_t max = members->max;

	if (members->count == max) {
		max = max ? 2 * max : 64;
		list = reallocarray(list, max, sizeof(*list));
		if (!list)
			return NULL;
		members->list = list;
		members->max = max;
	}
	list += members->count;
	*list = (struct import_member){ .name = strdup(name),
					.number = (unsigned int)members->count };
	if (!list->name)
		return NULL;
	members->count++;
	return list;
}

static int open_number(const struct import_members *members, unsigned int number, int flags)
{
	char file[16];
	int fd;

	snprintf(file, sizeof(file), "%u", number);
	fd = openat(members->directory, file, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Cut the last component of path off. */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* What the link at path stands for, as a clean path; "" if that is not in the archive. */
static void resolve_link(const char *path, const char *target, char out[PATH_MAX])
{
	size_t length, used;

	strcpy(out, path);
	cut_last(out);
	for (; *target; target += length) {
		target += strspn(target, "/");
		length = strcspn(target, "/");
		used = strlen(out);
		if (length == 0 || (length == 1 && target[0] == '.'))
			continue;
		if (length == 2 && target[0] == '.' && target[1] == '.') {
			cut_last(out);
		} else if (used + length + 2 > PATH_MAX) {
			out[0] = '\0';
			return;
		} else {
			snprintf(out + used, PATH_MAX - used, "%s%.*s", used ? "/" : "",
				 (int)length, target);
		}
	}
}

static int add_entry(struct import_members *members, struct import_stream *stream,
		     struct archive_entry *entry, const char *what)
{
	const char *name = archive_entry_pathname(entry);
	char path[PATH_MAX], target[PATH_MAX];
	struct import_member *member;
	int fd, rc;

	if (!name || import_clean_path(name, path) < 0)
		return import_fail(IMPORT_CALLER,
				   "cannot read %s: the path '%.512s' leads out of it",
				   what, name ? name : "");
	if (members->count >= MEMBERS_MAX)
		return import_fail(IMPORT_CALLER, "cannot read %s: it has more than %d files", what,
				   MEMBERS_MAX);
	target[0] = '\0';
	if (archive_entry_hardlink(entry)) {
		if (import_clean_path(archive_entry_hardlink(entry), target) < 0)
			return 0;
	} else if (archive_entry_filetype(entry) == AE_IFLNK) {
		resolve_link(path, archive_entry_symlink(entry), target);
	} else if (archive_entry_filetype(entry) != AE_IFREG) {
		return 0;
	}
	member = add_member(members, path);
	if (!member || (*target && !(member->target = strdup(target))))
		return import_fail_errno(ENOMEM, "cannot read %s", what);
	if (*target)
		return 0;
	fd = open_number(members, member->number, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0)
		return import_fail_errno(-fd, "cannot copy '%s' of %s", path, what);
	rc = archive_read_data_into_fd(stream->tar, fd);
	if (rc == ARCHIVE_OK && ftruncate(fd, (off_t)archive_entry_size(entry)) == 0) {
		close(fd);
		return 0;
	}
	close(fd);
	if (archive_errno(stream->tar) == ENOSPC || archive_errno(stream->tar) == EDQUOT)
		return import_fail_errno(archive_errno(stream->tar), "cannot copy '%s' of %s", path,
					 what);
	return import_stream_fail(stream, what);
}

int import_members_collect(struct import_members *members, int fd, int directory, const char *what)
{
	char digest[IMPORT_DIGEST_SIZE];
	struct import_stream stream;
	struct archive_entry *entry;
	int status, more = 1;

	*members = (struct import_members){ .directory = directory };
	status = import_stream_open(&stream, fd, "reading the archive", what);
	while (status == 0 && (more = import_stream_next(&stream, &entry, what)) > 0)
		status = add_entry(members, &stream, entry, what);
	if (status == 0 && more < 0)
		status = IMPORT_CALLER;
	/* to the end: the writer of a pipe would take a closed one for a failure */
	if (status == 0)
		status = import_stream_finish(&stream, digest, what);
	import_stream_close(&stream);
	return status;
}

/* The later of two of that name is the one that counts, as when unpacked. */
static const struct import_member *find(const struct import_members *members, const char *name)
{
	for (int links = 0; links < LINKS_MAX; links++) {
		const struct import_member *found = NULL;

		for (size_t i = members->count; i-- > 0 && !found;)
			if (strcmp(members->list[i].name, name) == 0)
				found = &members->list[i];
		if (!found || !found->target)
			return found;
		name = found->target;
	}
	return NULL;
}

bool import_members_has(const struct import_members *members, const char *name)
{
	return find(members, name) != NULL;
}

int import_members_open(const struct import_members *members, const char *name)
{
	char clean[PATH_MAX];
	const struct import_member *member;

	if (import_clean_path(name, clean) < 0)
		return -ENOENT;
	member = find(members, clean);
	return member ? open_number(members, member->number, O_RDONLY) : -ENOENT;
}

int import_members_read(const struct import_members *members, const char *name, char **bytes,
			size_t *length)
{
	int fd = import_members_open(members, name), rc = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (st.st_size > JSON_MAX)
		rc = -EFBIG;
	*bytes = rc < 0 ? NULL : malloc((size_t)st.st_size + 1);
	if (rc == 0 && !*bytes)
		rc = -ENOMEM;
	for (*length = 0; rc == 0 && *length < (size_t)st.st_size; *length += (size_t)n) {
		n = read(fd, *bytes + *length, (size_t)st.st_size - *length);
		if (n <= 0)
			rc = n < 0 ? -errno : -EIO;
		if (rc < 0)
			break;
	}
	close(fd);
	if (rc == 0)
		(*bytes)[*length] = '\0';
	else
		free(*bytes);
	return rc;
}

void import_members_free(struct import_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		free(members->list[i].name);
		free(members->list[i].target);
	}
	free(members->list);
	*members = (struct import_members){ 0 };
}
