/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_slurm.c - which hook of Slurm does what
 *
 * One function per hook and context, and nothing else: the work is in the files
 * named as the functions.  On the submit host the user's options are checked
 * (submit.c); on each node root sets the container up before the job
 * (prolog.c), starts its sshd inside the job's cgroup (extern_step.c), prepares
 * each task (task.c) and tears everything down after the job (prolog.c).
 */
#include "args.h"
#include "extern_step.h"
#include "options.h"
#include "prolog.h"
#include "submit.h"
#include "task.h"

#include <stdlib.h>
#include <slurm/slurm.h>
#include <slurm/spank.h>

#define EXPORTED __attribute__((visibility("default")))

extern EXPORTED const char plugin_name[];
extern EXPORTED const char plugin_type[];
extern EXPORTED const unsigned int plugin_version;
extern EXPORTED const unsigned int spank_plugin_version;

SPANK_PLUGIN(shifter, 1)

static bool is_client(void)
{
	spank_context_t context = spank_context();

	return context == S_CTX_LOCAL || context == S_CTX_ALLOCATOR;
}

EXPORTED int slurm_spank_init(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;

	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	if (is_client())
		shf_slurm_submit_begin();
	if (is_client() || spank_context() == S_CTX_REMOTE)
		return shf_slurm_options_register(spank);
	return 0;
}

EXPORTED int slurm_spank_init_post_opt(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;

	if (!is_client())
		return 0;
	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	/*
	 * Nothing has been asked of Slurm yet.  A failing hook would add two lines of
	 * Slurm's to ours, and with "optional" in plugstack.conf the job would go on
	 * without what the user asked for.
	 */
	if (shf_slurm_submit(spank, &args) < 0)
		exit(1);
	return 0;
}

EXPORTED int slurm_spank_job_prolog(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;

	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	shf_slurm_args_remark(&args);
	return shf_slurm_prolog(spank, &args);
}

EXPORTED int slurm_spank_task_post_fork(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;
	uint32_t step;

	if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS ||
	    step != SLURM_EXTERN_CONT)
		return 0;
	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	return shf_slurm_extern_step(spank, &args);
}

EXPORTED int slurm_spank_task_init_privileged(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;

	if (spank_context() != S_CTX_REMOTE)
		return 0;
	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	return shf_slurm_task_privileged(spank, &args);
}

EXPORTED int slurm_spank_task_init(spank_t spank, int ac, char *av[])
{
	(void)ac;
	(void)av;
	if (spank_context() != S_CTX_REMOTE)
		return 0;
	return shf_slurm_task_user(spank);
}

EXPORTED int slurm_spank_job_epilog(spank_t spank, int ac, char *av[])
{
	struct shf_slurm_args args;

	if (shf_slurm_args_parse(&args, ac, av) < 0)
		return -1;
	return shf_slurm_epilog(spank, &args);
}
