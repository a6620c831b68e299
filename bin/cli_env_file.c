/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_env_file.h"

#include "cli_say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16 << 20 };

static const char blanks[] = " \t\r\v\f";

/* The text of the file, ended by NUL, and its length; NULL with errno. */
static char *read_text(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = fd < 0 ? NULL : malloc(FILE_MAX + 1);
	ssize_t n = 1;
	int error;

	*length = 0;
	while (text && n > 0 && *length <= FILE_MAX) {
		n = read(fd, text + *length, FILE_MAX + 1 - *length);
		if (n > 0)
			*length += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	if (text && n >= 0 && *length <= FILE_MAX) {
		text[*length] = '\0';
		return text;
	}
	errno = text && n >= 0 ? EFBIG : error;
	free(text);
	return NULL;
}

/* A line, as a string without blanks around it; returns what is wrong with it, or NULL. */
static const char *take_line(struct shf_env *env, char *line)
{
	size_t n = strcspn(line, "=");

	if (*line == '\0' || *line == '#')
		return NULL;
	if (n == 0)
		return "it has no name before the '='";
	if (strcspn(line, blanks) < n)
		return "a name has no blanks in it";
	shf_env_set_entry(env, line);
	return NULL;
}

int shf_env_read_file(struct shf_env *env, const char *path)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors write it */
	size_t length, number = 0;
	char *text = read_text(path, &length), *line, *next;
	const char *wrong = NULL;

	if (!text) {
		shf_say("cannot read the variables of '%s': %s", path, strerror(errno));
		return -1;
	}
	line = text + (strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0);
	for (; !wrong && line < text + length; line = next) {
		size_t n = strcspn(line, "\n");

		number++;
		next = line + n + 1;
		if (line[n] == '\0' && line + n < text + length) {
			wrong = "it has a NUL byte";
			break;
		}
		line[n] = '\0';
		while (n > 0 && strchr(blanks, line[n - 1]))
			line[--n] = '\0';
		wrong = take_line(env, line + strspn(line, blanks));
	}
	if (wrong)
		shf_say("cannot use line %zu of '%s': %s", number, path, wrong);
	free(text);
	return wrong ? -1 : 0;
}
