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

static int parse_path(const char *argument, const char *value, const char **out)
{
	if (value[0] != '/') {
		slurm_error("shifter: invalid argument '%s' in plugstack.conf: "
			    "expected an absolute path",
			    argument);
		return -1;
	}
	*out = value;
	return 0;
}

/* Cray's Cluster Compatibility Mode put whole jobs into a container of the host itself. */
static int refuse_ccm(const char *argument, const char *value)
{
	bool is_on;

	if (parse_switch(argument, value, &is_on) < 0)
		return -1;
	if (!is_on)
		return 0;
	slurm_error("shifter: cannot do '%s' in plugstack.conf: there is no Cluster Compatibility "
		    "Mode here; remove it, and give such jobs an image",
		    argument);
	return -1;
}

static int parse(struct shf_slurm_args *args, const char *argument)
{
	const char *value;
	bool is_on;

	if ((value = value_of(argument, "enable_sshd")))
		return parse_switch(argument, value, &args->enable_sshd);
	if ((value = value_of(argument, "shifter_config")))
		return parse_path(argument, value, &args->config);
	if ((value = value_of(argument, "extern_setup")))
		return parse_path(argument, value, &args->extern_setup);
	if ((value = value_of(argument, "enable_ccm")))
		return refuse_ccm(argument, value);
	if ((value = value_of(argument, "extern_cgroup"))) {
		args->needless = argument;
		return parse_switch(argument, value, &is_on);
	}
	if (value_of(argument, "memory_cgroup")) {
		args->needless = argument;
		return 0;
	}
	slurm_error("shifter: unknown argument '%s' in plugstack.conf: "
		    "known are enable_sshd=0|1, shifter_config=PATH and extern_setup=PATH",
		    argument);
	return -1;
}

int shf_slurm_args_parse(struct shf_slurm_args *args, int ac, char *av[])
{
	memset(args, 0, sizeof(*args));
	for (int i = 0; i < ac; i++)
		if (parse(args, av[i]) < 0)
			return -1;
	return 0;
}

void shf_slurm_args_remark(const struct shf_slurm_args *args)
{
	if (args->needless)
		slurm_info("shifter: '%s' in plugstack.conf is not needed: what comes in by ssh is "
			   "always in the job's own cgroups",
			   args->needless);
}
