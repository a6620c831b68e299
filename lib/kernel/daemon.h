/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon.h - programs of ours that stay, started so that the caller never notices
 *
 * As in spawn.h, their parent is not the caller.
 */
#ifndef SHF_KERNEL_DAEMON_H
#define SHF_KERNEL_DAEMON_H

#include "kernel/process.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A program to leave running, in a session of its own, with 0-2 /dev/null.  Signals are
 * its own affair (shf_reset_signals()): it starts with all of them blocked, and with
 * those ignored that the caller ignores.
 */
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
