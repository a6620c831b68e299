/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads lines as shifter_parseConfig() in src/utility.c of the original does.
 */
#include "model/original.h"

#include <errno.h>
#include <string.h>

static const char blanks[] = " \t\r\v\f";

/* Cut the blanks off both ends. */
static char *trim(char *string)
{
	size_t n;

	string += strspn(string, blanks);
	n = strlen(string);
	while (n && strchr(blanks, string[n - 1]))
		string[--n] = '\0';
	return string;
}

/* The next line that is no comment, ended by NUL, or NULL. */
static char *next_line(struct shf_original_reader *reader)
{
	while (*reader->at) {
		char *line = reader->at;
		size_t n = strcspn(line, "\n");

		reader->number++;
		reader->at += n + (line[n] == '\n');
		line[n] = '\0';
		if (*line != '#')
			return line;
	}
	return NULL;
}

/* Does value end in '\'?  Then it goes on: cut that off. */
static bool goes_on(char *value)
{
	size_t n = strlen(value);

	if (!n || value[n - 1] != '\\')
		return false;
	value[n - 1] = '\0';
	return true;
}

int shf_original_next(struct shf_original_reader *reader, struct shf_original_line *out)
{
	char *line, *equals, *end;
	bool more;

	do {
		line = next_line(reader);
		if (!line)
			return 0;
	} while (!*trim(line));
	out->number = reader->number;
	equals = strchr(line, '=');
	if (!equals)
		return -EINVAL;
	*equals = '\0';
	out->key = trim(line);
	out->value = trim(equals + 1);
	more = goes_on(out->value);
	/* what follows is moved up behind what is there, with a blank between */
	end = out->value + strlen(out->value);
	while (more) {
		char *part;
		size_t n;

		line = next_line(reader);
		if (!line)
			return -EMSGSIZE;
		part = trim(line);
		more = goes_on(part);
		n = strlen(part);
		/* there is room: a backslash or a line end was between the two */
		*end++ = ' ';
		memmove(end, part, n + 1);
		end += n;
	}
	out->value = trim(out->value);
	return 1;
}
