/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state.h - /run/shifter/<id>, what different hooks know of one container
 *
 * The directory is root's alone, so nobody else can take its lock (flock(2)
 * works on whatever can be opened), and it holds known names only.
 */
#ifndef SHF_KERNEL_STATE_H
#define SHF_KERNEL_STATE_H

#include "base/report.h"
#include "model/record.h"

#include <stdbool.h>
#include <stdint.h>

#ifndef SHF_RUN_DIR
#define SHF_RUN_DIR "/run/shifter"
#endif

#define SHF_STATE_SOCKET "keeper"
#define SHF_STATE_STAGE "stage"
#define SHF_STATE_HOSTS "hosts"

/* A state directory; open, and perhaps locked. */
struct shf_state {
	int root; /* SHF_RUN_DIR */
	int dir;  /* SHF_RUN_DIR/<id> */
	const char *id;
};

#define SHF_NO_STATE ((struct shf_state){ .root = -1, .dir = -1, .id = NULL })

void shf_close_state(struct shf_state *state);

/*
 * Likewise, and give up its lock: to close it is not enough if a process that another
 * thread forked meanwhile has the descriptor, too.
 */
void shf_release_state(struct shf_state *state);

#define cleanup_state __attribute__((cleanup(shf_release_state)))

/*
 * Open SHF_RUN_DIR, and with create make it first.  Returns a descriptor,
 * -ENOENT without create, -EPERM if others can change it, or another negative
 * errno value.
 */
int shf_open_run_dir(bool create, struct shf_report *report);

/*
 * Make the state directory of id and lock it, waiting until deadline_ms for
 * whoever works on one of that name.  Returns 0, -EBUSY, -EEXIST with the lock of the
 * one that is there, or another negative errno value.  id is borrowed.
 */
int shf_create_state(const char *id, int64_t deadline_ms, struct shf_state *state,
		     struct shf_report *report);

/* Open the state directory of id.  0, -ENOENT silently, or another one. */
int shf_open_state(const char *id, struct shf_state *state, struct shf_report *report);

/*
 * Lock a directory of root's, for oneself or shared, waiting until deadline_ms
 * (0: not at all).  0, -EBUSY, or another negative errno value.
 */
int shf_lock_directory(int dir, bool shared, int64_t deadline_ms);

/* Give up its lock, if there is one, and close it. */
void shf_close_lock(int *dir);

#define cleanup_lock __attribute__((cleanup(shf_close_lock)))

/*
 * Lock it, for oneself or shared with others who look at it, waiting until
 * deadline_ms (0: not at all).  Returns 0, -EBUSY, or -ENOENT if the directory
 * has been removed meanwhile.
 */
int shf_lock_state(struct shf_state *state, bool shared, int64_t deadline_ms);

void shf_unlock_state(struct shf_state *state);

/* The kernel's name for this boot: state of another one is stale. */
int shf_get_boot_id(char boot_id[37]);

/* Replace the record.  0 or a negative errno value. */
int shf_write_record(struct shf_state *state, const struct shf_record *record,
		     struct shf_report *report);

/* Read it; as shf_record_parse(), and -EUCLEAN if there is none. */
int shf_read_record(struct shf_state *state, struct shf_record *record, struct shf_report *report);

/*
 * Remove the known names, then the directory.  Anything unknown in it is left,
 * makes this fail with -ENOTEMPTY, and is named.
 */
int shf_remove_state(struct shf_state *state, struct shf_report *report);

#endif
