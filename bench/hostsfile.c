/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hostsfile - what it costs to tell a job of 100,000 hosts about them
 *
 *	hostsfile ROUNDS CONTAINER BYTES FLOOR
 *
 * Run by bench/run.  shifter writes all forms of the hostsfile of a container; the floor
 * writes the same bytes, which the files in the folder BYTES have, into the folder
 * FLOOR, in memory as well.  Prints "work, program, median_us, p95_us", tab-separated.
 */
#include <shifter/shifter.h>

#include "fail.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 32,
       WARM_UP = 2 /* rounds that do not count */ };

struct file {
	char name[256];
	char *bytes;
	size_t length;
};

static struct file files[FILES_MAX];
static size_t n_files;

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int provide(struct shifter_hosts *hosts, void *data)
{
	(void)data;
	return shifter_add_hosts_from_slurm(hosts, "nid[000001-100000]", "4(x100000)");
}

static void read_files(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		err(1, "%s", path);
	while ((entry = readdir(dir)) && n_files < FILES_MAX) {
		struct file *file = &files[n_files];
		struct stat st;
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file->name, sizeof(file->name), "%s", entry->d_name);
		fd = (int)BENCH_MUST(openat(dirfd(dir), file->name, O_RDONLY), file->name);
		BENCH_MUST(fstat(fd, &st), file->name);
		file->length = (size_t)st.st_size;
		file->bytes = malloc(file->length + 1);
		if (!file->bytes || read(fd, file->bytes, file->length) != st.st_size)
			err(1, "%s", file->name);
		close(fd);
		n_files++;
	}
	closedir(dir);
	if (!n_files)
		errx(1, "no files in '%s'", path);
}

/* As the library does it, so that nobody sees half a file. */
static void write_floor(int dir)
{
	for (size_t i = 0; i < n_files; i++) {
		int fd = (int)BENCH_MUST(openat(dir, "new", O_WRONLY | O_CREAT | O_EXCL, 0644),
					 "new");

		if (write(fd, files[i].bytes, files[i].length) != (ssize_t)files[i].length)
			err(1, "%s", files[i].name);
		close(fd);
		BENCH_MUST(renameat(dir, "new", dir, files[i].name), files[i].name);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *program, double *us, size_t count)
{
	qsort(us, count, sizeof(*us), compare);
	printf("hostsfile-100k\t%s\t%.0f\t%.0f\n", program, us[count / 2], us[count * 95 / 100]);
}

int main(int argc, char **argv)
{
	struct shifter_hostsfile_spec spec = { .size = sizeof(spec), .provide = provide };
	struct shifter_container *container = NULL;
	struct shifter_ctx *ctx = NULL;
	unsigned long rounds;
	double *ours, *floor;
	int dir;

	if (argc != 5)
		errx(2, "usage: hostsfile ROUNDS CONTAINER BYTES FLOOR");
	rounds = strtoul(argv[1], NULL, 10);
	ours = calloc(rounds + 1, sizeof(*ours));
	floor = calloc(rounds + 1, sizeof(*floor));
	if (!ours || !floor || shifter_new(&ctx) < 0)
		errx(1, "out of memory");
	read_files(argv[3]);
	dir = (int)BENCH_MUST(open(argv[4], O_RDONLY | O_DIRECTORY), argv[4]);
	if (shifter_load_config(ctx, NULL) < 0 ||
	    shifter_open_container(ctx, argv[2], &container) < 0)
		errx(1, "%s", shifter_get_error(ctx));
	for (unsigned long round = 0; round < rounds + WARM_UP; round++) {
		unsigned long at = round < WARM_UP ? 0 : round - WARM_UP;
		double start = now_us();

		if (shifter_write_hostsfile(container, &spec) < 0)
			errx(1, "%s", shifter_get_error(ctx));
		ours[at] = now_us() - start;
		start = now_us();
		write_floor(dir);
		floor[at] = now_us() - start;
	}
	print("shifter", ours, rounds);
	print("floor", floor, rounds);
	return fflush(stdout) != 0;
}
