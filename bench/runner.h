/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * runner.h - a program that is measured, driven by a process of its own
 *
 * None pays for what another one does to its memory: a fork(), as the floor's,
 * makes each page that is written afterwards cost a page fault.
 */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "programs.h"

enum bench_work { BENCH_SET_UP,
		  BENCH_ENTER,
		  BENCH_ENTER_64,
		  BENCH_RUN_REMOVE,
		  BENCH_SET_UP_SSHD,
		  BENCH_TEAR_DOWN };

struct bench_runner {
	const struct bench_program *program;
	pid_t pid;
	int channel;
};

/* false, and nothing runs, if the program is not installed. */
bool bench_start_runner(const struct bench_program *program, const struct bench_setting *setting,
			struct bench_runner *runner);

/* Have the program do the work once; returns the microseconds that it took. */
double bench_do(const struct bench_runner *runner, enum bench_work work);

void bench_end_runner(const struct bench_runner *runner);

#endif
