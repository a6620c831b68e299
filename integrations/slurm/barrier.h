/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * barrier.h - wait until the job's containers can be reached by ssh
 */
#ifndef SHF_SLURM_BARRIER_H
#define SHF_SLURM_BARRIER_H

/*
 * Run "shifter wait" for a container, as the user that the caller already is,
 * and pass on what it says to the user.  Bounded by timeout_s, 0 for a
 * minute.  Returns 0 or -1.
 */
int shf_slurm_barrier(const char *container, int timeout_s);

#endif
