/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check_node.h - the parts of shifter_check_node()
 */
#ifndef SHF_VERBS_CHECK_NODE_H
#define SHF_VERBS_CHECK_NODE_H

#include "verbs/context.h"

struct shf_check {
	struct shifter_ctx *ctx;
	shifter_check_fn found;
	void *data;
	int stop;                 /* what the callback returned */
	struct shf_report report; /* of the look that is under way */
	struct shf_report first;  /* the first problem */
};

/*
 * Tell of one look: of c->report, which is empty if all is well, and forget it.  A
 * fault of SHIFTER_FAULT_NONE makes it a warning.
 */
void shf_check_tell(struct shf_check *c, const char *name);

/* udiImage: owners, programs, templates; the port of sshd. */
void shf_check_ssh(struct shf_check *c);

#endif
