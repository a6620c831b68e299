/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process.h - children that the caller of the library never notices
 *
 * A child made here raises no SIGCHLD and is invisible to a waitpid(-1)
 * without __WALL (clone(2), exit signal 0), as long as it does not exec.  It
 * is a copy of one thread of perhaps many: it may use system calls and stack,
 * but neither the heap nor stdio, and starts with all signals blocked, so that
 * no handler of the caller's runs in it.
 *
 * All functions return 0 or a negative errno value unless they say otherwise.
 */
#ifndef SHF_KERNEL_PROCESS_H
#define SHF_KERNEL_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shf_child {
	pid_t pid;
	int pidfd; /* close-on-exec; -1 if there is no child */
};

#define SHF_NO_CHILD ((struct shf_child){ .pid = 0, .pidfd = -1 })

/*
 * The raw system call: a copy of this thread alone, which raises exit_signal
 * for its parent at its end.  Unlike fork(2) it runs no handlers of other
 * threads.  *pidfd, unless NULL, refers to the child.  Returns as fork(2).
 */
pid_t shf_clone(int exit_signal, int *pidfd);

/* Returns 1 in the child, 0 in the parent with *child filled in, or -errno. */
int shf_fork(struct shf_child *child);

/*
 * Wait for the end of child until deadline_ms (CLOCK_MONOTONIC), then collect
 * it.  *status, unless NULL, is its exit status, or 128 + the signal that
 * ended it.  -ETIMEDOUT leaves it running.
 */
int shf_wait_child(struct shf_child *child, int64_t deadline_ms, int *status);

/*
 * Kill child and collect it.  One that the kernel cannot kill within a second
 * (stuck in a file system) is left to itself.
 */
void shf_end_child(struct shf_child *child);

#define cleanup_child __attribute__((cleanup(shf_end_child)))

/* Milliseconds of CLOCK_MONOTONIC; and what remains until a deadline, >= 0. */
int64_t shf_now_ms(void);
int shf_remaining_ms(int64_t deadline_ms);

/*
 * In a child: make fds[i] descriptor first + i, not close-on-exec, and close
 * everything else above 2.  At most 64.
 */
int shf_arrange_fds(const int *fds, size_t count, int first);

/*
 * In a child: replace those of fds that are 0, 1 or 2, which is what a caller gets
 * who has closed its own, by copies above; -1 stays.  Before shf_null_stdio().
 */
int shf_lift_fds(int *fds, size_t count);

/* In a child: make descriptors 0, 1 and 2 /dev/null. */
int shf_null_stdio(void);

/*
 * In a child that is to exec: default action for all signals, none blocked.
 * A handler would be reset by exec; what is ignored would stay ignored.
 */
void shf_reset_signals(void);

/*
 * When pid was started, in clock ticks since boot (proc(5), stat, field 22);
 * with it a pid names one process for ever.  -ESRCH if there is none.
 */
int shf_process_start_time(pid_t pid, uint64_t *start);

/* The pid of pid's parent; 0 if that is outside of our process namespace.  -ESRCH likewise. */
int shf_process_parent(pid_t pid, pid_t *parent);

/*
 * A pidfd of the process that has this pid and was started then; -ESRCH if
 * there is none (any more).
 */
int shf_open_process(pid_t pid, uint64_t start);

#endif
