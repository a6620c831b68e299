/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sessionenv.h - the environment that udi-session lays over sshd's own
 */
#ifndef SHF_MODEL_SESSIONENV_H
#define SHF_MODEL_SESSIONENV_H

#include "base/report.h"
#include "base/text.h"
#include "model/config.h"

/*
 * Append the environment of sessions, each "NAME=VALUE" ended by NUL; of two
 * with one name the later counts, and what has no name or no '=' is left out: it is
 * the user's, and nothing that a user may have is an error here.  Names and values
 * may hold anything but NUL.  env ends with NULL, or is NULL.  -E2BIG beyond 8 MiB,
 * the job's fault; -ENOMEM.
 */
int shf_render_session_env(const char *const *env, struct shf_text *text,
			   struct shf_report *report);

/*
 * Append what the site does to the environment of every command, as records of
 * base/environ.h in their order, each ended by NUL: set, append, prepend, unset,
 * and which variables are the node's.
 */
void shf_render_site_env(const struct shf_config *config, struct shf_text *text);

#endif
