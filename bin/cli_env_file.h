/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_env_file.h - variables from a file, for --env-file
 *
 * As Docker and the original Shifter have it: a variable per line, NAME=VALUE, or
 * NAME for that of the caller; lines that are empty or start with '#' are
 * comments; blanks at both ends of a line do not count; quotes, backslashes and
 * '$' mean nothing.
 */
#ifndef CLI_ENV_FILE_H
#define CLI_ENV_FILE_H

#include "cli_env.h"

/*
 * Set in env what the file says.  Returns 0, or -1 after it has said why not, with
 * the number of the line that is wrong.
 */
int shf_env_read_file(struct shf_env *env, const char *path);

#endif
