/* SPDX-License-Identifier: BSD-3-Clause */
#include "enter_command.h"

#include "base/parse.h"
#include "base/report.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 64 << 20 };

#define SITE_ENVIRONMENT "/run/shifter/site.env"

_Noreturn void shf_die(int status, const char *what, const char *object, const char *why)
{
	static char raw[3 * PATH_MAX], text[3 * PATH_MAX];

	snprintf(raw, sizeof(raw), "%s%s%s%s%s%s", what, object ? " '" : "", object ? object : "",
		 object ? "'" : "", why ? ": " : "", why ? why : "");
	shf_escape(text, sizeof(text), raw);
	dprintf(2, "shifter: %s\n", text);
	_exit(status);
}

_Noreturn void shf_die_errno(int status, const char *what, const char *object, int error)
{
	char number[32];

	shf_die(status, what, object, shf_error_text(error, number));
}

/* Read the file fd to its end.  One byte more, which the kernel zeroes, ends the last variable. */
static char *read_file(int fd, size_t *length)
{
	struct stat st;
	size_t used = 0;
	char *bytes;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ENVIRONMENT_MAX)
		shf_die(125, "cannot read the environment", NULL,
			"it is no file of at most 64 MiB");
	bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		shf_die_errno(125, "cannot read the environment", NULL, errno);
	while (used < (size_t)st.st_size) {
		ssize_t n = pread(fd, bytes + used, (size_t)st.st_size - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			shf_die_errno(125, "cannot read the environment", NULL,
				      n < 0 ? errno : EIO);
		used += (size_t)n;
	}
	close(fd);
	*length = used;
	return bytes;
}

static size_t count_variables(const char *bytes, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i += strlen(bytes + i) + 1)
		count++;
	return count;
}

/* Put a variable into the list, in the place of one of that name if there is one. */
static void put(char **list, size_t *count, char *variable)
{
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < *count; i++)
		if (strncmp(list[i], variable, length) == 0 && list[i][length] == '=') {
			list[i] = variable;
			return;
		}
	list[(*count)++] = variable;
}

char **shf_read_environment(const char *number)
{
	size_t own_length, site_length = 0, own, count = 0;
	char *own_bytes, *site_bytes = NULL, **list;
	int site = open(SITE_ENVIRONMENT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint32_t fd;

	if (!shf_parse_u32(number, 0, INT_MAX, &fd))
		shf_die(125, "cannot read the environment from descriptor", number,
			"it is no number");
	own_bytes = read_file((int)fd, &own_length);
	if (site >= 0)
		site_bytes = read_file(site, &site_length);
	own = count_variables(own_bytes, own_length);
	list = mmap(NULL, (own + count_variables(site_bytes, site_length) + 1) * sizeof(*list),
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED)
		shf_die_errno(125, "cannot read the environment", NULL, errno);
	for (size_t i = 0; i < own_length; i += strlen(own_bytes + i) + 1)
		list[count++] = own_bytes + i;
	for (size_t i = 0; i < site_length; i += strlen(site_bytes + i) + 1)
		put(list, &count, site_bytes + i);
	return list;
}

static const char *find(char **environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* command[-1] exists and may be overwritten: a script without "#!" is sh's, as in execvp(3). */
static void try(const char *path, char **command, char **environment)
{
	execve(path, command, environment);
	if (errno != ENOEXEC)
		return;
	command[0] = (char *)(uintptr_t)path;
	command[-1] = (char *)(uintptr_t) "/bin/sh";
	execve("/bin/sh", command - 1, environment);
	errno = ENOEXEC;
}

_Noreturn void shf_execute(char **command, char **environment)
{
	const char *name = command[0];
	const char *path = find(environment, "PATH");
	bool is_denied = false;
	char candidate[PATH_MAX];

	if (!*name)
		shf_die(127, "cannot execute", name, "it is empty");
	if (strchr(name, '/')) {
		try(name, command, environment);
		shf_die_errno(errno == ENOENT || errno == ENOTDIR ? 127 : 126, "cannot execute",
			      name, errno);
	}
	path = path ? path : "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t length = strcspn(path, ":");

		if (length + strlen(name) + 2 <= sizeof(candidate)) {
			/* an empty entry is the working directory (execvp(3)) */
			snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)length, path,
				 length ? "/" : "", name);
			try(candidate, command, environment);
			if (errno == EACCES)
				is_denied = true;
			else if (errno != ENOENT && errno != ENOTDIR)
				shf_die_errno(126, "cannot execute", candidate, errno);
		}
		if (!path[length])
			break;
		path += length + 1;
	}
	if (is_denied)
		shf_die_errno(126, "cannot execute", name, EACCES);
	shf_die(127, "cannot find", name, "it is in no directory of PATH in the container");
}
