/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slots - the slots of a job's hosts, beside what Slurm itself set as
 * SLURM_TASKS_PER_NODE for jobs of that shape
 */
#include "slots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *cpus, *tasks, *per_task, *want; /* want NULL: malformed */
} cases[] = {
	{ "4(x2)", NULL, NULL, "4(x2)" },
	{ "2,1", NULL, NULL, "2,1" },
	{ "1,1", NULL, NULL, "1(x2)" },
	{ "4(x2)", "5", NULL, "3,2" },
	{ "4(x2)", "4", NULL, "2(x2)" },
	{ "4,2", "3", NULL, "2,1" },
	{ "3(x2)", "2", NULL, "1(x2)" },
	{ "4(x2)", "2", NULL, "1(x2)" },
	{ "4,1", "5", NULL, "4,1" },
	{ "3", "3", NULL, "3" },
	{ "8,4", "2", NULL, "1(x2)" },
	{ "2(x2)", "8", NULL, "4(x2)" },
	{ "4(x4)", "2", NULL, "1(x4)" },
	{ "65535(x3),1", NULL, NULL, "65535(x3),1" },
	{ "4(x2)", NULL, "2", "2(x2)" },
	{ "8,4(x2),3,1", NULL, "4", "2,1(x4)" },
	{ "5", NULL, "2", "2" },
	{ "4(x2)", "8", "2", "4(x2)" },
	{ "4", NULL, "0", NULL },
	{ "4", NULL, "2x", NULL },
	{ "4", NULL, "", NULL },
	{ "", NULL, NULL, NULL },
	{ "0", NULL, NULL, NULL },
	{ "4,", NULL, NULL, NULL },
	{ "4(x2", NULL, NULL, NULL },
	{ "4(x0)", NULL, NULL, NULL },
	{ "4x2", NULL, NULL, NULL },
	{ "65536", NULL, NULL, NULL },
	{ "1(x1000001)", NULL, NULL, NULL },
	{ "4294967297", NULL, NULL, NULL },
	{ "4", "", NULL, NULL },
	{ "4", "0", NULL, NULL },
	{ "4", "-1", NULL, NULL },
	{ "4", "2x", NULL, NULL },
};

int main(void)
{
	unsigned int failed = 0, n = sizeof(cases) / sizeof(cases[0]);

	for (unsigned int i = 0; i < n; i++) {
		const char *want = cases[i].want;
		char *got = NULL;
		int rc = shf_slurm_slots(cases[i].cpus, cases[i].tasks, cases[i].per_task, &got);
		int good = want ? rc == 0 && strcmp(got, want) == 0 : rc == -EINVAL && !got;

		if (!good)
			failed++;
		printf("%s - CPUs '%s', tasks %s, CPUs per task %s\n", good ? "ok" : "not ok",
		       cases[i].cpus, cases[i].tasks ? cases[i].tasks : "not asked for",
		       cases[i].per_task ? cases[i].per_task : "not asked for");
		if (!good)
			printf("# got %d '%s', wanted '%s'\n", rc, got ? got : "",
			       want ? want : "-EINVAL");
		free(got);
	}
	printf("%u passed, %u failed, 0 skipped\n", n - failed, failed);
	return failed != 0;
}
