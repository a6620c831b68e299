/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_tool.h - programs that do a part of the work
 */
#ifndef IMPORT_TOOL_H
#define IMPORT_TOOL_H

#include "import_child.h"

struct import_tool {
	const char *const *argv; /* argv[0] is looked up in the usual directories of programs */
	const char *package;     /* which has it, for the message */
	enum import_rights rights;
	int directory; /* to start in */
	/* its standard output; -1: /dev/null, or the terminal if progress is shown */
	int output;
};

/* Start tool with what it says on standard error going to errors; a status. */
int import_tool_start(const struct import_tool *tool, struct import_child *child, int errors);

/* A file without a name for what a tool has to say; a descriptor or a negative errno value. */
int import_tool_errors(void);

/* The last line in it that is not empty, without control characters. */
void import_tool_reason(int errors, char *out, size_t size);

/* Wait for tool; 0, 1 if it failed, or -EINTR. */
int import_tool_wait(struct import_child *child);

/* Remove name below directory with all that is in it; 0 or 1 if something remains. */
int import_remove(int directory, const char *name);

#endif
