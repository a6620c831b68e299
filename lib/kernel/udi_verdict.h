/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi_verdict.h - which copies of udiImage were of use
 *
 * Two files beside the stages: the name of the last one that passed its trial, and the
 * name of the one that was refused since, with the reason.
 */
#ifndef SHF_KERNEL_UDI_VERDICT_H
#define SHF_KERNEL_UDI_VERDICT_H

#include "base/report.h"

#include <stdbool.h>

/* The name that passed last, SHF_STAGE_NAME bytes; "" if none did in this boot. */
void shf_last_good_udi(int stages, char *name);

/*
 * Was name refused a short while ago?  Fills report with the reason then.  Not for ever: what
 * was refused may have been the node's trouble after all.
 */
bool shf_udi_was_refused(int stages, const char *name, struct shf_report *report);

/* Is there any refusal on record, of whatever age? */
bool shf_udi_has_refusal(int stages);

/* Put on record that name is good, or of no use and why.  0 or a negative errno value. */
int shf_accept_udi(int stages, const char *name);
int shf_refuse_udi(int stages, const char *name, const struct shf_report *why);

/* Forget what is no longer true: of stages that have gone. */
void shf_forget_udi_verdicts(int stages);

#endif
