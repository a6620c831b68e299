/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spawn.h - programs that run to their end, so that the caller never notices
 *
 * A program that a process execs raises SIGCHLD for its parent when it ends
 * (execve(2)).  So the parent of each program here is a child of the library's
 * own (process.h), not the caller.
 */
#ifndef SHF_KERNEL_SPAWN_H
#define SHF_KERNEL_SPAWN_H

#include "base/text.h"
#include "kernel/credentials.h"

#include <stdint.h>

/* A program to run to its end.  All borrowed; zero means none, fds are -1 for none. */
struct shf_run {
	const char *path; /* absolute, in the namespace it is to run in */
	char *const *argv;
	char *const *envp;                   /* ends with NULL; NULL: empty */
	const struct shf_identity *identity; /* become this user; NULL: stay */
	int namespace;                       /* mount namespace to enter first, or -1 */
	int input;                           /* its standard input, or -1: /dev/null */
	struct shf_text *output;             /* what it wrote to 1, or NULL */
	struct shf_text *errors;             /* what it wrote to 2, or NULL: /dev/null */
	size_t limit;                        /* bytes of each of them; 0: 64 KiB */
	int timeout_ms;
};

/*
 * Run it and wait for its end.  Returns its exit status (128 + N if signal N
 * ended it, 127 if it could not be started), -ETIMEDOUT, -EFBIG if it wrote too
 * much, or another negative errno value.  If that is negative, the program was
 * killed.  What it had started and not put into a process group of its own is
 * killed in any case, also when the calling thread ends.
 */
int shf_run_program(const struct shf_run *run);

#endif
