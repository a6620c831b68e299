/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ssh sends of its own circumstances to the hosts of the job.
 */
#ifndef UDI_SSH_ENV_H
#define UDI_SSH_ENV_H

#include <stdbool.h>

/* Notes umask and limits, before main(): ssh changes its umask. */
void udi_note_caller(void);

/* Notes whether the host is in the job's list.  Without a word it is not. */
void udi_note_host(bool is_of_job);

#endif
