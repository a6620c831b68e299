/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_child.h - processes of an import, and how signals end it
 *
 * Everything that reads an image's contents is a child.  If root imports, it has
 * no rights outside of one directory: it runs in a user namespace whose ids
 * belong to nobody, with the few capabilities that unpacking needs.
 */
#ifndef IMPORT_CHILD_H
#define IMPORT_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The host's ids of an image's 0 to 65535 while it is unpacked: out of the way
 * of accounts, and of the ranges that subuid(5) and container managers hand out.
 */
enum { IMPORT_ID_BASE = 2147352576,
       IMPORT_ID_COUNT = 65536 };

struct import_child {
	pid_t pid;
	int pidfd;
	int life; /* closed when the child shall end */
};

#define IMPORT_NO_CHILD ((struct import_child){ .pid = -1, .pidfd = -1, .life = -1 })

/* How much a child may. */
enum import_rights {
	IMPORT_AS_CALLER,  /* as much as the caller */
	IMPORT_NAMESPACED, /* ids and files of the user namespace only */
	IMPORT_AS_NOBODY   /* the same with one id, where there are no such namespaces */
};

/*
 * From now on signals that end a program are seen by import_poll() only, where
 * they are not ignored.
 */
void import_catch_signals(void);

/* The signal that was seen, or 0. */
int import_signal(void);

/* poll(2) without a timeout; -EINTR once a signal was seen. */
int import_poll(struct pollfd *fds, size_t count);

/* What root's children may here: IMPORT_NAMESPACED if that works. */
enum import_rights import_probe_rights(void);

/*
 * Fork.  Returns 1 in the parent and 0 in the child, or a negative errno value.
 * The child is in directory, has these rights, default signals, the first three
 * descriptors and the n in keep; it is killed if the parent ends.
 */
int import_fork(struct import_child *child, enum import_rights rights, int directory,
		const int *keep, size_t n);

/* Wait for the end; *status as of waitpid(2).  -EINTR: a signal came, it still runs. */
int import_wait(struct import_child *child, int *status);

/* End it, whatever it is doing; nothing if it has ended. */
void import_kill(struct import_child *child);

#endif
