/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker.h - programs of ours that do one thing for one call of the library
 *
 * A copy of the caller, which may be a large daemon, costs the copy of its page
 * tables and then a fault for each page that either of them writes to.  A small
 * program that is started in the caller's memory (see daemon.c) costs neither,
 * holds nothing of the caller's, and may use what a copy of one thread may not.
 * As in spawn.h, its parent is not the caller, who never notices.
 */
#ifndef SHF_KERNEL_WORKER_H
#define SHF_KERNEL_WORKER_H

#include "base/report.h"
#include "kernel/daemon.h"
#include "kernel/process.h"

#include <stdbool.h>
#include <stdint.h>

struct shf_worker {
	const char *name; /* of the program, which lives as long as the worker */
	struct shf_child child;
	int channel; /* SOCK_SEQPACKET; -1 if there is no worker, or no more to say to it */
	int leash;   /* a pipe's end: when the last holder of it goes, the worker ends */
};

#define SHF_NO_WORKER \
	((struct shf_worker){ .child = { .pid = 0, .pidfd = -1 }, .channel = -1, .leash = -1 })

/*
 * Start the worker that is installed by that name.  Returns 0 or a negative errno
 * value: -ENOENT if it is not installed.
 */
int shf_start_worker(const char *name, struct shf_worker *worker);

/*
 * The same in parts: prepare it, add to its arguments, start order.daemon or what takes
 * its place, and finish with what came of that.  What was prepared must be finished.
 */
struct shf_worker_order {
	struct shf_daemon daemon;
	char path[1024];
	char *argv[6]; /* the first two; a keeper has more */
	int fds[2];
};

int shf_prepare_worker(const char *name, struct shf_worker *worker,
		       struct shf_worker_order *order);
int shf_finish_worker(struct shf_worker *worker, struct shf_worker_order *order,
		      struct shf_child child, int error);

/*
 * Kill it, if it still runs, and wait until it is gone.  One that the kernel cannot
 * kill within a second (stuck in a file system) is left to itself.
 */
void shf_end_worker(struct shf_worker *worker);

/* Report that one that builds has ended before it was done.  Returns -EIO. */
int shf_fail_early_end(const struct shf_worker *worker, struct shf_report *report);

/* There is nothing more for it to do: let it end while the caller goes on. */
void shf_dismiss_worker(struct shf_worker *worker);

/* It has slipped the leash, and outlives us: let go of it. */
void shf_release_worker(struct shf_worker *worker);

/* ---- in the worker ---- */

/* Its descriptors. */
enum { SHF_WORKER_CHANNEL = 3,
       SHF_WORKER_LEASH = 4 };

/*
 * First of all: was it started by a library of the same version?  Then shf_take_leash().
 */
bool shf_begin_worker(int argc, char *const *argv);

/*
 * Let signals come, and from here on let the end of the leash end this process, whatever it
 * does or waits for.  False if it has ended.
 */
bool shf_take_leash(void);

/* Be nobody's from now on. */
bool shf_slip_leash(void);

#endif
