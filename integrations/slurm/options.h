/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.h - --image, --volume and --writable of sbatch, salloc and srun
 *
 * Slurm hands an option's value to a callback without any data of ours, so the
 * values live here, in the client process, which submits one job.
 */
#ifndef SHF_SLURM_OPTIONS_H
#define SHF_SLURM_OPTIONS_H

#include <slurm/spank.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	SHF_SLURM_VOLUMES_MAX = 64,        /* volumes of one job */
	SHF_SLURM_VOLUMES_SIZE = 16 * 1024 /* bytes of them all, joined by ';' */
};

/* Register the options.  Only from slurm_spank_init().  Returns 0 or -1. */
int shf_slurm_options_register(spank_t spank);

/* The value of --image, or NULL. */
const char *shf_slurm_option_image(void);

/* The values of --volume, each once, joined by ';', or "". */
const char *shf_slurm_option_volumes(void);

/* Whether --writable was given. */
bool shf_slurm_option_writable(void);

/* Whether the volume of that length is one of volumes, which are joined by ';'. */
bool shf_slurm_has_volume(const char *volumes, const char *volume, size_t length);

#endif
