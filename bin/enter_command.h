/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter_command.h - the last steps of entering: environment and exec
 *
 * For processes that are in the container and have given up every privilege.
 * No heap, no environment of their own, no locale: shifter-enter has none.
 */
#ifndef SHF_ENTER_COMMAND_H
#define SHF_ENTER_COMMAND_H

/* Say "shifter: WHAT 'OBJECT': WHY" (object and why may be NULL) and exit. */
_Noreturn void shf_die(int status, const char *what, const char *object, const char *why);
_Noreturn void shf_die_errno(int status, const char *what, const char *object, int error);

/*
 * The environment of a command in this container, as base/command_env.h says, from
 * the file that the descriptor called number holds: the caller's variables, each
 * ended by NUL, then an empty one, then those that the user asked for.  It is
 * closed; what the image and the site say is in /run/shifter.  Or fail with 125.
 */
char **shf_read_environment(const char *number);

/* The working directory that the image asks for, or fail with 125. */
const char *shf_image_workdir(void);

/*
 * The image's entry point, and behind it command or, if that is empty, the image's
 * default command; or fail with 125 if it has no entry point.  result[-1] may be
 * overwritten.
 */
char **shf_add_entry(char **command);

/*
 * Exec the command, looked up in PATH of its environment; fails with 126 or
 * 127.  command[-1] exists and may be overwritten.
 */
_Noreturn void shf_execute(char **command, char **environment);

#endif
