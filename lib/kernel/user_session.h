/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_session.h - one helper that answers all questions of a set-up
 *
 * What concerns the user's paths is asked of a process that is the user (see
 * user_helper.h).  A process costs more than all of its answers, so one serves
 * as many questions as there are.
 */
#ifndef SHF_KERNEL_USER_SESSION_H
#define SHF_KERNEL_USER_SESSION_H

#include "base/report.h"
#include "kernel/user_helper.h"

#include <stdbool.h>
#include <sys/types.h>

struct shf_user_session {
	const struct shf_identity *identity; /* NULL: the caller is the user already */
	int timeout_ms;                      /* for each question */
	struct shf_user_helper helper;       /* started by the first question at the latest */
};

#define SHF_USER_SESSION(identity, timeout_ms) \
	((struct shf_user_session){ (identity), (timeout_ms), SHF_NO_USER_HELPER })

enum { SHF_QUESTION_MAX = 32768 };

struct shf_question;

/*
 * Answers a question, in the helper: system calls only (see process.h), and of
 * the memory of whoever asks nothing but the question itself, which may be of a
 * later time.  What there is to say goes through channel.  fd came with the
 * question, or is -1; it is closed afterwards.
 */
typedef void (*shf_answer_fn)(int channel, const struct shf_question *question, int fd);

/* What is asked: strings, each with its NUL. */
struct shf_question {
	shf_answer_fn answer;
	size_t length;
	char bytes[SHF_QUESTION_MAX];
};

static inline void shf_begin_question(struct shf_question *question, shf_answer_fn answer)
{
	question->answer = answer;
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
 * Report why looking up what failed, n being what shf_hear_user() returned: the
 * time is over, or the helper or its answer is not as it should be.  Returns a
 * negative errno value.
 */
int shf_explain_user(const struct shf_user_session *session, ssize_t n, const char *what,
		     struct shf_report *report);

/* There will be no more questions: let the helper end by itself. */
void shf_dismiss_user(struct shf_user_session *session);

/* Kill the helper, if it still runs.  A question after that starts another one. */
void shf_end_user_session(struct shf_user_session *session);

#define cleanup_user_session __attribute__((cleanup(shf_end_user_session)))

#endif
