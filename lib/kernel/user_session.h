/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_session.h - one helper that answers all questions of a set-up
 *
 * What concerns the user's paths is asked of a process that is the user: root that
 * opens such a path is the user's tool, and waits for the user's file system.  A
 * process costs more than all of its answers, so one, the worker shifter-lookup,
 * serves as many questions as there are.
 */
#ifndef SHF_KERNEL_USER_SESSION_H
#define SHF_KERNEL_USER_SESSION_H

#include "base/report.h"
#include "kernel/credentials.h"
#include "kernel/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct shf_user_session {
	const struct shf_identity *identity; /* NULL: the caller is the user already */
	int timeout_ms;                      /* for each question */
	int64_t deadline_ms;                 /* of the question that was asked last */
	struct shf_worker worker;            /* started by the first question at the latest */
	bool has_begun;                      /* to be the user, who can end it from then on */
};

#define SHF_USER_SESSION(identity, timeout_ms) \
	((struct shf_user_session){ (identity), (timeout_ms), 0, SHF_NO_WORKER, false })

enum { SHF_QUESTION_MAX = 24576 };

/* What can be asked; see the header of who asks. */
enum shf_question_kind {
	SHF_ASK_IMAGE,   /* image_finder.h */
	SHF_ASK_TAG,     /* image_lookup.h */
	SHF_ASK_SOURCES, /* volume_sources.h */
	SHF_ASK_PRESENCE,
	SHF_ASK_TARGETS, /* image_view.h, and what follows */
	SHF_ASK_PROGRAMS,
	SHF_ASK_FILES,
	SHF_ASK_KINDS
};

/* A question: strings, each with its NUL. */
struct shf_question {
	uint32_t kind;
	uint32_t length;
	char bytes[SHF_QUESTION_MAX];
};

static inline void shf_begin_question(struct shf_question *question,
				      enum shf_question_kind kind)
{
	question->kind = kind;
	question->length = 0;
}

/* Add a string.  Returns false if it does not fit in. */
bool shf_add_to_question(struct shf_question *question, const char *string);

/*
 * The string after previous, or the first one for NULL.  NULL after the last
 * one.
 */
const char *shf_next_string(const struct shf_question *question, const char *previous);

/*
 * Start the helper, if there is none: it becomes the user while the caller does
 * something else.  0 or a negative errno value.
 */
int shf_start_user_session(struct shf_user_session *session);

/*
 * Ask it, and pass a copy of fd unless that is -1.  The answers to an earlier
 * question may be outstanding: they come first.  Returns 0, -EIO if the helper
 * ended early, or another negative errno value.
 */
int shf_ask_user(struct shf_user_session *session, const struct shf_question *question, int fd);

/*
 * Receive one packet of an answer, as shf_receive() does, within what is left of
 * the time for the question that was asked last.
 */
ssize_t shf_hear_user(struct shf_user_session *session, void *bytes, size_t size, int *fds,
		      size_t *n_fds);

/*
 * Report why looking up what failed, n being what shf_hear_user() returned, or -EIO of
 * shf_ask_user(): the time is over, or the helper or its answer is not as it should be.
 * That is the node's fault only until the helper becomes the user, who can end it then.
 * Returns a negative errno value.
 */
int shf_explain_user(struct shf_user_session *session, ssize_t n, const char *what,
		     struct shf_report *report);

/* There will be no more questions: let the helper end while the caller goes on. */
void shf_dismiss_user(struct shf_user_session *session);

/* Kill the helper, if it still runs, and see it gone.  A question after that starts another one. */
void shf_end_user_session(struct shf_user_session *session);

/* ---- in the helper ---- */

/*
 * Answers a question: what there is to say goes through channel.  fd came with
 * the question, or is -1; it is closed afterwards.
 */
typedef void (*shf_answer_fn)(int channel, const struct shf_question *question, int fd);

/*
 * Become the user that the library names, then answer its questions by answers[kind],
 * SHF_ASK_KINDS of them, until there are no more.  Returns false if that cannot be.
 */
bool shf_serve_user_session(int channel, const shf_answer_fn *answers);

#define cleanup_user_session __attribute__((cleanup(shf_end_user_session)))

#endif
