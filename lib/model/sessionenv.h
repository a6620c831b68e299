/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sessionenv.h - the environment that udi-session lays over sshd's own
 */
#ifndef SHF_MODEL_SESSIONENV_H
#define SHF_MODEL_SESSIONENV_H

#include "base/report.h"
#include "base/text.h"

/*
 * Append the environment of sessions, each "NAME=VALUE" ended by NUL; of two
 * with one name the later counts.  Values may hold anything but NUL.  env ends
 * with NULL, or is NULL.  -EINVAL if an entry has no '=' or its
 * name is not 1-256 bytes without control characters and blanks; -E2BIG
 * beyond 1 MiB; -ENOMEM.  Fault of the caller.
 */
int shf_render_session_env(const char *const *env, struct shf_text *text,
			   struct shf_report *report);

#endif
