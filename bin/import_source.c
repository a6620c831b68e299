/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_source.h"

#include "import_say.h"
#include "import_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int import_input_open(struct import_input *input, const char *path)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		snprintf(input->what, sizeof(input->what), "standard input");
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	} else {
		snprintf(input->what, sizeof(input->what), "'%.*s'", PATH_MAX, path);
		/* a FIFO is waited for when it is read */
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	input->source.what = input->what;
	if (fd < 0 || fstat(fd, &st) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return import_fail_errno(error, "cannot open %s", input->what);
	}
	if (S_ISDIR(st.st_mode)) {
		input->directory = fd;
		input->source.kind = IMPORT_ROOT_TREE;
		if (has(fd, "oci-layout") || (has(fd, "manifest.json") && !has(fd, "usr")))
			input->source.kind = IMPORT_ARCHIVE;
		return 0;
	}
	if (S_ISREG(st.st_mode) || strcmp(path, "-") == 0) {
		input->source.fd = fd;
		input->source.kind = IMPORT_ANY;
		return 0;
	}
	close(fd);
	return import_fail(IMPORT_CALLER,
			   "cannot import %s: it is neither a directory nor a regular file; for a "
			   "pipe use '-'",
			   input->what);
}

/*
 * GNU tar walks by descriptors and follows no link, so what changes in the
 * directory meanwhile does not lead it out.  The order is fixed, and this format
 * has no process ids or times of access in it: the digest becomes the id.
 */
int import_input_start(struct import_input *input)
{
	static const char *const argv[] = {
		"tar",
		"--create",
		"--file=-",
		"--format=gnu",
		"--sort=name",
		"--numeric-owner",
		"--sparse",
		"--one-file-system",
		"--warning=no-file-ignored",
		".",
		NULL
	};
	struct import_tool tool = {
		.argv = argv,
		.package = "tar",
		.rights = IMPORT_AS_CALLER,
		.directory = input->directory,
	};
	int pipe_fds[2], status;

	if (input->directory < 0)
		return 0;
	input->errors = import_tool_errors();
	if (input->errors < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return import_fail_errno(errno, "cannot read %s", input->what);
	tool.output = pipe_fds[1];
	status = import_tool_start(&tool, &input->tar, input->errors);
	close(pipe_fds[1]);
	input->source.fd = pipe_fds[0];
	return status;
}

int import_input_finish(struct import_input *input)
{
	char reason[512];
	int rc;

	if (input->directory < 0)
		return 0;
	rc = import_tool_wait(&input->tar);
	if (rc <= 0)
		return rc;
	/* the first of its complaints: the last one only says that there were some */
	if (dprintf(input->errors, "\n") < 0 || lseek(input->errors, 0, SEEK_SET) < 0)
		return import_fail_errno(errno, "cannot read %s", input->what);
	rc = (int)read(input->errors, reason, sizeof(reason) - 1);
	reason[rc > 0 ? rc : 0] = '\0';
	reason[strcspn(reason, "\n")] = '\0';
	return import_fail(IMPORT_CALLER, "cannot read all of %s: %s", input->what, reason);
}

void import_input_close(struct import_input *input)
{
	import_kill(&input->tar);
	if (input->source.fd >= 0)
		close(input->source.fd);
	if (input->directory >= 0)
		close(input->directory);
	if (input->errors >= 0)
		close(input->errors);
	*input = IMPORT_NO_INPUT;
}
