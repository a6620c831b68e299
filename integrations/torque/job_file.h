/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * job_file.h - what the job file of pbs_mom says
 *
 * pbs_mom keeps a file per job, KEY.JB in mom_priv/jobs, for as long as the job is on the
 * node: XML as libxml2 writes it, of elements, attributes, text and entities only.  Texts
 * in it are the user's, any byte may be in them, also such that no XML has.  So this is no
 * XML parser but takes this form of it and nothing else.
 *
 * Pure: no system calls.
 */
#ifndef SHF_TORQUE_JOB_FILE_H
#define SHF_TORQUE_JOB_FILE_H

#include <stddef.h>

enum { SHF_TORQUE_JOB_FILE_MAX = 4 * 1024 * 1024 };

/* What is wanted of it; each NULL if it is not there, else owned. */
struct shf_torque_job_file {
	char *exec_host;      /* "n1/0-3+n2/0" */
	char *node_exclusive; /* "true" */
	char *variables;      /* "NAME=VALUE,NAME=VALUE" */
	char *other;          /* of -l other= */
	char *job_name;
	char *queue;
};

/*
 * Read the n bytes of a job file.  Returns 0 and what is for shf_torque_job_file_free();
 * -EINVAL if it is not complete or of another form, -ENOMEM.
 */
int shf_torque_job_file_parse(const char *bytes, size_t n, struct shf_torque_job_file *out);

void shf_torque_job_file_free(struct shf_torque_job_file *file);

#define scope_job_file __attribute__((cleanup(shf_torque_job_file_free)))

/*
 * The value of a variable of the job's, the first of that name: a copy to free(), or NULL.
 * A comma ends it, as in Torque, unless there is a backslash before it.
 */
char *shf_torque_job_variable(const char *variables, const char *name);

#endif
