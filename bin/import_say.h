/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_say.h - failures and progress of an import
 */
#ifndef IMPORT_SAY_H
#define IMPORT_SAY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who has to act, as shifterctl has it.  Functions that return "a status"
 * return 0 or one of these, having said on standard error what failed.
 */
enum {
	IMPORT_CALLER = 2, /* the source, or what was asked for, is wrong */
	IMPORT_NODE = 5    /* this node is out of something, or ill */
};

/* Say what failed; returns status. */
int import_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same, followed by the reason for error, an errno value; the status is
 * IMPORT_NODE for what a node runs out of, else IMPORT_CALLER.
 */
int import_fail_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Say something that is no failure. */
void import_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether progress is shown, which also takes a terminal as standard error. */
void import_progress_enable(bool is_wanted);
bool import_progress_is_shown(void);

/*
 * Show, at most ten times a second, that step has come to done of total, or
 * just the step if total is 0.
 */
void import_progress(const char *step, uint64_t done, uint64_t total);

/* Take away what import_progress() has drawn. */
void import_progress_clear(void);

#endif
