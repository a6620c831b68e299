/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096 };

void shf_say(const char *format, ...)
{
	char message[MESSAGE_MAX], line[4 * MESSAGE_MAX + 64];
	size_t n;
	va_list args;

	va_start(args, format);
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	va_end(args);
	n = (size_t)snprintf(line, 60, "%.50s: ", program_invocation_short_name);
	for (const char *c = message; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			n += (size_t)snprintf(line + n, 5, "\\x%02x", (unsigned char)*c);
		else
			line[n++] = *c;
	}
	line[n++] = '\n';
	/* A message that cannot be delivered has nowhere else to go. */
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
}

int shf_open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number, which is this one. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0)
			return -errno;
	}
	return 0;
}
