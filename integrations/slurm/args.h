/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * args.h - what the site wrote behind the plug-in's name in plugstack.conf
 */
#ifndef SHF_SLURM_ARGS_H
#define SHF_SLURM_ARGS_H

#include <stdbool.h>

struct shf_slurm_args {
	const char *config;       /* shifter_config=PATH, borrowed; or NULL */
	const char *extern_setup; /* extern_setup=PATH, borrowed; or NULL */
	const char *needless;     /* an argument that changes nothing any more, or NULL */
	bool enable_sshd;         /* enable_sshd=1 */
};

/*
 * Every hook does this for itself: in the prolog and the epilog Slurm calls no
 * slurm_spank_init().  Returns 0, or -1 after telling Slurm's log which
 * argument is wrong.
 */
int shf_slurm_args_parse(struct shf_slurm_args *args, int ac, char *av[]);

/* Tell Slurm's log of an argument that is accepted for the sake of Shifter's own plug-in. */
void shf_slurm_args_remark(const struct shf_slurm_args *args);

#endif
