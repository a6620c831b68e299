/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter_command.h - the last steps of entering: environment and exec
 *
 * For processes that are in the container and have given up every privilege.
 * No heap, no environment of their own, no locale: shifter-enter has none.
 */
#ifndef SHF_ENTER_COMMAND_H
#define SHF_ENTER_COMMAND_H

#include <stdbool.h>

/* Say "shifter: WHAT 'OBJECT': WHY" (object and why may be NULL) and exit. */
_Noreturn void shf_die(int status, const char *what, const char *object, const char *why);
_Noreturn void shf_die_errno(int status, const char *what, const char *object, int error);

/* What shifter-enter and shifter-private have been told. */
struct shf_enter_options {
	const char *workdir;    /* -w; NULL: the caller's */
	bool use_image_workdir; /* -W */
	bool use_entry;         /* -e: the image's entry point comes before the command */
};

/* Read the options, zeroed before, at the start of argv; returns how many words they are. */
int shf_read_enter_options(int argc, char **argv, struct shf_enter_options *options);

/*
 * The environment of a command in this container, as base/command_env.h says, from
 * the file that the descriptor called number holds: the caller's variables, each
 * ended by NUL, then an empty one, then those that the user asked for.  It is
 * closed; what the image and the site say is in /run/shifter.  Without a job there
 * are no hosts to tell a launcher of MPI.  Or fail with 125.
 */
char **shf_read_environment(const char *number, bool is_in_job);

/* Change to the directory that the options name, or to previous, or where that is not, to "/". */
void shf_enter_directory(const struct shf_enter_options *options, const char *previous);

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
