/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_paths.h"

#include "base/cleanup.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"
#include "kernel/user_helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETRIES = 64,
       IMAGE = SHF_HELPER_FIRST_FD };

static int explain_helper(ssize_t n, const char *what, int timeout_ms, struct shf_report *report)
{
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_JOB, ETIMEDOUT,
				"cannot look up %s: a file system did not answer within %d s", what,
				timeout_ms / 1000);
	return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
			"cannot look up %s: the helper that acts as the user ended early", what);
}

/* ---- sources of volumes ---- */

struct source {
	int32_t error;
	uint32_t is_file;
};

static void open_sources(int channel, void *data)
{
	const struct shf_mounts *volumes = data;

	for (size_t i = 0; i < volumes->count; i++) {
		int fd = shf_openat2(AT_FDCWD, volumes->list[i].source, O_PATH | O_CLOEXEC,
				     RESOLVE_NO_MAGICLINKS);
		struct source source = { .error = fd < 0 ? errno : 0 };
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) < 0)
			source.error = errno;
		else if (fd >= 0)
			source.is_file = !S_ISDIR(st.st_mode);
		if (shf_send(channel, &source, sizeof(source), &fd, source.error ? 0 : 1) < 0)
			return;
	}
}

int shf_open_volume_sources(struct shf_mounts *volumes, const struct shf_identity *identity,
			    int timeout_ms, int *fds, struct shf_report *report)
{
	cleanup_user_helper struct shf_user_helper helper = SHF_NO_USER_HELPER;
	int rc;

	for (size_t i = 0; i < volumes->count; i++)
		fds[i] = -1;
	if (!volumes->count)
		return 0;
	rc = shf_start_user_helper(&helper, identity, open_sources,
				   volumes, NULL, 0, timeout_ms);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot open volumes");
	for (size_t i = 0; i < volumes->count; i++) {
		struct source source = { 0 };
		size_t n_fds = 1;
		ssize_t n = shf_receive(helper.channel, &source, sizeof(source), &fds[i], &n_fds,
					helper.deadline_ms);

		if (n != (ssize_t)sizeof(source) || (!source.error && n_fds != 1))
			return explain_helper(n, "the sources of volumes", timeout_ms, report);
		if (source.error)
			return shf_fail_errno(report, SHIFTER_FAULT_JOB, source.error,
					      "cannot open volume '%s'", volumes->list[i].source);
		volumes->list[i].is_file = source.is_file;
	}
	return 0;
}

/* ---- targets in the image ---- */

static int open_in_image(const char *path, uint64_t flags)
{
	for (int i = 0; i < RETRIES; i++) {
		int fd = shf_openat2(IMAGE, path, flags | O_CLOEXEC,
				     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/*
 * The mode of a directory of root's that gives this user what that of the image, whoever
 * it belongs to, gives.
 */
static uint16_t fit_mode(int fd, uint32_t mode)
{
	mode &= 07722;
	if (faccessat(fd, ".", R_OK, AT_EACCESS) == 0)
		mode |= 0444;
	if (faccessat(fd, ".", X_OK, AT_EACCESS) == 0)
		mode |= 0111;
	return (uint16_t)mode;
}

static int read_modes(struct shf_target *target)
{
	char path[SHF_PATH_MAX];

	target->depth = 0;
	target->is_file = false;
	for (size_t i = 1;; i++) {
		cleanup_fd int fd = -1;
		struct stat st;

		if (target->path[i] && target->path[i] != '/')
			continue;
		if (target->depth == SHF_TARGET_DEPTH)
			return -ENAMETOOLONG;
		memcpy(path, target->path, i);
		path[i] = '\0';
		target->modes[target->depth] = 0;
		fd = open_in_image(path, O_PATH | O_NOFOLLOW);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			target->modes[target->depth] = fit_mode(fd, st.st_mode);
		else if (fd >= 0 && !target->path[i])
			target->is_file = true;
		target->depth++;
		if (!target->path[i])
			return 0;
	}
}

/* The canonical path of what fd is in the image. */
static int read_path(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t n;

	/* of a mount that hangs nowhere, the path from its own root */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	return path[0] == '/' ? 0 : -EXDEV;
}

/* Replace the longest part of the path that the image has by what it is there. */
static int resolve(struct shf_target *target)
{
	char part[SHF_PATH_MAX], real[SHF_PATH_MAX], joined[2 * SHF_PATH_MAX];
	size_t length = strlen(target->path);
	int fd, rc;

	memcpy(part, target->path, length + 1);
	for (;;) {
		fd = open_in_image(length ? part : "/", O_PATH);
		if (fd >= 0)
			break;
		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
		if (!length)
			return fd;
		while (part[--length] != '/')
			;
		part[length] = '\0';
	}
	rc = read_path(fd, real, sizeof(real));
	close(fd);
	if (rc < 0)
		return rc;
	snprintf(joined, sizeof(joined), "%s%s", real, target->path + length);
	return shf_path_clean(joined, target->path);
}

static bool is_executable(const char *path)
{
	cleanup_fd int fd = open_in_image(path, O_PATH);
	char link[32];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return faccessat(AT_FDCWD, link, X_OK, AT_EACCESS) == 0;
}

/* Say which of the paths are files, and at the end an empty one. */
static void look_for_files(int channel, const char *const *paths)
{
	struct shf_image_file file;

	for (; *paths; paths++) {
		cleanup_fd int fd = open_in_image(*paths, O_PATH);
		struct stat st;

		memset(&file, 0, sizeof(file));
		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    read_path(fd, file.path, sizeof(file.path)) < 0)
			continue;
		if (shf_send(channel, &file, sizeof(file), NULL, 0) < 0)
			return;
	}
	memset(&file, 0, sizeof(file));
	shf_send(channel, &file, sizeof(file), NULL, 0);
}

static void look(int channel, void *data)
{
	const struct shf_image_view *view = data;
	uint32_t found = 0;

	for (size_t i = 0; i < view->n_targets; i++) {
		struct shf_target *target = &view->targets[i];
		int rc = resolve(target);

		if (rc == 0)
			rc = read_modes(target);
		target->error = -rc;
		if (shf_send(channel, target, sizeof(*target), NULL, 0) < 0)
			return;
	}
	while (view->programs[found] && !is_executable(view->programs[found]))
		found++;
	if (shf_send(channel, &found, sizeof(found), NULL, 0) < 0)
		return;
	if (view->wanted)
		look_for_files(channel, view->wanted);
}

/* What a process of the user's says of a target: believe its form, no more. */
static int take_target(struct shf_target *target, struct shf_target *answer)
{
	if (answer->depth > SHF_TARGET_DEPTH)
		return -EINVAL;
	if (answer->error) {
		target->error = answer->error;
		target->depth = 0;
		return 0;
	}
	answer->path[sizeof(answer->path) - 1] = '\0';
	if (shf_path_clean(answer->path, target->path) < 0)
		return -EINVAL;
	memcpy(target->modes, answer->modes, sizeof(answer->modes));
	target->depth = answer->depth;
	target->is_file = answer->is_file;
	target->error = 0;
	return 0;
}

/* As with targets: what has no proper form is an error, what is there twice is not. */
static int take_file(struct shf_image_view *view, struct shf_image_file *answer)
{
	struct shf_image_file *file = &view->files[view->n_files];

	answer->path[sizeof(answer->path) - 1] = '\0';
	if (shf_path_clean(answer->path, file->path) < 0)
		return -EINVAL;
	for (size_t i = 0; i < view->n_files; i++)
		if (strcmp(view->files[i].path, file->path) == 0)
			return 0;
	view->n_files++;
	return 0;
}

static int take_files(struct shf_image_view *view, const struct shf_user_helper *helper,
		      int timeout_ms, struct shf_report *report)
{
	struct shf_image_file answer;
	size_t n_wanted = 0;
	ssize_t n;

	view->n_files = 0;
	while (view->wanted && view->wanted[n_wanted])
		n_wanted++;
	for (size_t i = 0; view->wanted && i <= n_wanted; i++) {
		n = shf_receive(helper->channel, &answer, sizeof(answer), NULL, NULL,
				helper->deadline_ms);
		if (n == (ssize_t)sizeof(answer) && !answer.path[0])
			return 0;
		if (n == (ssize_t)sizeof(answer) && view->n_files == view->max_files)
			continue;
		if (n != (ssize_t)sizeof(answer) || take_file(view, &answer) < 0)
			return explain_helper(n, "programs in the image", timeout_ms, report);
	}
	return 0;
}

int shf_look_into_image(int image, struct shf_image_view *view,
			const struct shf_identity *identity, int timeout_ms,
			struct shf_report *report)
{
	cleanup_user_helper struct shf_user_helper helper = SHF_NO_USER_HELPER;
	struct shf_target answer;
	uint32_t found, n_programs = 0;
	ssize_t n;
	int rc;

	while (view->programs[n_programs])
		n_programs++;
	rc = shf_start_user_helper(&helper, identity, look, view, &image, 1, timeout_ms);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot look into the image");
	for (size_t i = 0; i < view->n_targets; i++) {
		n = shf_receive(helper.channel, &answer, sizeof(answer), NULL, NULL,
				helper.deadline_ms);
		if (n != (ssize_t)sizeof(answer) || take_target(&view->targets[i], &answer) < 0)
			return explain_helper(n, "mount points in the image", timeout_ms, report);
	}
	n = shf_receive(helper.channel, &found, sizeof(found), NULL, NULL, helper.deadline_ms);
	if (n != (ssize_t)sizeof(found) || found > n_programs)
		return explain_helper(n, "the user's shell in the image", timeout_ms, report);
	view->program = view->programs[found];
	return take_files(view, &helper, timeout_ms, report);
}
