/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mass IMAGE SEQUENCE PARALLEL - a daemon's life: many set-ups and teardowns
 *
 * PARALLEL threads, each with a context of its own, hold a container at the same
 * time; then one thread makes and removes SEQUENCE containers.  Prints what grew
 * between the first tenth and the end: "KB of memory, descriptors, children".
 */
#include <shifter/shifter.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { THREADS_MAX = 200 };

static const char *image;
static pthread_barrier_t all_are_up;

static int set_up(struct shifter_ctx *ctx, const char *id)
{
	struct shifter_container_spec spec;

	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.id = id;
	spec.image = image;
	spec.user = "alice";
	spec.home = "/home/alice";
	spec.uid = 2001;
	spec.gid = 2001;
	if (shifter_setup_container(ctx, &spec, NULL) == 0)
		return 0;
	fprintf(stderr, "%s\n", shifter_get_error(ctx));
	return -1;
}

static int tear_down(struct shifter_ctx *ctx, const char *id)
{
	if (shifter_teardown(ctx, id) == 0)
		return 0;
	fprintf(stderr, "%s\n", shifter_get_error(ctx));
	return -1;
}

static struct shifter_ctx *new_context(void)
{
	struct shifter_ctx *ctx;

	if (shifter_new(&ctx) < 0 || shifter_load_config(ctx, NULL) < 0) {
		fprintf(stderr, "cannot make a context\n");
		exit(1);
	}
	return ctx;
}

static void *live(void *data)
{
	struct shifter_ctx *ctx = new_context();
	static int failure;
	char id[32];
	int rc;

	snprintf(id, sizeof(id), "par%d", *(int *)data);
	rc = set_up(ctx, id);
	pthread_barrier_wait(&all_are_up);
	if (tear_down(ctx, id) < 0)
		rc = -1;
	shifter_free(ctx);
	return rc < 0 ? &failure : NULL;
}

static int run_parallel(int count)
{
	static pthread_t threads[THREADS_MAX];
	static int numbers[THREADS_MAX];
	int failures = 0;

	pthread_barrier_init(&all_are_up, NULL, (unsigned)count);
	for (int i = 0; i < count; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, live, &numbers[i]) != 0)
			exit(1);
	}
	for (int i = 0; i < count; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		failures += failed != NULL;
	}
	return failures;
}

static long memory_kb(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kb = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

static long count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	struct shifter_ctx *ctx;
	int sequence, parallel, failures;
	long memory = 0, descriptors = 0;

	if (argc != 4)
		return 2;
	image = argv[1];
	sequence = atoi(argv[2]);
	parallel = atoi(argv[3]);
	if (sequence < 10 || parallel < 1 || parallel > THREADS_MAX)
		return 2;
	failures = run_parallel(parallel);
	ctx = new_context();
	for (int i = 0; i < sequence; i++) {
		char id[32];

		if (i == sequence / 10) {
			memory = memory_kb();
			descriptors = count_descriptors();
		}
		snprintf(id, sizeof(id), "seq%d", i);
		failures += set_up(ctx, id) < 0;
		failures += tear_down(ctx, id) < 0;
	}
	printf("%ld KB, %ld descriptors, %s\n", memory_kb() - memory,
	       count_descriptors() - descriptors,
	       waitpid(-1, NULL, WNOHANG | __WALL) < 0 ? "no children" : "children");
	shifter_free(ctx);
	return failures != 0;
}
