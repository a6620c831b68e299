/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spawn.h - programs of ours, started so that the caller never notices
 *
 * A program that a process execs raises SIGCHLD for its parent when it ends
 * (execve(2)).  So the parent of each program here is a child of the library's
 * own (process.h), not the caller.
 */
#ifndef SHF_KERNEL_SPAWN_H
#define SHF_KERNEL_SPAWN_H

#include "base/text.h"
#include "kernel/credentials.h"
#include "kernel/process.h"

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
 * killed, and so was what it had started and not put into a process group of its
 * own; the same happens when the calling thread ends.
 */
int shf_run_program(const struct shf_run *run);

/* A program to leave running, in a session of its own, with 0-2 /dev/null. */
struct shf_daemon {
	const char *path;
	char *const *argv; /* its environment is empty */
	const int *fds;    /* descriptors 3, 4, ... of it */
	size_t n_fds;
	/*
	 * With anchor, its parent is a child of the calling process, so that it
	 * has the caller's ancestry; place is then called for that parent before
	 * anything else runs, and may refuse with a negative errno value.
	 */
	struct shf_child *anchor;
	int (*place)(int32_t pid, void *data);
	void *place_data;
};

/*
 * Start it.  *child is the program; its pidfd is the caller's to close, and to
 * wait for it is not the caller's business.  Returns 0 once it has been
 * exec'd, what place returned, or another negative errno value.
 */
int shf_start_daemon(const struct shf_daemon *daemon, struct shf_child *child);

#endif
