/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/volume_sources.h"

#include "base/cleanup.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <sys/stat.h>

#define WHAT "what the site mounts"

struct source {
	int32_t error;
	uint32_t is_file;
};

void shf_answer_sources(int channel, const struct shf_question *question, int unused)
{
	const char *path = NULL;

	(void)unused;
	while ((path = shf_next_string(question, path))) {
		cleanup_fd int fd = shf_openat2(AT_FDCWD, path, O_PATH | O_CLOEXEC,
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

static int take_source(struct shf_mount *volume, struct shf_user_session *session, int *fd,
		       struct shf_report *report)
{
	struct source source = { 0 };
	size_t n_fds = 1;
	ssize_t n = shf_hear_user(session, &source, sizeof(source), fd, &n_fds);

	if (n != (ssize_t)sizeof(source) || (!source.error && n_fds != 1))
		return shf_explain_user(session, n, "the sources of volumes", report);
	if (source.error)
		return shf_fail_errno(report, SHIFTER_FAULT_JOB, source.error,
				      "cannot open volume '%s'", volume->source);
	volume->is_file = source.is_file;
	return 0;
}

int shf_open_volume_sources(struct shf_mounts *volumes, struct shf_user_session *session, int *fds,
			    struct shf_report *report)
{
	struct shf_question question;
	size_t asked = 0;
	int rc;

	for (size_t i = 0; i < volumes->count; i++)
		fds[i] = -1;
	for (size_t i = 0; i < volumes->count; i = asked) {
		shf_begin_question(&question, SHF_ASK_SOURCES);
		while (asked < volumes->count &&
		       shf_add_to_question(&question, volumes->list[asked].source))
			asked++;
		rc = shf_ask_user(session, &question, -1);
		if (rc == -EIO)
			return shf_explain_user(session, rc, "the sources of volumes", report);
		if (rc < 0)
			return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
					      "cannot open volumes");
		for (; i < asked; i++) {
			rc = take_source(&volumes->list[i], session, &fds[i], report);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* ---- which of the site's there are ---- */

void shf_answer_presence(int channel, const struct shf_question *question, int unused)
{
	static char answers[SHF_QUESTION_MAX];
	const char *path = NULL;
	size_t n = 0;

	(void)unused;
	while ((path = shf_next_string(question, path))) {
		cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);

		/* one that the user may not see is there */
		answers[n++] = fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
	}
	shf_send(channel, answers, n, NULL, 0);
}

static size_t ask_for(const struct shf_mounts *mounts, struct shf_question *question)
{
	size_t n = 0;

	shf_begin_question(question, SHF_ASK_PRESENCE);
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].optional &&
		    shf_add_to_question(question, mounts->list[i].source))
			n++;
	return n;
}

int shf_ask_about_mounts(const struct shf_mounts *mounts, struct shf_user_session *session,
			 struct shf_report *report)
{
	struct shf_question question;
	int rc;

	if (!ask_for(mounts, &question))
		return 0;
	rc = shf_ask_user(session, &question, -1);
	if (rc == -EIO)
		return shf_explain_user(session, rc, WHAT, report);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot look up " WHAT);
	return 0;
}

int shf_hear_about_mounts(const struct shf_mounts *mounts, bool *are_there,
			  struct shf_user_session *session, struct shf_report *report)
{
	char answers[SHF_QUESTION_MAX];
	size_t asked = 0, heard = 0;
	ssize_t n;

	for (size_t i = 0; i < mounts->count; i++) {
		are_there[i] = true;
		asked += mounts->list[i].optional;
	}
	if (!asked)
		return 0;
	n = shf_hear_user(session, answers, sizeof(answers), NULL, NULL);
	if (n <= 0 || (size_t)n > asked)
		return shf_explain_user(session, n, WHAT, report);
	for (size_t i = 0; i < mounts->count && heard < (size_t)n; i++)
		if (mounts->list[i].optional)
			are_there[i] = answers[heard++];
	return 0;
}
