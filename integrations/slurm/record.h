/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - what the hooks of one job tell each other on a node
 *
 * The hooks are different processes, and Slurm gives most of what is known about
 * a job to the prolog alone.  So the prolog keeps it in a directory per job
 * below SHF_RUN_DIR-slurm, for root only:
 *
 *	facts	what the extern step and the tasks need, NUL-separated
 *	error	a sentence for the user: the job must fail
 *	warning	a sentence for the user: the job runs all the same
 *	ill	the node is at fault: it must be drained when the job has ended
 *	begun	the extern step is at work
 *	done	the extern step has ended its work, well or not
 *
 * All functions return 0 or a negative errno value unless they say otherwise.
 */
#ifndef SHF_SLURM_RECORD_H
#define SHF_SLURM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHF_SLURM_FACTS "facts"
#define SHF_SLURM_ERROR "error"
#define SHF_SLURM_WARNING "warning"
#define SHF_SLURM_ILL "ill"
#define SHF_SLURM_BEGUN "begun"
#define SHF_SLURM_DONE "done"

/*
 * In the prolog: make the record of a job, empty; one of an earlier run of the job is emptied.
 * *out is a descriptor of its directory, to close.  -ECANCELED if the record is that of a later
 * run: this prolog is a leftover.
 */
int shf_slurm_record_create(uint32_t job, int *out);

/* Find the record of a job.  -ENOENT: the job has no container here. */
int shf_slurm_record_open(uint32_t job, int *out);

/*
 * Write a new file of the record.  -EEXIST: it is there already; -ENOENT: the
 * epilog has removed the record meanwhile.
 */
int shf_slurm_record_write(int record, const char *name, const void *bytes, size_t size);

/*
 * Write a sentence; one that is there already is left alone and 0 returned.  Where there is no
 * room for it, it is empty.
 */
int shf_slurm_record_say(int record, const char *name, const char *sentence);

/*
 * Read a file of the record, at most 4 MiB.  *out is for free() and ends in a
 * NUL that size does not count.  size may be NULL.
 */
int shf_slurm_record_read(int record, const char *name, char **out, size_t *size);

bool shf_slurm_record_has(int record, const char *name);

/* Remove the record of a job.  0 if there is none. */
int shf_slurm_record_remove(uint32_t job);

/*
 * In a prolog that the epilog overtook: remove what shf_slurm_record_create() made, unless it is
 * gone already or belongs to a later run of the job.
 */
int shf_slurm_record_abandon(uint32_t job, int record);

#endif
