/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * measure - what containers cost, beside other programs and beside the floor
 *
 *	measure ROUNDS IMAGE COMMAND UDIIMAGE FLOOR-ENTER WORK UID USER-KEY
 *
 * Run by bench/run.  The programs take turns within each round, so that what
 * disturbs the machine disturbs all of them.  Prints "work, program, median_us,
 * p95_us", tab-separated.
 */
#include "host_mounts.h"
#include "programs.h"
#include "start.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64,
       ENTRIES = 8, /* in each round */
       WARM_UP = 2 /* rounds that do not count */ };

enum work { SET_UP,
	    ENTER,
	    ENTER_64,
	    RUN_REMOVE,
	    SET_UP_SSHD,
	    TEAR_DOWN,
	    SET_UP_10,
	    SET_UP_1000,
	    WORKS };

static const char *const names[WORKS] = {
	[SET_UP] = "setup-squashfs",
	[ENTER] = "enter",
	[ENTER_64] = "enter-64",
	[RUN_REMOVE] = "run-remove",
	[SET_UP_SSHD] = "setup-sshd",
	[TEAR_DOWN] = "teardown",
	[SET_UP_10] = "setup-10-mounts",
	[SET_UP_1000] = "setup-1000-mounts",
};

static const struct bench_program *const programs[] = { &bench_shifter, &bench_floor, &bench_crun,
							&bench_bwrap };
enum { PROGRAMS = sizeof(programs) / sizeof(*programs) };

struct samples {
	double *us;
	size_t count;
};

static struct samples samples[WORKS][PROGRAMS];

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void enter_at_once(const struct bench_program *program, int n)
{
	pid_t pids[AT_ONCE];

	for (int i = 0; i < n; i++)
		pids[i] = program->start_entry();
	for (int i = 0; i < n; i++)
		bench_wait(pids[i], program->name);
}

static void take(enum work work, size_t p, double since)
{
	struct samples *s = &samples[work][p];

	s->us[s->count++] = now_us() - since;
}

static void run_round(size_t p)
{
	const struct bench_program *program = programs[p];
	double start;

	if (program->set_up) {
		start = now_us();
		program->set_up();
		take(SET_UP, p, start);
		for (int i = 0; i < ENTRIES; i++) {
			start = now_us();
			enter_at_once(program, 1);
			take(ENTER, p, start);
		}
		start = now_us();
		enter_at_once(program, AT_ONCE);
		take(ENTER_64, p, start);
		start = now_us();
		program->tear_down();
		take(TEAR_DOWN, p, start);
	}
	start = now_us();
	program->run_remove();
	take(RUN_REMOVE, p, start);
	if (program->set_up_sshd) {
		start = now_us();
		program->set_up_sshd();
		take(SET_UP_SSHD, p, start);
		program->tear_down();
	}
}

/* On a host that has as many mounts more. */
static void set_up_among(unsigned n_mounts, enum work work, const char *directory,
			 const bool *is_there)
{
	bench_grow_host_mounts(directory, n_mounts);
	for (size_t p = 0; p < PROGRAMS; p++) {
		double start = now_us();

		if (!is_there[p] || !programs[p]->set_up)
			continue;
		programs[p]->set_up();
		take(work, p, start);
		programs[p]->tear_down();
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_samples(enum work work, size_t p)
{
	struct samples *s = &samples[work][p];

	if (!s->count)
		return;
	qsort(s->us, s->count, sizeof(*s->us), compare);
	printf("%s\t%s\t%.0f\t%.0f\n", names[work], programs[p]->name, s->us[s->count / 2],
	       s->us[s->count * 95 / 100]);
}

int main(int argc, char **argv)
{
	bool is_there[PROGRAMS];
	struct bench_setting setting = { .environment = environ };
	unsigned long rounds;

	if (argc != 9)
		errx(2, "usage: measure ROUNDS IMAGE COMMAND UDIIMAGE FLOOR-ENTER WORK UID "
			"USER-KEY");
	rounds = strtoul(argv[1], NULL, 10);
	setting.image = argv[2];
	setting.command = argv[3];
	setting.udiimage = argv[4];
	setting.floor_enter = argv[5];
	setting.work = argv[6];
	setting.uid = (uid_t)strtoul(argv[7], NULL, 10);
	setting.user_key = argv[8];
	for (size_t p = 0; p < PROGRAMS; p++) {
		is_there[p] = programs[p]->prepare(&setting);
		for (int w = 0; w < WORKS; w++) {
			samples[w][p].us = calloc((rounds + WARM_UP) * ENTRIES, sizeof(double));
			if (!samples[w][p].us)
				err(1, "samples");
		}
	}
	for (unsigned long round = 0; round < rounds + WARM_UP; round++) {
		/* whoever comes first has the machine that set_up_among() left: each in its turn */
		for (size_t i = 0; i < PROGRAMS; i++) {
			size_t p = (round + i) % PROGRAMS;

			if (is_there[p])
				run_round(p);
		}
		set_up_among(10, SET_UP_10, setting.work, is_there);
		set_up_among(1000, SET_UP_1000, setting.work, is_there);
		bench_drop_host_mounts(setting.work);
		for (int w = 0; w < WORKS && round < WARM_UP; w++)
			for (size_t p = 0; p < PROGRAMS; p++)
				samples[w][p].count = 0;
	}
	printf("work\tprogram\tmedian_us\tp95_us\n");
	for (int w = 0; w < WORKS; w++)
		for (size_t p = 0; p < PROGRAMS; p++)
			print_samples(w, p);
	return fflush(stdout) != 0;
}
