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
#include "runner.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES = 8, /* in each round */
       WARM_UP = 2 /* rounds that do not count */ };

enum row { SET_UP,
	   ENTER,
	   ENTER_64,
	   RUN_REMOVE,
	   SET_UP_SSHD,
	   TEAR_DOWN,
	   SET_UP_10,
	   SET_UP_1000,
	   ROWS };

static const char *const names[ROWS] = {
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

/* One program: a column. */
struct column {
	struct bench_runner runner;
	bool is_there;
	struct samples rows[ROWS];
};

static void take(struct column *column, enum row row, enum bench_work work)
{
	struct samples *samples = &column->rows[row];

	samples->us[samples->count++] = bench_do(&column->runner, work);
}

static void run_round(struct column *column)
{
	if (column->runner.program->set_up) {
		take(column, SET_UP, BENCH_SET_UP);
		for (int i = 0; i < ENTRIES; i++)
			take(column, ENTER, BENCH_ENTER);
		take(column, ENTER_64, BENCH_ENTER_64);
		take(column, TEAR_DOWN, BENCH_TEAR_DOWN);
	}
	take(column, RUN_REMOVE, BENCH_RUN_REMOVE);
	if (column->runner.program->set_up_sshd) {
		take(column, SET_UP_SSHD, BENCH_SET_UP_SSHD);
		bench_do(&column->runner, BENCH_TEAR_DOWN);
	}
}

/* On a host that has as many mounts more. */
static void set_up_among(struct column *columns, unsigned n_mounts, enum row row,
			 const char *directory)
{
	bench_grow_host_mounts(directory, n_mounts);
	for (size_t p = 0; p < PROGRAMS; p++)
		if (columns[p].is_there && programs[p]->set_up) {
			take(&columns[p], row, BENCH_SET_UP);
			bench_do(&columns[p].runner, BENCH_TEAR_DOWN);
		}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_samples(struct column *column, enum row row)
{
	struct samples *samples = &column->rows[row];

	if (!samples->count)
		return;
	qsort(samples->us, samples->count, sizeof(*samples->us), compare);
	printf("%s\t%s\t%.0f\t%.0f\n", names[row], column->runner.program->name,
	       samples->us[samples->count / 2], samples->us[samples->count * 95 / 100]);
}

static void start_column(struct column *column, const struct bench_program *program,
			 const struct bench_setting *setting, unsigned long rounds)
{
	column->is_there = bench_start_runner(program, setting, &column->runner);
	for (int row = 0; row < ROWS; row++) {
		column->rows[row].us = calloc((rounds + WARM_UP) * ENTRIES, sizeof(double));
		if (!column->rows[row].us)
			err(1, "samples");
	}
}

int main(int argc, char **argv)
{
	static struct column columns[PROGRAMS];
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
	for (size_t p = 0; p < PROGRAMS; p++)
		start_column(&columns[p], programs[p], &setting, rounds);
	for (unsigned long round = 0; round < rounds + WARM_UP; round++) {
		/* whoever comes first has the machine that set_up_among() left: each in its turn */
		for (size_t i = 0; i < PROGRAMS; i++) {
			struct column *column = &columns[(round + i) % PROGRAMS];

			if (column->is_there)
				run_round(column);
		}
		set_up_among(columns, 10, SET_UP_10, setting.work);
		set_up_among(columns, 1000, SET_UP_1000, setting.work);
		bench_drop_host_mounts(setting.work);
		for (size_t p = 0; p < PROGRAMS && round < WARM_UP; p++)
			for (int row = 0; row < ROWS; row++)
				columns[p].rows[row].count = 0;
	}
	printf("work\tprogram\tmedian_us\tp95_us\n");
	for (int row = 0; row < ROWS; row++)
		for (size_t p = 0; p < PROGRAMS; p++)
			print_samples(&columns[p], row);
	for (size_t p = 0; p < PROGRAMS; p++)
		if (columns[p].is_there)
			bench_end_runner(&columns[p].runner);
	return fflush(stdout) != 0;
}
