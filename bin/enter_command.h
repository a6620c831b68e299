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
 * The environment that the descriptor called number holds, each variable ended
 * by NUL, and over it the site's.
 */
char **shf_read_environment(const char *number);

/*
 * Exec the command, looked up in PATH of its environment; fails with 126 or
 * 127.  command[-1] exists and may be overwritten.
 */
_Noreturn void shf_execute(char **command, char **environment);

#endif
