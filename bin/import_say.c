/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_say.h"

#include "cli_say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_MS = 100 };

static bool is_shown, is_drawn;

void import_progress_enable(bool is_wanted)
{
	is_shown = is_wanted && isatty(STDERR_FILENO);
}

bool import_progress_is_shown(void)
{
	return is_shown;
}

static void draw(const char *text, size_t length)
{
	/* What a terminal does not take has nowhere else to go. */
	while (write(STDERR_FILENO, text, length) < 0 && errno == EINTR)
		;
}

void import_progress_clear(void)
{
	static const char erase[] = "\r\033[K";

	if (is_drawn)
		draw(erase, sizeof(erase) - 1);
	is_drawn = false;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void import_progress(const char *step, uint64_t done, uint64_t total)
{
	static uint64_t last_ms;
	char line[160];
	int length;

	if (!is_shown || now_ms() - last_ms < INTERVAL_MS)
		return;
	last_ms = now_ms();
	if (done > total)
		done = total;
	if (total)
		length = snprintf(line, sizeof(line), "\r%.100s  %3u%%\033[K", step,
				  (unsigned int)((double)done / (double)total * 100));
	else
		length = snprintf(line, sizeof(line), "\r%.100s\033[K", step);
	draw(line, (size_t)length);
	is_drawn = true;
}

int import_fail(int status, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	import_progress_clear();
	shf_say("%s", text);
	return status;
}

static bool is_of_node(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EIO:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case EROFS:
	case ENOSYS: return true;
	default: return false;
	}
}

int import_fail_errno(int error, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return import_fail(is_of_node(error) ? IMPORT_NODE : IMPORT_CALLER, "%s: %s", text,
			   strerror(error));
}

void import_warn(const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	import_progress_clear();
	shf_say("warning: %s", text);
}
