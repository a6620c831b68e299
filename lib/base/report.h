/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.h - one failure, one line, and who has to act on it
 *
 * Leaf functions return -errno and say nothing.  The function that knows the
 * object writes the text, once, and passes the number on.
 */
#ifndef SHF_BASE_REPORT_H
#define SHF_BASE_REPORT_H

#include <shifter/shifter.h>

enum { SHF_REPORT_TEXT = 1024 };

struct shf_report {
	int error; /* errno value, 0 when nothing failed */
	int fault; /* SHIFTER_FAULT_* */
	char text[SHF_REPORT_TEXT];
};

/*
 * Record a failure and return -error, so that callers can write
 * "return shf_fail(...)".  The first failure stays: what fails later, while
 * cleaning up after it, is a consequence.  Control characters and bytes that
 * are no UTF-8 text appear as \xNN.  error must be positive; 0 counts as EIO.
 */
int shf_fail(struct shf_report *report, int fault, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As shf_fail(), with ": " and the text of error appended. */
int shf_fail_errno(struct shf_report *report, int fault, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Forget any failure. */
void shf_report_clear(struct shf_report *report);

/*
 * The text of an errno value without locale and without static buffers, as
 * the C locale has it; "error 4711" for an unknown one, held in buffer.
 */
const char *shf_error_text(int error, char buffer[32]);

#endif
