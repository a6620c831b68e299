/* SPDX-License-Identifier: BSD-3-Clause */
/* host_mounts.h - a host with many mounts: what is mounted there is copied by each container */
#ifndef BENCH_HOST_MOUNTS_H
#define BENCH_HOST_MOUNTS_H

/* Mount empty file systems, as a host would, below work until there are count of them. */
void bench_grow_host_mounts(const char *work, unsigned count);

/* Unmount them all. */
void bench_drop_host_mounts(const char *work);

#endif
