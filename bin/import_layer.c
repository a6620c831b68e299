/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_layer.h"

#include "import_say.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char whiteout[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

static int fail_entry(int error, const char *path, const char *what)
{
	if (error == EINVAL)
		return import_fail(IMPORT_CALLER,
				   "cannot unpack %s: the path '%.512s' leads out of the image",
				   what, path);
	return import_fail_errno(error, "cannot unpack '%.512s' of %s", path, what);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_whiteout(const char *path)
{
	return strncmp(base_of(path), whiteout, strlen(whiteout)) == 0;
}

/* The clean path of entry; a status. */
static int get_path(struct archive_entry *entry, const char *what, char path[PATH_MAX])
{
	const char *name = archive_entry_pathname(entry);
	int rc;

	if (!name)
		return import_fail(IMPORT_CALLER,
				   "cannot unpack %s: the name of an entry cannot be read", what);
	rc = import_clean_path(name, path);
	return rc < 0 ? fail_entry(-rc, name, what) : 0;
}

/* Remove what the whiteout at path hides; a status. */
static int remove_hidden(struct import_tree *tree, const char *path, const char *what)
{
	size_t length = (size_t)(base_of(path) - path);
	const char *hidden = base_of(path) + strlen(whiteout);
	char victim[PATH_MAX];
	int rc;

	memcpy(victim, path, length);
	victim[length] = '\0';
	if (strcmp(base_of(path), opaque) == 0) {
		victim[length ? length - 1 : 0] = '\0';
		rc = import_tree_clear(tree, victim);
	} else if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0) {
		rc = -EINVAL;
	} else if (strncmp(hidden, whiteout, strlen(whiteout)) == 0) {
		/* aufs' own housekeeping, which is no part of the image */
		rc = 0;
	} else {
		strcpy(victim + length, hidden);
		rc = import_tree_remove(tree, victim);
	}
	return rc < 0 ? fail_entry(-rc, path, what) : 0;
}

static int apply_whiteouts(struct import_tree *tree, int fd, const char *step, const char *what)
{
	struct import_stream stream;
	struct archive_entry *entry;
	char path[PATH_MAX];
	int status, more = 1;

	status = import_stream_open(&stream, fd, step, what);
	while (status == 0 && (more = import_stream_next(&stream, &entry, what)) > 0) {
		status = get_path(entry, what, path);
		if (status == 0 && is_whiteout(path))
			status = remove_hidden(tree, path, what);
	}
	import_stream_close(&stream);
	if (status == 0 && more < 0)
		status = IMPORT_CALLER;
	if (status == 0 && lseek(fd, 0, SEEK_SET) < 0)
		status = import_fail_errno(errno, "cannot read %s", what);
	return status;
}

static int write_at(int fd, const char *buffer, size_t size, off_t offset)
{
	ssize_t n;

	for (; size; buffer += n, size -= (size_t)n, offset += n) {
		n = pwrite(fd, buffer, size, offset);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* The contents of a file; a status. */
static int copy_data(struct import_stream *stream, struct archive_entry *entry, int fd,
		     const char *path, const char *what)
{
	const void *buffer;
	la_int64_t offset;
	size_t size;
	int rc, error;

	while ((rc = archive_read_data_block(stream->tar, &buffer, &size, &offset)) == ARCHIVE_OK) {
		error = write_at(fd, buffer, size, (off_t)offset);
		if (error < 0)
			return fail_entry(-error, path, what);
	}
	if (rc != ARCHIVE_EOF)
		return import_stream_fail(stream, what);
	/* a file may end with a hole */
	if (ftruncate(fd, (off_t)archive_entry_size(entry)) < 0)
		return fail_entry(errno, path, what);
	return 0;
}

static int unpack_file(struct import_tree *tree, struct import_stream *stream,
		       struct archive_entry *entry, const char *path, const char *what,
		       const struct import_attributes *attributes)
{
	int fd, rc, status;

	rc = import_tree_file(tree, path, &fd);
	if (rc < 0)
		return fail_entry(-rc, path, what);
	status = copy_data(stream, entry, fd, path, what);
	rc = import_tree_close_file(tree, fd, attributes);
	return status == 0 && rc < 0 ? fail_entry(-rc, path, what) : status;
}

static int unpack_link(struct import_tree *tree, const char *path, const char *target,
		       const char *what)
{
	char clean[PATH_MAX];
	int rc = import_clean_path(target, clean);

	if (rc < 0)
		return fail_entry(-rc, target, what);
	rc = import_tree_link(tree, path, clean);
	if (rc == -ENOENT)
		return import_fail(IMPORT_CALLER,
				   "cannot unpack '%.512s' of %s: it is a hard link to '%.512s', "
				   "which is not there",
				   path, what, clean);
	return rc < 0 ? fail_entry(-rc, path, what) : 0;
}

static int unpack(struct import_tree *tree, struct import_stream *stream,
		  struct archive_entry *entry, const char *path, const char *what)
{
	const struct import_attributes attributes = {
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.mtime = { archive_entry_mtime(entry), archive_entry_mtime_nsec(entry) },
		.device = archive_entry_rdev(entry),
	};
	const char *target = archive_entry_hardlink(entry);
	int rc = 0;

	if (target)
		return unpack_link(tree, path, target, what);
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG: return unpack_file(tree, stream, entry, path, what, &attributes);
	case AE_IFDIR: rc = import_tree_directory(tree, path, &attributes); break;
	case AE_IFLNK:
		target = archive_entry_symlink(entry);
		/* an empty one cannot be made; some archives have it for links they lost */
		if (!target || !*target)
			return import_fail(IMPORT_CALLER,
					   "cannot unpack '%.512s' of %s: a link to nothing", path,
					   what);
		rc = import_tree_symlink(tree, path, target, &attributes);
		break;
	case AE_IFIFO:
	case AE_IFSOCK:
	case AE_IFCHR:
	case AE_IFBLK: rc = import_tree_node(tree, path, &attributes); break;
	default:
		return import_fail(IMPORT_CALLER,
				   "cannot unpack '%.512s' of %s: its type is not known", path,
				   what);
	}
	return rc < 0 ? fail_entry(-rc, path, what) : 0;
}

int import_layer(struct import_tree *tree, int fd, enum import_layer_kind kind, const char *step,
		 const char *what, char digest[IMPORT_DIGEST_SIZE])
{
	struct import_stream stream;
	struct archive_entry *entry;
	char path[PATH_MAX];
	int status, more = 1;

	if (kind == IMPORT_UPPER) {
		status = apply_whiteouts(tree, fd, step, what);
		if (status != 0)
			return status;
	}
	status = import_stream_open(&stream, fd, step, what);
	while (status == 0 && (more = import_stream_next(&stream, &entry, what)) > 0) {
		status = get_path(entry, what, path);
		if (status == 0 && (kind == IMPORT_PLAIN || !is_whiteout(path)))
			status = unpack(tree, &stream, entry, path, what);
	}
	if (status == 0 && more < 0)
		status = IMPORT_CALLER;
	if (status == 0)
		status = import_stream_finish(&stream, digest, what);
	import_stream_close(&stream);
	return status;
}
