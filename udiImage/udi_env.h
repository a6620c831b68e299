/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment, umask and limits of a session: udi-session's part of base/command_env.h and
 * base/caller.h.
 */
#ifndef UDI_ENV_H
#define UDI_ENV_H

#include <stdbool.h>

/* "udi-session: cannot OPERATION 'OBJECT': REASON" on standard error. */
void udi_complain(const char *operation, const char *object, const char *reason);

/*
 * Replaces environ.  Where ssh in a container of the job called, it is the caller's, with what
 * belongs to this session and this node in their place, and umask and limits become the
 * caller's; otherwise it is what sshd, the job, the image and the site say.  With a defect
 * in a file the session starts all the same: a user who cannot log in cannot look.
 */
void udi_make_environment(void);

/*
 * After execve() has said E2BIG: does without the caller's environment, and says so.  Returns
 * false if environ was not the caller's.
 */
bool udi_leave_caller(void);

#endif
