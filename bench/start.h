/* SPDX-License-Identifier: BSD-3-Clause */
/* start.h - start a program and wait for its end, at the least cost */
#ifndef BENCH_START_H
#define BENCH_START_H

#include <sys/types.h>

/* argv[0] is a path.  uid 0 stays root, any other becomes that user first. */
pid_t bench_start(char *const argv[], char *const envp[], uid_t uid);

/* Ends the process unless pid ends with exit status 0; what is for the message. */
void bench_wait(pid_t pid, const char *what);

#endif
