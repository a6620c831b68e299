/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * complain.h - tell the job's user what went wrong
 */
#ifndef SHF_TORQUE_COMPLAIN_H
#define SHF_TORQUE_COMPLAIN_H

#include "hook.h"

/*
 * Write a sentence, or several lines, to standard error, and as the user to
 * "shifter-error.JOB" in the directory the job was submitted from.  Whatever fails of it
 * is logged.
 */
void shf_torque_complain(const struct shf_torque_hook *hook, const char *text);

#endif
