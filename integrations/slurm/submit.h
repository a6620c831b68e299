/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * submit.h - on the submit host, as the user, once per job
 */
#ifndef SHF_SLURM_SUBMIT_H
#define SHF_SLURM_SUBMIT_H

#include "args.h"

#include <slurm/spank.h>

/*
 * What travels with the job.  The client sets NAME, the prolog finds it in its
 * environment as SPANK_NAME, the job as SLURM_SPANK_NAME.  A user can send what
 * they like, and everybody on the network can read it: nothing here is secret
 * and everything is checked again on the node.
 */
#define SHF_SLURM_VAR_IMAGE "SHIFTER_IMAGE"           /* resolved reference */
#define SHF_SLURM_VAR_REQUEST "SHIFTER_IMAGE_REQUEST" /* as the user wrote it */
#define SHF_SLURM_VAR_VOLUMES "SHIFTER_VOLUMES"       /* "SRC:DST[:ro];..." */
#define SHF_SLURM_VAR_WRITABLE "SHIFTER_WRITABLE"     /* "1" */
#define SHF_SLURM_VAR_KEY "SHIFTER_KEY"               /* the udiRoot key's public half */
#define SHF_SLURM_VAR_NONCE "SHIFTER_NONCE"           /* makes the host's name unique */
#define SHF_SLURM_VAR_CPUS "SHIFTER_CPUS_PER_TASK"    /* of --cpus-per-task, if given */

enum { SHF_SLURM_NONCE_LENGTH = 32 }; /* hexadecimal digits */

/*
 * Before Slurm reads the options: put out of the way what tells of our own, and may be left by
 * the job that this one is submitted from.
 */
void shf_slurm_submit_begin(void);

/*
 * Resolve the image, make the user's key and send both with the job.  Returns
 * 0, also for a job without image, or -1 after telling the user why the job is
 * refused.
 */
int shf_slurm_submit(spank_t spank, const struct shf_slurm_args *args);

#endif
