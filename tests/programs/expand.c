/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expand - Slurm's host lists as the library reads them, for slurm_lists.sh
 *
 * Reads lines "LIST COUNTS"; for each prints its hosts, "NAME SLOTS", and an empty line.
 */
#include "model/hosts_slurm.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	size_t room = 0, number = 0;
	char *line = NULL;

	while (getline(&line, &room, stdin) > 0) {
		struct shf_report report = { 0 };
		struct shifter_hosts hosts = { .report = &report };
		char *counts;

		number++;
		line[strcspn(line, "\n")] = '\0';
		counts = strchr(line, ' ');
		if (!counts)
			errx(2, "line %zu has no counts", number);
		*counts++ = '\0';
		if (shf_hosts_from_slurm(&hosts, line, counts) != 0)
			errx(1, "line %zu: %s", number, report.text);
		for (size_t i = 0; i < hosts.count; i++)
			printf("%s %u\n", hosts.list[i].name, hosts.list[i].slots);
		putchar('\n');
		shf_hosts_free(&hosts);
	}
	free(line);
	return fflush(stdout) != 0;
}
