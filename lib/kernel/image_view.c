/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_view.h"

#include "base/cleanup.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETRIES = 64,
       /* bytes of answers that go in one packet: to be woken up takes longest */
       ANSWERS_MAX = 16384 };

/*
 * ---- in the helper ----
 *
 * It answers one question at a time: what is large is static, of which no more is touched
 * than is used.
 */

static int open_in_image(int image, const char *path, uint64_t flags)
{
	for (int i = 0; i < RETRIES; i++) {
		int fd = shf_openat2(image, path, flags | O_CLOEXEC,
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

static int read_modes(int image, struct shf_target *target)
{
	static char path[SHF_PATH_MAX];

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
		fd = open_in_image(image, path, O_PATH | O_NOFOLLOW);
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
static int resolve(int image, struct shf_target *target)
{
	static char part[SHF_PATH_MAX], joined[2 * SHF_PATH_MAX];
	size_t length = strlen(target->path);
	int fd, rc;

	memcpy(part, target->path, length + 1);
	for (;;) {
		fd = open_in_image(image, length ? part : "/", O_PATH);
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
	rc = read_path(fd, joined, SHF_PATH_MAX);
	close(fd);
	if (rc < 0)
		return rc;
	strcat(joined, target->path + length);
	return shf_path_clean(joined, target->path);
}

static bool is_executable(int image, const char *path)
{
	cleanup_fd int fd = open_in_image(image, path, O_PATH);
	char link[32];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return faccessat(AT_FDCWD, link, X_OK, AT_EACCESS) == 0;
}

/* An answer: this, the modes, the path. */
struct answer {
	int32_t error;
	uint32_t is_file;
	uint16_t depth;
	uint16_t length; /* of the path */
};

enum { ANSWER_MAX = sizeof(struct answer) + SHF_TARGET_DEPTH * sizeof(uint16_t) + SHF_PATH_MAX };

static size_t put_answer(char *bytes, const struct shf_target *target)
{
	struct answer answer = { .error = target->error, .is_file = target->is_file };
	char *end = bytes + sizeof(answer);

	if (!target->error) {
		answer.depth = (uint16_t)target->depth;
		answer.length = (uint16_t)strlen(target->path);
		memcpy(end, target->modes, answer.depth * sizeof(*target->modes));
		end += answer.depth * sizeof(*target->modes);
		memcpy(end, target->path, answer.length);
		end += answer.length;
	}
	memcpy(bytes, &answer, sizeof(answer));
	return (size_t)(end - bytes);
}

/* In the helper: one target after the other, to touch little memory. */
void shf_answer_targets(int channel, const struct shf_question *question, int image)
{
	static char answers[ANSWERS_MAX];
	static struct shf_target target;
	const char *path = NULL;
	size_t length = 0;

	while ((path = shf_next_string(question, path))) {
		snprintf(target.path, sizeof(target.path), "%s", path);
		target.error = -resolve(image, &target);
		if (!target.error)
			target.error = -read_modes(image, &target);
		if (length + ANSWER_MAX > sizeof(answers)) {
			if (shf_send(channel, answers, length, NULL, 0) < 0)
				return;
			length = 0;
		}
		length += put_answer(answers + length, &target);
	}
	shf_send(channel, answers, length, NULL, 0);
}

void shf_answer_programs(int channel, const struct shf_question *question, int image)
{
	const char *path = NULL;
	uint32_t found = 0;

	while ((path = shf_next_string(question, path)) && !is_executable(image, path))
		found++;
	shf_send(channel, &found, sizeof(found), NULL, 0);
}

/* The paths of those that are files, each with its NUL, and an empty one at the end. */
void shf_answer_files(int channel, const struct shf_question *question, int image)
{
	static char paths[ANSWERS_MAX], canonical[SHF_PATH_MAX];
	const char *path = NULL;
	size_t length = 0;

	while ((path = shf_next_string(question, path))) {
		cleanup_fd int fd = open_in_image(image, path, O_PATH);
		struct stat st;

		if (length + SHF_PATH_MAX + 1 > sizeof(paths)) {
			if (shf_send(channel, paths, length, NULL, 0) < 0)
				return;
			length = 0;
		}
		/* one with a newline in it, say, is none that anything is mounted over */
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    read_path(fd, canonical, sizeof(canonical)) == 0 &&
		    shf_path_clean(canonical, paths + length) == 0)
			length += strlen(paths + length) + 1;
	}
	paths[length++] = '\0';
	shf_send(channel, paths, length, NULL, 0);
}

/* ---- in the library ---- */

/* What a process of the user's says of a target: believe its form, no more.  0: it is none. */
static size_t take_answer(const char *bytes, size_t size, struct shf_target *target)
{
	struct answer answer;
	char path[SHF_PATH_MAX];
	size_t modes, length;

	if (size < sizeof(answer))
		return 0;
	memcpy(&answer, bytes, sizeof(answer));
	modes = answer.depth * sizeof(*target->modes);
	length = sizeof(answer) + modes + answer.length;
	if (answer.error < 0 || answer.depth > SHF_TARGET_DEPTH ||
	    answer.length >= sizeof(path) || length > size)
		return 0;
	target->error = answer.error;
	target->is_file = false;
	target->depth = 0;
	if (answer.error)
		return length;
	memcpy(path, bytes + sizeof(answer) + modes, answer.length);
	path[answer.length] = '\0';
	if (shf_path_clean(path, target->path) < 0)
		return 0;
	memcpy(target->modes, bytes + sizeof(answer), modes);
	target->depth = answer.depth;
	target->is_file = answer.is_file;
	return length;
}

/* The answers of one question, in as many packets as the helper likes. */
static int take_answers(struct shf_user_session *session, struct shf_target *targets, size_t count,
			struct shf_report *report)
{
	char answers[ANSWERS_MAX];

	for (size_t i = 0; i < count;) {
		ssize_t n = shf_hear_user(session, answers, sizeof(answers), NULL, NULL);
		size_t at = 0;

		while (n > 0 && at < (size_t)n) {
			size_t length = i < count ? take_answer(answers + at, (size_t)n - at,
								&targets[i++])
						  : 0;

			if (!length)
				n = -EIO;
			at += length;
		}
		if (n <= 0)
			return shf_explain_user(session, n, "mount points in the image", report);
	}
	return 0;
}

static int ask(struct shf_user_session *session, const struct shf_question *question, int image,
	       struct shf_report *report)
{
	int rc = shf_ask_user(session, question, image);

	if (rc == -EIO)
		return shf_explain_user(session, rc, "what the image has", report);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot look into the image");
	return 0;
}

static int ask_for_programs(const struct shf_image_view *view,
			    struct shf_user_session *session, struct shf_report *report)
{
	struct shf_question question;

	shf_begin_question(&question, SHF_ASK_PROGRAMS);
	for (const char *const *path = view->programs; *path; path++)
		shf_add_to_question(&question, *path);
	return ask(session, &question, view->image, report);
}

static int ask_for_files(const struct shf_image_view *view,
			 struct shf_user_session *session, struct shf_report *report)
{
	struct shf_question question;

	if (!view->wanted)
		return 0;
	shf_begin_question(&question, SHF_ASK_FILES);
	for (const char *const *path = view->wanted; *path; path++)
		shf_add_to_question(&question, *path);
	return ask(session, &question, view->image, report);
}

static int take_program(struct shf_image_view *view, struct shf_user_session *session,
			struct shf_report *report)
{
	uint32_t found, n_programs = 0;
	ssize_t n = shf_hear_user(session, &found, sizeof(found), NULL, NULL);

	while (view->programs[n_programs])
		n_programs++;
	if (n != (ssize_t)sizeof(found) || found > n_programs)
		return shf_explain_user(session, n, "the user's shell in the image", report);
	view->program = view->programs[found];
	return 0;
}

/* As with targets: what has no proper form is an error, what is there twice is not. */
static int take_file(struct shf_image_view *view, const char *said)
{
	char path[SHF_PATH_MAX];

	if (view->n_files == view->max_files)
		return 0;
	if (shf_path_clean(said, path) < 0)
		return -EIO;
	for (size_t i = 0; i < view->n_files; i++)
		if (strcmp(view->files[i], path) == 0)
			return 0;
	view->files[view->n_files] = strdup(path);
	if (!view->files[view->n_files])
		return -ENOMEM;
	view->n_files++;
	return 0;
}

static int take_files(struct shf_image_view *view, struct shf_user_session *session,
		      struct shf_report *report)
{
	char paths[ANSWERS_MAX];
	bool is_last = !view->wanted;

	while (!is_last) {
		ssize_t n = shf_hear_user(session, paths, sizeof(paths), NULL, NULL);
		size_t at = 0;
		int rc = 0;

		if (n > 0 && paths[n - 1])
			n = -EIO;
		while (n > 0 && rc == 0 && at < (size_t)n) {
			is_last = !paths[at];
			if (!is_last)
				rc = take_file(view, paths + at);
			at += strlen(paths + at) + 1;
		}
		if (rc == -ENOMEM)
			return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
					      "cannot look into the image");
		if (n <= 0 || rc < 0)
			return shf_explain_user(session, rc < 0 ? rc : n, "programs in the image",
						report);
	}
	return 0;
}

/* As many targets as go in a question; with the last of them, what else there is. */
static int ask_next(struct shf_image_view *view, struct shf_user_session *session,
		    struct shf_report *report)
{
	struct shf_question question;
	int rc;

	shf_begin_question(&question, SHF_ASK_TARGETS);
	while (view->n_asked < view->n_targets &&
	       shf_add_to_question(&question, view->targets[view->n_asked].path))
		view->n_asked++;
	rc = ask(session, &question, view->image, report);
	if (rc < 0 || view->n_asked < view->n_targets)
		return rc;
	rc = ask_for_programs(view, session, report);
	return rc < 0 ? rc : ask_for_files(view, session, report);
}

int shf_ask_about_image(int image, struct shf_image_view *view, struct shf_user_session *session,
			struct shf_report *report)
{
	view->image = image;
	view->n_asked = 0;
	view->n_files = 0;
	return ask_next(view, session, report);
}

int shf_hear_about_image(struct shf_image_view *view, struct shf_user_session *session,
			 struct shf_report *report)
{
	int rc = 0;

	for (size_t heard = 0; rc == 0 && heard < view->n_targets; heard = view->n_asked) {
		if (heard == view->n_asked)
			rc = ask_next(view, session, report);
		if (rc == 0)
			rc = take_answers(session, view->targets + heard, view->n_asked - heard,
					  report);
	}
	if (rc == 0)
		rc = take_program(view, session, report);
	return rc < 0 ? rc : take_files(view, session, report);
}
