/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_tool.h"

#include "import_say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not the caller's PATH: it may be root who calls. */
static const char search_path[] = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";

int import_tool_errors(void)
{
	int fd = memfd_create("errors", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool find_program(const char *name, char out[PATH_MAX])
{
	for (const char *dir = search_path; *dir;) {
		size_t length = strcspn(dir, ":");

		snprintf(out, PATH_MAX, "%.*s/%s", (int)length, dir, name);
		if (access(out, X_OK) == 0)
			return true;
		dir += length + (dir[length] == ':');
	}
	return false;
}

int import_tool_start(const struct import_tool *tool, struct import_child *child, int errors)
{
	/* not the caller's: SOURCE_DATE_EPOCH changes times, TAR_OPTIONS anything */
	static char locale[] = "LC_ALL=C.UTF-8", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const environment[] = { locale, path, NULL };
	const char *const *argv = tool->argv;
	char program[PATH_MAX];
	int null, keep[3], rc;

	if (!find_program(argv[0], program))
		return import_fail(IMPORT_NODE, "cannot find '%s': install the package '%s'",
				   argv[0], tool->package);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return import_fail_errno(errno, "cannot open '/dev/null'");
	keep[0] = null;
	keep[1] = errors;
	keep[2] = tool->output;
	rc = import_fork(child, tool->rights, tool->directory, keep, tool->output < 0 ? 2 : 3);
	if (rc == 0) {
		int output = tool->output;

		if (output < 0)
			output = import_progress_is_shown() ? STDERR_FILENO : null;
		if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
		    dup2(errors, STDERR_FILENO) < 0)
			_exit(125);
		execve(program, (char *const *)argv, environment);
		dprintf(STDERR_FILENO, "%s\n", strerror(errno));
		_exit(126);
	}
	close(null);
	return rc < 0 ? import_fail_errno(-rc, "cannot start '%s'", program) : 0;
}

void import_tool_reason(int errors, char *out, size_t size)
{
	char text[4096];
	off_t length = lseek(errors, 0, SEEK_END);
	off_t start = length > (off_t)sizeof(text) - 1 ? length - (off_t)sizeof(text) + 1 : 0;
	ssize_t n = pread(errors, text, sizeof(text) - 1, start);
	char *line, *end;

	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, "No space left")) {
		snprintf(out, size, "%s", strerror(ENOSPC));
		return;
	}
	end = text + strlen(text);
	while (end > text && (end[-1] == '\n' || end[-1] == ' ' || end[-1] == '.'))
		*--end = '\0';
	line = strrchr(text, '\n');
	snprintf(out, size, "%s", *text ? (line ? line + 1 : text) : "it does not say why");
}

int import_tool_wait(struct import_child *child)
{
	int status, rc = import_wait(child, &status);

	if (rc < 0)
		return rc;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int import_remove(int directory, const char *name)
{
	const char *const argv[] = { "rm", "-rf", "--one-file-system", "--", name, NULL };
	const struct import_tool tool = {
		.argv = argv,
		.package = "coreutils",
		.rights = IMPORT_AS_CALLER,
		.directory = directory,
		.output = -1,
	};
	struct import_child child = IMPORT_NO_CHILD;
	int errors = import_tool_errors(), status = 1;

	if (errors >= 0 && import_tool_start(&tool, &child, errors) == 0) {
		/* to its end: the signal that brought us here must not stop it */
		int wait_status;

		while (waitpid(child.pid, &wait_status, 0) < 0 && errno == EINTR)
			;
		status = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 ? 0 : 1;
		close(child.pidfd);
		close(child.life);
	}
	if (errors >= 0)
		close(errors);
	return status;
}
