/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * request.h - the container that a job asks for
 *
 * In Torque there are two ways to tell the nodes, and both are the user's word:
 *
 *	-v SHIFTER_IMAGE=REF[,SHIFTER_VOLUMES=V;V][,SHIFTER_WRITABLE=1]
 *	-l other=shifter:REF[?volume=V&volume=V&writable]
 *
 * In the second, which the submit filter writes, bytes that Torque or this form gives a
 * meaning are written as %XX.  Pure: no system calls.
 */
#ifndef SHF_TORQUE_REQUEST_H
#define SHF_TORQUE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SHF_TORQUE_VOLUMES_MAX = 64,
	/* hooks get no more than 2 KiB of resources, and other ones are in there, too */
	SHF_TORQUE_OTHER_MAX = 1500
};

struct shf_torque_request {
	char *image;                               /* owned; NULL: no container is asked for */
	char *volumes[SHF_TORQUE_VOLUMES_MAX + 1]; /* owned; the last one is NULL */
	size_t n_volumes;
	bool is_writable;
};

/*
 * Find out what is asked for.  variables: of the job file, or NULL.  other: of -l other=,
 * or NULL.  resources: as prologues get them, "a=b,other=c", for where other is NULL; or
 * NULL.  What variables ask for comes before the rest.
 *
 * Returns 0; -EINVAL with the reason in why if it is malformed; -ENOMEM.  In any case
 * the request is for shf_torque_request_free().
 */
int shf_torque_request_read(struct shf_torque_request *request, const char *variables,
			    const char *other, const char *resources, char *why, size_t size);

/* Add a volume.  Returns 0, -E2BIG or -ENOMEM. */
int shf_torque_request_add_volume(struct shf_torque_request *request, const char *volume);

/*
 * The request as the value of -l other=, to free().  NULL if it would be longer than
 * SHF_TORQUE_OTHER_MAX (errno E2BIG) or there is no memory (ENOMEM).
 */
char *shf_torque_request_format(const struct shf_torque_request *request);

void shf_torque_request_free(struct shf_torque_request *request);

#define scope_request __attribute__((cleanup(shf_torque_request_free)))

#endif
