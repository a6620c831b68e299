/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stall.c - a SPANK plug-in that stops prologs and epilogs where a test wants it
 *
 *	required /path/stall.so NAME
 *
 * While /run/stall.NAME.HOOK is there, whoever comes by says so in /run/stalled.NAME.HOOK, with
 * the job, and waits.
 */
#include <slurm/spank.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

SPANK_PLUGIN(stall, 1)

static int stall(spank_t spank, const char *hook, int ac, char *av[])
{
	char gate[256], mark[256];
	uint32_t job = 0;
	FILE *file;

	if (ac != 1)
		return -1;
	snprintf(gate, sizeof(gate), "/run/stall.%s.%s", av[0], hook);
	snprintf(mark, sizeof(mark), "/run/stalled.%s.%s", av[0], hook);
	if (access(gate, F_OK) < 0)
		return 0;
	spank_get_item(spank, S_JOB_ID, &job);
	file = fopen(mark, "a");
	if (file) {
		fprintf(file, "%u\n", job);
		fclose(file);
	}
	while (access(gate, F_OK) == 0)
		usleep(20000);
	return 0;
}

int slurm_spank_job_prolog(spank_t spank, int ac, char *av[])
{
	return stall(spank, "prolog", ac, av);
}

int slurm_spank_job_epilog(spank_t spank, int ac, char *av[])
{
	return stall(spank, "epilog", ac, av);
}
