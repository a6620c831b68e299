/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_session.h"

#include "base/cleanup.h"
#include "kernel/message.h"

#include <string.h>

bool shf_add_to_question(struct shf_question *question, const char *string)
{
	size_t length = strlen(string) + 1;

	if (length > sizeof(question->bytes) - question->length)
		return false;
	memcpy(question->bytes + question->length, string, length);
	question->length += length;
	return true;
}

const char *shf_next_string(const struct shf_question *question, const char *previous)
{
	const char *next = previous ? previous + strlen(previous) + 1 : question->bytes;

	return next < question->bytes + question->length ? next : NULL;
}

/* ---- in the helper ---- */

static void serve(int channel, void *data)
{
	struct shf_question question;

	(void)data;
	for (;;) {
		cleanup_fd int fd = -1;
		size_t n_fds = 1;
		/* how long it may take, its parent knows, and kills it then */
		ssize_t n = shf_receive(channel, &question, sizeof(question), &fd, &n_fds,
					INT64_MAX);

		/* its own parent, or root, has sent it: there is nothing to doubt */
		if (n < (ssize_t)offsetof(struct shf_question, bytes))
			return;
		question.answer(channel, &question, fd);
	}
}

/* ---- in the library ---- */

int shf_start_user_session(struct shf_user_session *session)
{
	if (session->helper.channel >= 0)
		return 0;
	/* of one that was dismissed */
	shf_end_user_helper(&session->helper);
	return shf_start_user_helper(&session->helper, session->identity, serve, NULL, NULL, 0,
				     session->timeout_ms);
}

int shf_ask_user(struct shf_user_session *session, const struct shf_question *question, int fd)
{
	int rc = shf_start_user_session(session);

	if (rc < 0)
		return rc;
	session->helper.deadline_ms = shf_now_ms() + session->timeout_ms;
	rc = shf_send(session->helper.channel, question,
		      offsetof(struct shf_question, bytes) + question->length, &fd,
		      fd >= 0 ? 1 : 0);
	return rc == -EPIPE || rc == -ECONNRESET ? -EIO : rc;
}

ssize_t shf_hear_user(struct shf_user_session *session, void *bytes, size_t size, int *fds,
		      size_t *n_fds)
{
	return shf_receive(session->helper.channel, bytes, size, fds, n_fds,
			   session->helper.deadline_ms);
}

int shf_explain_user(const struct shf_user_session *session, ssize_t n, const char *what,
		     struct shf_report *report)
{
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_JOB, ETIMEDOUT,
				"cannot look up %s: a file system did not answer within %d s", what,
				session->timeout_ms / 1000);
	return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
			"cannot look up %s: the helper that acts as the user ended early", what);
}

void shf_dismiss_user(struct shf_user_session *session)
{
	shf_close_fd(&session->helper.channel);
}

void shf_end_user_session(struct shf_user_session *session)
{
	shf_end_user_helper(&session->helper);
}
