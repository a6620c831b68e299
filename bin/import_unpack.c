/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The child reads the source and unpacks it.  It tells the parent, in lines,
 *
 *	meta LINE	a line of the .meta file
 *	name NAME	a name that the source has for the image
 *	id HEX		last of all: asks whether to go on
 *
 * and is answered 'y' or 'n'.  Its exit status is the result.
 */
#include "import_unpack.h"

#include "import_layer.h"
#include "import_say.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOLD_MAX = 4 * 1024 * 1024,
       NAMES_MAX = 1000 };

/* ---- in the child ---- */

struct worker {
	const struct import_source *source;
	struct import_tree tree;
	FILE *parent;
	bool is_done; /* the parent has the image already */
};

/* Tell the id, and hear whether to go on; a status. */
static int ask(struct worker *worker, const char *id)
{
	char answer = 0;

	fprintf(worker->parent, "id %s\n", id);
	if (fflush(worker->parent) != 0 || read(fileno(worker->parent), &answer, 1) != 1)
		return import_fail_errno(EIO, "cannot import %s", worker->source->what);
	worker->is_done = answer != 'y';
	return 0;
}

static int unpack_layers(struct worker *worker, const struct import_members *members,
			 const struct import_image *image)
{
	size_t count = json_object_array_length(image->layers);
	const char *source = worker->source->what, *name, *wanted;
	char step[64], what[1024], digest[IMPORT_DIGEST_SIZE];
	int fd, status = 0;

	for (size_t i = 0; status == 0 && i < count; i++) {
		name = json_object_get_string(json_object_array_get_idx(image->layers, i));
		wanted = json_object_get_string(json_object_array_get_idx(image->digests, i));
		snprintf(step, sizeof(step), "unpacking layer %zu of %zu", i + 1, count);
		snprintf(what, sizeof(what), "layer %zu of %.900s", i + 1, source);
		fd = import_members_open(members, name ? name : "");
		if (fd == -ENOENT)
			return import_fail(IMPORT_CALLER,
					   "cannot import %s: layer %zu, '%.300s', is not in it",
					   source, i + 1, name ? name : "");
		if (fd < 0)
			return import_fail_errno(-fd, "cannot read %s", what);
		status = import_layer(&worker->tree, fd, i ? IMPORT_UPPER : IMPORT_LOWEST, step,
				      what, digest);
		close(fd);
		if (status == 0 && (!wanted || strncmp(wanted, "sha256:", 7) != 0 ||
				    strcmp(wanted + 7, digest) != 0))
			status = import_fail(IMPORT_CALLER,
					     "cannot import %s: it is damaged: layer %zu has the "
					     "digest sha256:%s, not %.100s",
					     source, i + 1, digest, wanted ? wanted : "one");
	}
	return status;
}

static int unpack_image(struct worker *worker, int fd)
{
	const char *what = worker->source->what;
	struct import_members members = { 0 };
	struct import_image image = { 0 };
	char *meta = NULL, *line, *rest;
	size_t length = 0;
	FILE *out;
	int status, parts;

	if (mkdir("parts", 0700) < 0 ||
	    (parts = open("parts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return import_fail_errno(errno, "cannot import %s", what);
	status = import_members_collect(&members, fd, parts, what);
	if (status == 0)
		status = import_image_find(&members, &worker->source->choice, what, &image);
	if (status == 0) {
		out = open_memstream(&meta, &length);
		if (out)
			import_image_write_meta(&image, out);
		if (!out || fclose(out) != 0)
			status = import_fail_errno(ENOMEM, "cannot import %s", what);
	}
	for (line = meta; status == 0 && (line = strtok_r(line, "\n", &rest)); line = NULL)
		fprintf(worker->parent, "meta %s\n", line);
	for (size_t i = 0; status == 0 && i < json_object_array_length(image.names); i++) {
		struct json_object *one = json_object_array_get_idx(image.names, i);
		const char *name = json_object_get_string(one);

		if (name && !strpbrk(name, "\r\n"))
			fprintf(worker->parent, "name %s\n", name);
	}
	if (status == 0)
		status = ask(worker, image.id);
	if (status == 0 && !worker->is_done)
		status = unpack_layers(worker, &members, &image);
	free(meta);
	import_image_free(&image);
	import_members_free(&members);
	close(parts);
	return status;
}

static int unpack_root_tree(struct worker *worker, int fd)
{
	char digest[IMPORT_DIGEST_SIZE];
	int status = import_layer(&worker->tree, fd, IMPORT_PLAIN, "unpacking",
				  worker->source->what, digest);

	return status ? status : ask(worker, digest);
}

/* Lay down what comes by a pipe, so that it can be read again; *fd changes then.  A status. */
static int make_seekable(const struct import_source *source, int *fd)
{
	static char buffer[256 * 1024];
	ssize_t n = 0;
	int copy;

	if (lseek(*fd, 0, SEEK_SET) == 0)
		return 0;
	copy = open("copy", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (copy < 0 || unlink("copy") < 0)
		return import_fail_errno(errno, "cannot copy %s", source->what);
	for (;;) {
		n = read(*fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		import_progress("reading", 0, 0);
		for (ssize_t done = 0, m; done < n; done += m) {
			m = write(copy, buffer + done, (size_t)(n - done));
			if (m <= 0)
				return import_fail_errno(errno, "cannot copy %s", source->what);
		}
	}
	if (n < 0 || lseek(copy, 0, SEEK_SET) < 0)
		return import_fail_errno(errno, "cannot read %s", source->what);
	*fd = copy;
	return 0;
}

static int work(struct worker *worker)
{
	const struct import_source *source = worker->source;
	bool is_image = source->kind == IMPORT_ARCHIVE;
	int fd = source->fd, status = 0, rc;

	/* names of files: libarchive converts those that say that they are UTF-8 */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (mkdir("tree", 0700) < 0)
		return import_fail_errno(errno, "cannot unpack %s", source->what);
	worker->tree.root = open("tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (worker->tree.root < 0 || fchmod(worker->tree.root, 0755) < 0)
		return import_fail_errno(errno, "cannot unpack %s", source->what);
	if (source->kind == IMPORT_ANY) {
		status = make_seekable(source, &fd);
		if (status == 0)
			status = import_members_detect(fd, source->what, &is_image);
	}
	if (status == 0)
		status = is_image ? unpack_image(worker, fd) : unpack_root_tree(worker, fd);
	rc = import_tree_finish(&worker->tree);
	if (status == 0 && rc < 0)
		status = import_fail_errno(-rc, "cannot unpack %s", source->what);
	if (status == 0 && worker->tree.n_devices)
		import_warn("%llu device files are left out: they have no effect in containers",
			    (unsigned long long)worker->tree.n_devices);
	if (status == 0 && worker->tree.n_owners)
		import_warn("%llu files belong to root in the image: the numbers of their owners "
			    "are above %d",
			    (unsigned long long)worker->tree.n_owners, IMPORT_ID_COUNT - 1);
	import_progress_clear();
	return status;
}

/* ---- in the parent ---- */

struct told {
	char *text;
	size_t length, done;
};

static bool is_hex(const char *text)
{
	return strlen(text) == IMPORT_DIGEST_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == IMPORT_DIGEST_SIZE - 1;
}

/* 0, 1 after the id, or -EPROTO for what no child of ours says. */
static int take_line(const char *line, FILE *meta, struct import_result *result)
{
	static const char *const keys[] = { "ENV: ", "ENTRY: ", "CMD: ", "WORKDIR: " };
	char **names;

	if (strncmp(line, "id ", 3) == 0 && is_hex(line + 3)) {
		strcpy(result->id, line + 3);
		return 1;
	}
	if (strncmp(line, "name ", 5) == 0 && result->n_names < NAMES_MAX) {
		names = reallocarray(result->names, result->n_names + 1, sizeof(*names));
		if (!names)
			return -ENOMEM;
		result->names = names;
		names[result->n_names] = strdup(line + 5);
		return names[result->n_names++] ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strncmp(line, "meta ", 5) == 0 &&
		    strncmp(line + 5, keys[i], strlen(keys[i])) == 0)
			return fprintf(meta, "%s\n", line + 5) < 0 ? -ENOMEM : 0;
	return -EPROTO;
}

/* Take lines until the id; 1 then, 0 at the end, or a negative errno value. */
static int listen_to(int channel, struct told *told, FILE *meta, struct import_result *result)
{
	struct pollfd readable = { .fd = channel, .events = POLLIN };
	char *end;
	ssize_t n;
	int rc;

	for (;;) {
		while ((end = memchr(told->text + told->done, '\n', told->length - told->done))) {
			*end = '\0';
			rc = take_line(told->text + told->done, meta, result);
			told->done = (size_t)(end - told->text) + 1;
			if (rc != 0)
				return rc;
		}
		if (told->length == TOLD_MAX)
			return -EPROTO;
		rc = import_poll(&readable, 1);
		if (rc < 0)
			return rc;
		n = read(channel, told->text + told->length, TOLD_MAX - told->length);
		if (n <= 0)
			return n < 0 && errno != ECONNRESET ? -errno : 0;
		told->length += (size_t)n;
	}
}

static int supervise(struct import_child *child, int channel, const struct import_source *source,
		     import_known_fn is_known, void *data, struct import_result *result)
{
	struct told told = { .text = malloc(TOLD_MAX) };
	FILE *meta = open_memstream(&result->meta, &result->meta_length);
	int rc = told.text && meta ? 0 : -ENOMEM, status = 0;
	bool has_id = false;

	if (rc == 0)
		rc = listen_to(channel, &told, meta, result);
	if (rc == 1) {
		has_id = true;
		rc = write(channel, is_known(result->id, data) ? "n" : "y", 1) == 1 ? 0 : -errno;
	}
	if (rc == 0 || rc == -EPIPE)
		rc = import_wait(child, &status);
	if (meta && fclose(meta) != 0 && rc == 0)
		rc = -ENOMEM;
	free(told.text);
	if (rc == -EINTR)
		return rc;
	if (rc < 0)
		return import_fail_errno(-rc, "cannot import %s", source->what);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && has_id)
		return 0;
	/* it has said why */
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == IMPORT_CALLER || WEXITSTATUS(status) == IMPORT_NODE))
		return WEXITSTATUS(status);
	return import_fail(IMPORT_NODE, "cannot import %s: the process that unpacks it %s %d",
			   source->what,
			   WIFSIGNALED(status) ? "was killed by signal" : "ended with status",
			   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int import_unpack(const struct import_source *source, int directory, enum import_rights rights,
		  import_known_fn is_known, void *data, struct import_result *result)
{
	struct import_child child = IMPORT_NO_CHILD;
	struct rlimit files;
	int pair[2], keep[2], rc, status;

	*result = (struct import_result){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return import_fail_errno(errno, "cannot import %s", source->what);
	keep[0] = pair[1];
	keep[1] = source->fd;
	rc = import_fork(&child, rights, directory, keep, 2);
	if (rc == 0) {
		struct worker worker = {
			.source = source,
			.tree = { .root = -1, .keeps_owners = rights == IMPORT_NAMESPACED },
			.parent = fdopen(pair[1], "r+"),
		};

		/* removing a deep directory takes a descriptor for each level */
		if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
			files.rlim_cur = files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
		_exit(worker.parent ? work(&worker) : IMPORT_NODE);
	}
	close(pair[1]);
	if (rc < 0)
		status = import_fail_errno(-rc, "cannot import %s", source->what);
	else
		status = supervise(&child, pair[0], source, is_known, data, result);
	import_kill(&child);
	close(pair[0]);
	return status;
}

void import_result_free(struct import_result *result)
{
	for (size_t i = 0; i < result->n_names; i++)
		free(result->names[i]);
	free(result->names);
	free(result->meta);
	*result = (struct import_result){ 0 };
}
