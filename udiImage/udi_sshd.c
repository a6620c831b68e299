/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into sshd alone, with -Wl,--wrap=nanosleep.  sshd makes each request for a login last
 * some five to nine milliseconds, or a multiple of that, so that nobody learns from the time
 * which users there are.  Here there is one, who is no secret, and each login has three of these.
 */
#include <time.h>

enum { SHORT_NS = 500000000 };

int __real_nanosleep(const struct timespec *request, struct timespec *rest);
int __wrap_nanosleep(const struct timespec *request, struct timespec *rest);

int __wrap_nanosleep(const struct timespec *request, struct timespec *rest)
{
	if (request->tv_sec == 0 && request->tv_nsec < SHORT_NS)
		return 0;
	return __real_nanosleep(request, rest);
}
