/* SPDX-License-Identifier: BSD-3-Clause */
#include "host_mounts.h"

#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static unsigned mounted;

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		err(1, "%s", path);
}

void bench_grow_host_mounts(const char *work, unsigned count)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/mounts", work);
	/* one to unmount them all by */
	if (!mounted) {
		make_directory(path);
		BENCH_MUST(mount("bench", path, "tmpfs", 0, "size=4m"), path);
		mounted = 1;
	}
	for (; mounted < count; mounted++) {
		snprintf(path, sizeof(path), "%s/mounts/%u", work, mounted);
		make_directory(path);
		/* not bind mounts of one: they would be peers, which no host has in such numbers */
		BENCH_MUST(mount("bench", path, "tmpfs", 0, "size=4k"), path);
	}
}

void bench_drop_host_mounts(const char *work)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/mounts", work);
	BENCH_MUST(umount2(path, MNT_DETACH), path);
	mounted = 0;
}
