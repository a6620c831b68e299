/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/report.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *shf_error_text(int error, char buffer[32])
{
#ifdef __GLIBC__
	const char *text = strerrordesc_np(error);
#else
	/* in the one language that such a C library has */
	const char *text = error > 0 ? strerror(error) : NULL;
#endif

	if (text)
		return text;
	snprintf(buffer, 32, "error %d", error);
	return buffer;
}

__attribute__((format(printf, 5, 0))) static int
record(struct shf_report *report, int fault, int error, bool with_reason,
       const char *format, va_list args)
{
	char raw[SHF_REPORT_TEXT];
	char number[32];
	int length;

	if (error <= 0)
		error = EIO;
	if (!report || report->error)
		return -error;
	length = vsnprintf(raw, sizeof(raw), format, args);
	if (length < 0)
		raw[length = 0] = '\0';
	if (with_reason && (size_t)length < sizeof(raw))
		snprintf(raw + length, sizeof(raw) - (size_t)length, ": %s",
			 shf_error_text(error, number));
	shf_escape(report->text, sizeof(report->text), raw);
	report->error = error;
	report->fault = fault;
	return -error;
}

int shf_fail(struct shf_report *report, int fault, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error = record(report, fault, error, false, format, args);
	va_end(args);
	return error;
}

int shf_fail_errno(struct shf_report *report, int fault, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error = record(report, fault, error, true, format, args);
	va_end(args);
	return error;
}

void shf_report_clear(struct shf_report *report)
{
	report->error = 0;
	report->fault = SHIFTER_FAULT_NONE;
	report->text[0] = '\0';
}
