/* SPDX-License-Identifier: BSD-3-Clause */
#include "args.h"

#include <slurm/spank.h>
#include <string.h>

static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(argument, name, length) != 0 || argument[length] != '=')
		return NULL;
	return argument + length + 1;
}

static int parse_switch(const char *argument, const char *value, bool *out)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
		slurm_error("shifter: invalid argument '%s' in plugstack.conf: expected 0 or 1",
			    argument);
		return -1;
	}
	*out = value[0] == '1';
	return 0;
}

int shf_slurm_args_parse(struct shf_slurm_args *args, int ac, char *av[])
{
	memset(args, 0, sizeof(*args));
	for (int i = 0; i < ac; i++) {
		const char *value;

		if ((value = value_of(av[i], "enable_sshd"))) {
			if (parse_switch(av[i], value, &args->enable_sshd) < 0)
				return -1;
		} else if ((value = value_of(av[i], "shifter_config"))) {
			if (value[0] != '/') {
				slurm_error("shifter: invalid argument '%s' in plugstack.conf: "
					    "expected an absolute path",
					    av[i]);
				return -1;
			}
			args->config = value;
		} else {
			slurm_error("shifter: unknown argument '%s' in plugstack.conf: "
				    "known are enable_sshd=0|1 and shifter_config=PATH",
				    av[i]);
			return -1;
		}
	}
	return 0;
}
