/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * floor.h - the least that a container costs
 *
 * The same view as a job's container, made with the system calls that make it
 * and no others: nothing is checked, read, planned, recorded or cleaned up
 * after an error, and no program is started.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <sys/types.h>

/* A squashfs file, mounted and attached nowhere.  A descriptor; ends the process on failure. */
int bench_mount_squashfs(const char *path);

/* A container: a process that only sleeps holds it. */
struct bench_floor {
	pid_t holder;
	int namespace;
};

/* Make one of the squashfs file image, for uid; udiimage is a directory of the host. */
void bench_floor_set_up(const char *image, const char *udiimage, uid_t uid,
			struct bench_floor *out);

/* Returns when its mounts are gone. */
void bench_floor_tear_down(struct bench_floor *floor);

#endif
