/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PATH_SIZE = 4096,
       DEVICES_MAX = 1024 };

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* Is it "ConstrainDevices=yes", in any case and with blanks? */
static bool is_constraint(const char *line)
{
	static const char key[] = "constraindevices";

	line = skip_blanks(line);
	if (strncasecmp(line, key, strlen(key)) != 0)
		return false;
	line = skip_blanks(line + strlen(key));
	return *line == '=' && strncasecmp(skip_blanks(line + 1), "yes", 3) == 0;
}

/* Without the file, or when it cannot be read, they are as Slurm has them by default: no. */
static bool are_constrained(void)
{
	const char *conf = getenv("SLURM_CONF");
	const char *slash = conf ? strrchr(conf, '/') : NULL;
	char path[PATH_SIZE], line[512];
	bool constrained = false;
	FILE *file;

	if (snprintf(path, sizeof(path), "%.*scgroup.conf", slash ? (int)(slash - conf) + 1 : 11,
		     slash ? conf : "/etc/slurm/") >= (int)sizeof(path))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		constrained = constrained || is_constraint(line);
	fclose(file);
	return constrained;
}

/* "2,5" -> 2; 0 for what is no list of numbers, as names of GPUs are, which hold everywhere. */
static unsigned count_numbers(const char *list)
{
	unsigned n = 0;

	for (;;) {
		size_t digits = strspn(list, "0123456789");

		if (!digits || n == DEVICES_MAX)
			return 0;
		n++;
		list += digits;
		if (!*list)
			return n;
		if (*list++ != ',')
			return 0;
	}
}

static int add_renumbered(struct shf_slurm_facts *facts, const char *name, unsigned n)
{
	char list[DEVICES_MAX * 5];
	size_t length = 0;

	for (unsigned i = 0; i < n; i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%u",
					   i ? "," : "", i);
	return shf_slurm_facts_add(facts, name, list);
}

int shf_slurm_add_devices(struct shf_slurm_facts *facts)
{
	static const char *const names[] = {
		"CUDA_VISIBLE_DEVICES",
		"ROCR_VISIBLE_DEVICES",
		"HIP_VISIBLE_DEVICES",
		"GPU_DEVICE_ORDINAL",
		"ZE_AFFINITY_MASK",
	};
	bool constrained = are_constrained();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		unsigned n = value && constrained ? count_numbers(value) : 0;
		int rc = 0;

		if (n)
			rc = add_renumbered(facts, names[i], n);
		else if (value)
			rc = shf_slurm_facts_add(facts, names[i], value);
		if (rc < 0)
			return rc;
	}
	return 0;
}
