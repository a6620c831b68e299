/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the job's live directory says: read by the commands of shifter in the container.
 */
#ifndef UDI_JOB_H
#define UDI_JOB_H

#include <stddef.h>

/* How the job's containers are reached.  Zeroed before; for udi_job_free(). */
struct udi_job {
	long port;
	char *principal; /* of the host certificates */
	char *authority; /* public key that signs them, "TYPE BASE64" */
};

/*
 * The whole file, NUL terminated, for free(); its length goes to *length unless that is NULL.
 * NULL with errno.
 */
char *udi_read_file(const char *path, size_t *length);

/* Returns 0, or -errno after it was said on standard error why not. */
int udi_job_read(struct udi_job *job);

void udi_job_free(struct udi_job *job);

/*
 * The command ssh-config.  argv starts with its name; optind is the caller's to reset.
 * Returns the exit status.
 */
int udi_ssh_config(int argc, char **argv);

/* Print "shifter: ", what is said and a newline on standard error. */
void udi_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
