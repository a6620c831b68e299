/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_session.h"

#include "base/cleanup.h"
#include "kernel/message.h"

#include <errno.h>
#include <stddef.h>
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

/*
 * Who the user is: the first packets.  A process can have more groups than a packet has
 * room for.
 */
enum { GROUPS_MAX = 65536, /* NGROUPS_MAX of the kernel's linux/limits.h */
       GROUPS_A_PACKET = 8192 };

struct introduction {
	uint32_t has_identity; /* no: as it is, it is the user */
	uint32_t uid;
	uint32_t gid;
	uint32_t n_groups;
};

/* ---- in the helper ---- */

static bool become(int channel)
{
	static uint32_t groups[GROUPS_MAX];
	struct introduction said;
	struct shf_identity identity = { .groups = groups };

	if (shf_receive(channel, &said, sizeof(said), NULL, NULL, INT64_MAX) !=
	    (ssize_t)sizeof(said))
		return false;
	if (said.n_groups > GROUPS_MAX)
		return false;
	identity.uid = said.uid;
	identity.gid = said.gid;
	while (identity.n_groups < said.n_groups) {
		ssize_t n = shf_receive(channel, groups + identity.n_groups,
					(said.n_groups - identity.n_groups) * sizeof(*groups),
					NULL, NULL, INT64_MAX);

		if (n <= 0 || n % (ssize_t)sizeof(*groups))
			return false;
		identity.n_groups += (uint32_t)((size_t)n / sizeof(*groups));
	}
	/* who the user is can kill us from here on, or have used up what it takes */
	if (shf_send(channel, "u", 1, NULL, 0) < 0)
		return false;
	return !said.has_identity || shf_become_user(&identity, 0) == 0;
}

bool shf_serve_user_session(int channel, const shf_answer_fn *answers)
{
	static struct shf_question question;

	if (!become(channel))
		return false;
	for (;;) {
		cleanup_fd int fd = -1;
		size_t n_fds = 1;
		/* how long it may take, the library knows, and kills us then */
		ssize_t n = shf_receive(channel, &question, sizeof(question), &fd, &n_fds,
					INT64_MAX);

		/* root, or the user, has sent it: there is nothing to doubt but the version */
		if (n < (ssize_t)offsetof(struct shf_question, bytes) ||
		    question.kind >= SHF_ASK_KINDS)
			return n == 0;
		answers[question.kind](channel, &question, fd);
	}
}

/* ---- in the library ---- */

static int introduce(int channel, const struct shf_identity *identity)
{
	struct introduction introduction = { .has_identity = identity != NULL };
	uint32_t sent = 0;
	int rc;

	if (identity) {
		introduction.uid = identity->uid;
		introduction.gid = identity->gid;
		introduction.n_groups = identity->n_groups;
	}
	rc = shf_send(channel, &introduction, sizeof(introduction), NULL, 0);
	while (rc == 0 && sent < introduction.n_groups) {
		uint32_t count = introduction.n_groups - sent;

		if (count > GROUPS_A_PACKET)
			count = GROUPS_A_PACKET;
		rc = shf_send(channel, identity->groups + sent, count * sizeof(*identity->groups),
			      NULL, 0);
		sent += count;
	}
	return rc;
}

int shf_start_user_session(struct shf_user_session *session)
{
	int rc;

	if (session->worker.channel >= 0)
		return 0;
	/* of one that was dismissed */
	shf_end_worker(&session->worker);
	session->has_begun = false;
	if (session->identity && session->identity->n_groups > GROUPS_MAX)
		return -E2BIG;
	rc = shf_start_worker("shifter-lookup", &session->worker);
	if (rc == 0)
		rc = introduce(session->worker.channel, session->identity);
	if (rc < 0)
		shf_end_worker(&session->worker);
	return rc;
}

int shf_ask_user(struct shf_user_session *session, const struct shf_question *question, int fd)
{
	int rc = shf_start_user_session(session);

	session->deadline_ms = shf_now_ms() + session->timeout_ms;
	if (rc == 0)
		rc = shf_send(session->worker.channel, question,
			      offsetof(struct shf_question, bytes) + question->length, &fd,
			      fd >= 0 ? 1 : 0);
	return rc == -EPIPE || rc == -ECONNRESET ? -EIO : rc;
}

/* That it becomes the user is the first thing that the helper says. */
static ssize_t hear_beginning(struct shf_user_session *session, int64_t deadline_ms)
{
	char byte;
	ssize_t n = 1;

	if (!session->has_begun)
		n = shf_receive(session->worker.channel, &byte, 1, NULL, NULL, deadline_ms);
	session->has_begun = n == 1;
	return n;
}

ssize_t shf_hear_user(struct shf_user_session *session, void *bytes, size_t size, int *fds,
		      size_t *n_fds)
{
	ssize_t n = hear_beginning(session, session->deadline_ms);

	if (n != 1) {
		if (n_fds)
			*n_fds = 0;
		return n;
	}
	return shf_receive(session->worker.channel, bytes, size, fds, n_fds,
			   session->deadline_ms);
}

int shf_explain_user(struct shf_user_session *session, ssize_t n, const char *what,
		     struct shf_report *report)
{
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_JOB, ETIMEDOUT,
				"cannot look up %s: a file system did not answer within %d s", what,
				session->timeout_ms / 1000);
	/* what it said before it ended is there still */
	(void)hear_beginning(session, 0);
	if (!session->has_begun)
		return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
				"cannot look up %s: the helper that acts as the user ended early",
				what);
	return shf_fail(report, SHIFTER_FAULT_JOB, EIO,
			"cannot look up %s: " SHF_ENDED_BY_USER, what);
}

void shf_dismiss_user(struct shf_user_session *session)
{
	shf_dismiss_worker(&session->worker);
}

void shf_end_user_session(struct shf_user_session *session)
{
	shf_end_worker(&session->worker);
}
