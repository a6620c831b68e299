/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_store.h"

#include "import_private.h"
#include "import_publish.h"
#include "import_say.h"
#include "import_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is larger is no .meta file to the library. */
enum { META_MAX = 256 * 1024 };

static const char squashfs[] = ".squashfs", meta_end[] = ".meta";

/* ---- both ---- */

/* Unpack to "work/tree" of the private directory; a status or -EINTR. */
static int unpack(const struct import_request *request, struct import_private *private,
		  enum import_rights rights, import_known_fn is_known, void *data,
		  struct import_result *result)
{
	struct import_input input = IMPORT_NO_INPUT;
	uid_t owner = rights == IMPORT_AS_CALLER ? geteuid() : (uid_t)IMPORT_ID_BASE;
	gid_t group = rights == IMPORT_AS_CALLER ? getegid() : (gid_t)IMPORT_ID_BASE;
	int work = -1, status;

	status = import_input_open(&input, request->source);
	input.source.choice = request->choice;
	if (status == 0 &&
	    (mkdirat(private->fd, "work", 0700) < 0 ||
	     (work = openat(private->fd, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	     (rights != IMPORT_AS_CALLER && fchown(work, owner, group) < 0)))
		status = import_fail_errno(errno, "cannot import %s", input.what);
	if (status == 0)
		status = import_input_start(&input);
	if (status == 0)
		status = import_unpack(&input.source, work, rights, is_known, data, result);
	if (status == 0)
		status = import_input_finish(&input);
	import_input_close(&input);
	if (work >= 0)
		close(work);
	return status;
}

/* The text of the .meta file, for free(3); NULL if there is no memory. */
static char *make_meta(const struct import_request *request, const struct import_result *result,
		       const char *format, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	if (!out)
		return NULL;
	fprintf(out, "FORMAT: %s\n%s", format, result->meta ? result->meta : "");
	if (request->users)
		fprintf(out, "USERACL: %s\n", request->users);
	if (request->groups)
		fprintf(out, "GROUPACL: %s\n", request->groups);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int write_meta(const struct import_private *private, int directory, const char *name,
		      const char *text, size_t length)
{
	if (!text)
		return -ENOMEM;
	return length > META_MAX ? -EFBIG
				 : import_write_file(private->fd, directory, name, text, length);
}

/* ---- the store ---- */

struct store {
	const char *path;
	int fd;
	enum import_rights rights;
	bool has_image; /* and no need to make it */
};

static bool has_file(int directory, const char *id, const char *end)
{
	char name[NAME_MAX];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", id, end);
	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static bool is_in_store(const char *id, void *data)
{
	struct store *store = data;

	store->has_image = has_file(store->fd, id, squashfs) && has_file(store->fd, id, meta_end);
	return store->has_image;
}

static int open_store(struct store *store)
{
	struct stat st;

	if (mkdir(store->path, 0755) < 0 && errno != EEXIST)
		return import_fail_errno(errno, "cannot make the image store '%s'", store->path);
	store->fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->fd < 0 || fstat(store->fd, &st) < 0)
		return import_fail_errno(errno, "cannot open the image store '%s'", store->path);
	if (st.st_mode & 022)
		return import_fail(IMPORT_CALLER,
				   "cannot import into the image store '%s': others than its owner "
				   "can write to it: run 'chmod go-w %s'",
				   store->path, store->path);
	return 0;
}

/* Make "squash/image" out of "work/tree"; a status or -EINTR. */
static int squash(const struct store *store, struct import_private *private, const char *comp)
{
	const char *argv[20];
	struct import_tool tool = {
		.argv = argv,
		.package = "squashfs-tools",
		.rights = store->rights,
		.output = -1,
	};
	struct import_child child = IMPORT_NO_CHILD;
	char reason[512] = "";
	size_t n = 0;
	int errors = import_tool_errors(), status, rc;

	argv[n++] = "mksquashfs";
	argv[n++] = "tree";
	argv[n++] = "image";
	argv[n++] = "-noappend";
	argv[n++] = "-no-recovery";
	argv[n++] = "-exit-on-error";
	argv[n++] = "-quiet";
	/* what there is would be the host's: security labels */
	argv[n++] = "-no-xattrs";
	/* the same image gives the same bytes */
	argv[n++] = "-mkfs-time";
	argv[n++] = "0";
	argv[n++] = "-comp";
	argv[n++] = comp;
	if (store->rights != IMPORT_NAMESPACED)
		argv[n++] = "-all-root";
	if (!import_progress_is_shown())
		argv[n++] = "-no-progress";
	argv[n] = NULL;
	tool.directory = openat(private->fd, "squash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (errors < 0 || tool.directory < 0)
		status = import_fail_errno(errno, "cannot make the squashfs file");
	else
		status = import_tool_start(&tool, &child, errors);
	rc = status ? status : import_tool_wait(&child);
	if (rc == 1)
		import_tool_reason(errors, reason, sizeof(reason));
	import_kill(&child);
	if (tool.directory >= 0)
		close(tool.directory);
	if (errors >= 0)
		close(errors);
	if (rc != 1 || status)
		return rc;
	/* of the kernels that can mount images, all know zstd; not so all builds of the tool */
	if (strcmp(comp, "zstd") == 0 && strstr(reason, "not supported"))
		return squash(store, private, "gzip");
	return import_fail(IMPORT_NODE, "cannot make a squashfs file in '%s': %s", store->path,
			   reason);
}

static int publish_image(const struct store *store, struct import_private *private,
			 const char *id)
{
	char name[NAME_MAX];
	struct stat st;
	int squash_fd = openat(private->fd, "squash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(squash_fd, "image", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (rc == 0 && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		rc = -EPERM;
	if (rc == 0 && (fchown(fd, 0, 0) < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		rc = -errno;
	snprintf(name, sizeof(name), "%s%s", id, squashfs);
	if (rc == 0)
		rc = import_move_new(squash_fd, "image", store->fd, name);
	/* another import was faster, with the same */
	if (rc == -EEXIST)
		rc = 0;
	if (fd >= 0)
		close(fd);
	if (squash_fd >= 0)
		close(squash_fd);
	return rc < 0 ? import_fail_errno(-rc, "cannot write '%s/%s'", store->path, name) : 0;
}

static int publish_meta(const struct store *store, struct import_private *private,
			const struct import_request *request, const struct import_result *result)
{
	char name[NAME_MAX], *text;
	size_t length;
	int rc;

	/* without a word about who may use it, that stays as it is */
	if (has_file(store->fd, result->id, meta_end) && !request->users && !request->groups)
		return 0;
	snprintf(name, sizeof(name), "%s%s", result->id, meta_end);
	text = make_meta(request, result, "squashfs", &length);
	rc = write_meta(private, store->fd, name, text, length);
	free(text);
	return rc < 0 ? import_fail_errno(-rc, "cannot write '%s/%s'", store->path, name) : 0;
}

static int publish_tag(const struct store *store, struct import_private *private,
		       const char *reference, const char *id)
{
	char name[IMPORT_TAG_MAX], line[IMPORT_DIGEST_SIZE + 8];
	int tags, rc;

	rc = import_tag_name(reference, name);
	if (rc < 0)
		return import_fail(IMPORT_CALLER,
				   "cannot tag the image '%.300s': it is not NAME:TAG",
				   reference);
	if (mkdirat(store->fd, "tags", 0755) < 0 && errno != EEXIST)
		return import_fail_errno(errno, "cannot make '%s/tags'", store->path);
	tags = openat(store->fd, "tags", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = snprintf(line, sizeof(line), "id:%s\n", id);
	rc = tags < 0 ? -errno : import_write_file(private->fd, tags, name, line, (size_t)rc);
	if (tags >= 0)
		close(tags);
	return rc < 0 ? import_fail_errno(-rc, "cannot write '%s/tags/%s'", store->path, name) : 0;
}

static int publish(const struct store *store, struct import_private *private,
		   const struct import_request *request, const struct import_result *result)
{
	int status = publish_meta(store, private, request, result);

	/* whoever sees the image finds its .meta there */
	if (status == 0 && !store->has_image)
		status = publish_image(store, private, result->id);
	for (size_t i = 0; status == 0 && i < request->n_references; i++)
		status = publish_tag(store, private, request->references[i], result->id);
	if (request->n_references == 0)
		for (size_t i = 0; status == 0 && i < result->n_names; i++)
			status = publish_tag(store, private, result->names[i], result->id);
	return status;
}

/* A root that others may not enter, as mktemp(1) makes it, is of no use to its users. */
static int open_up_root(const struct import_private *private)
{
	int fd = openat(private->fd, "squash/tree",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int rc = fd < 0 || fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07777) | 0555) < 0
			 ? -errno
			 : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Take the tree out of reach of who unpacked it, which has ended. */
static int prepare_squash(const struct store *store, struct import_private *private)
{
	int work = openat(private->fd, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (work < 0 || mkdirat(private->fd, "squash", 0700) < 0)
		rc = -errno;
	if (rc == 0 && renameat(private->fd, "work/tree", private->fd, "squash/tree") < 0)
		rc = -errno;
	if (rc == 0 && fchownat(private->fd, "squash", IMPORT_ID_BASE, IMPORT_ID_BASE,
				AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	if (rc == 0)
		rc = open_up_root(private);
	if (work >= 0)
		close(work);
	if (rc < 0)
		return import_fail_errno(-rc, "cannot write in '%s'", store->path);
	/* copies of the layers, the space of which is needed now */
	import_remove(private->fd, "work");
	return 0;
}

int import_to_store(const struct import_request *request, const char *path)
{
	struct import_private private = IMPORT_NO_PRIVATE;
	struct import_result result = { 0 };
	struct store store = { .path = path, .fd = -1, .rights = import_probe_rights() };
	char name[IMPORT_TAG_MAX];
	int status = 0, closed;

	for (size_t i = 0; i < request->n_references; i++)
		if (import_tag_name(request->references[i], name) < 0)
			return import_fail(IMPORT_CALLER,
					   "cannot tag the image '%.300s': it is not NAME:TAG",
					   request->references[i]);
	status = open_store(&store);
	if (status == 0)
		status = import_private_open(&private, store.fd, path);
	if (status == 0)
		status = unpack(request, &private, store.rights, is_in_store, &store, &result);
	if (status == 0 && !store.has_image) {
		status = prepare_squash(&store, &private);
		if (status == 0)
			status = squash(&store, &private, "zstd");
	}
	if (status == 0)
		status = publish(&store, &private, request, &result);
	closed = import_private_close(&private, path);
	if (status == 0)
		status = closed;
	if (status == 0 && (printf("id:%s\n", result.id) < 0 || fflush(stdout) != 0))
		status = import_fail_errno(errno, "cannot write to standard output");
	import_result_free(&result);
	if (store.fd >= 0)
		close(store.fd);
	return status;
}

/* ---- a directory ---- */

static bool is_never_known(const char *id, void *data)
{
	(void)id;
	(void)data;
	return false;
}

/* Split path, without slashes at its end, which is changed; *base is in it. */
static int open_parent(char *path, const char **parent, const char **base)
{
	char *slash;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	*parent = slash == path ? "/" : slash ? path
					      : ".";
	if (slash)
		*slash = '\0';
	if (!**base || strcmp(*base, ".") == 0 || strcmp(*base, "..") == 0 ||
	    strlen(*base) + strlen(meta_end) > NAME_MAX)
		return -EINVAL;
	length = (size_t)open(*parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (int)length < 0 ? -errno : (int)length;
}

static int publish_directory(const struct import_request *request, const char *path, int parent,
			     const char *base, struct import_private *private,
			     const struct import_result *result)
{
	char meta[NAME_MAX + 1], *text;
	size_t length;
	int rc;

	snprintf(meta, sizeof(meta), "%s%s", base, meta_end);
	text = make_meta(request, result, "VFS", &length);
	rc = write_meta(private, private->fd, "meta", text, length);
	free(text);
	if (rc == 0)
		rc = import_move_new(private->fd, "meta", parent, meta);
	if (rc < 0)
		return import_fail_errno(-rc, "cannot write '%s%s'", path, meta_end);
	rc = import_move_new(private->fd, "work/tree", parent, base);
	if (rc == 0)
		return 0;
	unlinkat(parent, meta, 0);
	return import_fail_errno(-rc, "cannot make '%s'", path);
}

int import_to_directory(const struct import_request *request, const char *path)
{
	struct import_private private = IMPORT_NO_PRIVATE;
	struct import_result result = { 0 };
	char copy[PATH_MAX], meta[NAME_MAX + 1];
	const char *parent_path = "", *base = "";
	struct stat st;
	int parent, status = 0, closed;

	if (strlen(path) >= sizeof(copy))
		return import_fail_errno(ENAMETOOLONG, "cannot make '%.300s...'", path);
	strcpy(copy, path);
	parent = open_parent(copy, &parent_path, &base);
	if (parent < 0)
		return import_fail_errno(-parent, "cannot make '%s'", path);
	snprintf(meta, sizeof(meta), "%s%s", base, meta_end);
	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0)
		status = import_fail(IMPORT_CALLER, "cannot make '%s': it exists: remove it, or "
						    "choose another name",
				     path);
	else if (fstatat(parent, meta, &st, AT_SYMLINK_NOFOLLOW) == 0)
		status = import_fail(IMPORT_CALLER,
				     "cannot make '%s%s': it exists: remove it, or choose another "
				     "name",
				     path, meta_end);
	if (status == 0)
		status = import_private_open(&private, parent, parent_path);
	if (status == 0)
		status = unpack(request, &private, IMPORT_AS_CALLER, is_never_known, NULL, &result);
	if (status == 0)
		status = publish_directory(request, path, parent, base, &private, &result);
	closed = import_private_close(&private, parent_path);
	import_result_free(&result);
	close(parent);
	return status ? status : closed;
}
