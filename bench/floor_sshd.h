/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * floor_sshd.h - the least that an sshd in a container costs
 *
 * The sshd of udiImage with a key and a configuration that are there already; nobody
 * watches it, and its port is not bound before.
 */
#ifndef BENCH_FLOOR_SSHD_H
#define BENCH_FLOOR_SSHD_H

#include <sys/types.h>

/* Make its key and configuration in /tmp, which containers share.  Ends the process on failure. */
void bench_prepare_sshd(const char *udiimage, uid_t uid);

/* Start it as uid in the mount namespace, and return once it has greeted somebody. */
pid_t bench_start_sshd(int namespace, uid_t uid);

#endif
