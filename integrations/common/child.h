/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child.h - a child that says something and ends before a deadline
 */
#ifndef SHF_WLM_CHILD_H
#define SHF_WLM_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* Runs in the child; what it writes to fd is the answer.  Returns an exit code. */
typedef int (*shf_wlm_child_fn)(int fd, void *data);

struct shf_wlm_answer {
	char *bytes; /* owned; ends in a NUL that size does not count */
	size_t size;
	int exit_status; /* as waitpid() reports it */
};

/*
 * Run fn in a child whose standard input and output are /dev/null, without any
 * descriptor of ours but fd, and collect at most limit bytes of what it says;
 * the rest is thrown away.  A child still there after timeout_ms is killed.
 * Needs a process that reaps no children behind our back.
 *
 * Returns 0, whatever the exit status; -ETIMEDOUT, or another negative errno
 * value.
 */
int shf_wlm_child_run(shf_wlm_child_fn fn, void *data, size_t limit, unsigned int timeout_ms,
		      struct shf_wlm_answer *out);

/*
 * The same, but the child is killed, and -ECANCELED returned, as soon as is_moot says so,
 * which is asked a few times per second.
 */
int shf_wlm_child_run_unless(shf_wlm_child_fn fn, void *data, size_t limit,
			     unsigned int timeout_ms, bool (*is_moot)(void *moot_data),
			     void *moot_data, struct shf_wlm_answer *out);

/* As of a process that has just been started: no handler, nothing ignored or blocked. */
void shf_wlm_reset_signals(void);

/* For fn: write all of it.  Returns 0, or 1 where that fails, as an exit code. */
int shf_wlm_answer_with(int fd, const void *bytes, size_t size);

void shf_wlm_answer_free(struct shf_wlm_answer *answer);

#define scope_answer __attribute__((cleanup(shf_wlm_answer_free)))

#endif
