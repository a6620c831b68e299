/* SPDX-License-Identifier: BSD-3-Clause */
#include "enter_privilege.h"

#include "enter_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SELF "/proc/self/exe"
#define WHAT "cannot enter the container"

/* The start of a file of /proc, until the next call. */
static const char *read_start(const char *path)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static long get_tracer(void)
{
	static const char key[] = "\nTracerPid:";
	const char *at = strstr(read_start("/proc/self/status"), key);

	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

/* Has the user namespace another root than the system, or none? (user_namespaces(7)) */
static bool has_other_root(void)
{
	unsigned long first, outside, count;

	return sscanf(read_start("/proc/self/uid_map"), "%lu %lu %lu", &first, &outside, &count) ==
		       3 &&
	       (first != 0 || outside != 0);
}

_Noreturn void shf_die_unprivileged(void)
{
	static char path[PATH_MAX], why[2 * PATH_MAX];
	ssize_t length = readlink(SELF, path, sizeof(path) - 1);
	struct statvfs fs;
	struct stat st;
	long tracer;

	if (length < 0 || stat(SELF, &st) < 0 || statvfs(SELF, &fs) < 0)
		shf_die_errno(125, WHAT ": cannot look at the program", SELF, errno);
	path[length] = '\0';
	/* in such a namespace root's files are nobody's; the rest is as execve(2) lists it */
	if (has_other_root())
		snprintf(why, sizeof(why),
			 "this process is in a user namespace without the system's root, as a "
			 "container without a job is one: run shifter outside of it");
	else if (!(st.st_mode & S_ISUID) || st.st_uid != 0)
		snprintf(why, sizeof(why),
			 "'%s' is not setuid root, it belongs to uid %u with mode %04o: the "
			 "administrator mends that with 'chown root:root' and 'chmod 4755'",
			 path, (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777));
	else if (fs.f_flag & ST_NOSUID)
		snprintf(why, sizeof(why),
			 "'%s' is on a file system that is mounted nosuid here: the administrator "
			 "installs it on another, or mounts this one suid",
			 path);
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		snprintf(why, sizeof(why),
			 "this process, or one that it comes from, gave up new privileges "
			 "(no_new_privs), as everything in a container has: run shifter outside "
			 "of it");
	else if ((tracer = get_tracer()) > 0)
		snprintf(why, sizeof(why),
			 "shifter is traced by process %ld, and who is traced gets no privileges: "
			 "trace the command in the container instead, as in 'shifter strace CMD'",
			 tracer);
	else
		snprintf(why, sizeof(why),
			 "'%s' is setuid root, and the system did not heed that: a security "
			 "module may forbid it",
			 path);
	shf_die(125, WHAT, NULL, why);
}
