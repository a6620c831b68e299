/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * orphans IMAGE - a caller that takes in orphans
 *
 * Sets up a container and removes it, and prints how many children had ended and were
 * left for this process to wait for, after the one and after the other.
 */
#include <shifter/shifter.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Those that end within the next moment, too. */
static int collect(void)
{
	int count = 0;

	for (int i = 0; i < 50; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			count++;
		poll(NULL, 0, 10);
	}
	return count;
}

int main(int argc, char **argv)
{
	struct shifter_container_spec spec;
	struct shifter_ctx *ctx;
	int first;

	if (argc != 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 2;
	if (shifter_new(&ctx) < 0 || shifter_load_config(ctx, NULL) < 0)
		return 1;
	collect();
	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.id = "orphans";
	spec.image = argv[1];
	spec.user = "alice";
	spec.home = "/home/alice";
	spec.uid = 2001;
	spec.gid = 2001;
	if (shifter_setup_container(ctx, &spec, NULL) < 0) {
		fprintf(stderr, "%s\n", shifter_get_error(ctx));
		return 1;
	}
	first = collect();
	if (shifter_teardown(ctx, spec.id) < 0) {
		fprintf(stderr, "%s\n", shifter_get_error(ctx));
		return 1;
	}
	printf("%d %d\n", first, collect());
	shifter_free(ctx);
	return 0;
}
