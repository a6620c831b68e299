/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi_trial.h - ask udiImage's own sshd and ssh what they think of its templates
 */
#ifndef SHF_KERNEL_UDI_TRIAL_H
#define SHF_KERNEL_UDI_TRIAL_H

#include "base/report.h"

/*
 * Try the udiImage in the directory udi, which its site knows as path.  Needs root,
 * and a tree that only root can change: its programs run as nobody, in a container
 * of their own, for a bounded time.  What it does not have is not tried.
 *
 * Returns 0, -EBADMSG if it is of no use, with a sentence that names the file and
 * the line, or another negative errno value if it could not be tried, with a sentence.
 */
int shf_try_udi(int udi, const char *path, struct shf_report *report);

#endif
