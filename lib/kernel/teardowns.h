/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * teardowns.h - tombstones: when an id was last torn down
 *
 * A teardown may come before the set-up that it is meant for: when slurmd is
 * killed in a prolog, the epilog can start, and end, before the orphaned prolog
 * has made so much as a directory.  So every teardown notes its time, and a
 * set-up that was asked for before that time loses, whenever it comes.
 *
 * Times, not names of generations: what the prolog and the epilog of a job both
 * know of it (its number) is the same after it was requeued, and what differs
 * (restart counts, start times) is told to one of them only, or by some versions
 * of a workload manager only.  The clock is CLOCK_BOOTTIME, the one that process
 * start times are told in.  A time never needs to expire: what is asked for
 * afterwards wins at once, so the same id starts clean immediately.
 *
 * The notes are one file of fixed size in SHF_RUN_DIR.  An id has its place in
 * one of 128 sets of 8, where it replaces its own earlier note or else the
 * oldest.  What another boot or another version wrote counts for nothing.
 */
#ifndef SHF_KERNEL_TEARDOWNS_H
#define SHF_KERNEL_TEARDOWNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In SHF_RUN_DIR; no id of a container starts with a dot. */
#define SHF_TEARDOWNS_NAME ".teardowns"

/* Nanoseconds since boot, suspended or not (CLOCK_BOOTTIME). */
uint64_t shf_boot_time_ns(void);

/*
 * When a process was started, on the same clock: the last instant of the clock
 * tick that the kernel names, so that who is started right after a teardown
 * wins.  0, -ESRCH if there is no such process, or another negative errno value.
 */
int shf_get_start_ns(pid_t pid, uint64_t *start_ns);

/*
 * Note that what was asked for up to when_ns under this id is torn down.  Never
 * takes a later note back.  run_dir is SHF_RUN_DIR.  0 or a negative errno value.
 */
int shf_note_teardown(int run_dir, const char *id, uint64_t when_ns);

/* Is what was asked for at asked_ns under this id torn down? */
bool shf_was_torn_down(int run_dir, const char *id, uint64_t asked_ns);

#endif
