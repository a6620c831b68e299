/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * directives.h - "#SHIFTER --image=REF" lines of a job's script
 *
 * Pure: no system calls.
 */
#ifndef SHF_TORQUE_DIRECTIVES_H
#define SHF_TORQUE_DIRECTIVES_H

#include "request.h"

/* What the head of a script, and qsub's command line, say about containers. */
struct shf_torque_directives {
	struct shf_torque_request request; /* of the #SHIFTER lines */
	size_t insert_at;                  /* offset behind the first of them; 0: there is none */
	bool has_other;                    /* -l other= is given, which ours would be, too */
	char *variable;                    /* the image of -v SHIFTER_IMAGE=, or NULL; owned */
	char *other;                       /* the value of -l other=shifter:..., or NULL; owned */
};

/*
 * Read the head of a script: up to the first line that is neither empty nor a comment.
 * prefix: of qsub's own directives, "#PBS".  Returns 0; -EINVAL with the reason in why;
 * -ENOMEM.  For shf_torque_directives_free() in any case.
 */
int shf_torque_directives_read(struct shf_torque_directives *directives, const char *script,
			       const char *prefix, char *why, size_t size);

/* Take a word of qsub's command line, or of a directive, into account.  0 or -ENOMEM. */
int shf_torque_directives_see(struct shf_torque_directives *directives, const char *word);

void shf_torque_directives_free(struct shf_torque_directives *directives);

#define scope_directives __attribute__((cleanup(shf_torque_directives_free)))

#endif
