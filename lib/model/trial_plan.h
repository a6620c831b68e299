/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trial_plan.h - trying udiImage before a job does
 *
 * sshd and ssh are asked what they think of the site's templates, in a container
 * that has nothing but udiImage, a key and the files that they read, as nobody.
 */
#ifndef SHF_MODEL_TRIAL_PLAN_H
#define SHF_MODEL_TRIAL_PLAN_H

#include "base/text.h"
#include "model/plan.h"

#include <stddef.h>

enum { SHF_TRIAL_UID = 65534 };

#define SHF_TRIAL_SSH_CONFIG "/run/shifter/ssh_config"
#define SHF_TRIAL_SSHD_CONFIG "/run/shifter/sshd_config"
#define SHF_TRIAL_HOST_KEY "/run/shifter/keys/ssh_host_ed25519_key"

/* The files; any may be empty. */
struct shf_trial_files {
	const struct shf_text *ssh_config;
	const struct shf_text *sshd_config;
	const struct shf_text *sshd_match;
};

/*
 * Plan that container.  SHF_SLOT_UDI is udiImage; place, a directory of the
 * host, is where its root hangs for a moment, in the new namespace alone.  0 or -ENOMEM.
 */
int shf_plan_trial(const struct shf_trial_files *files, const char *place, struct shf_plan *plan);

/*
 * Append to out what a program said of the configuration that it calls config, as
 * "line N: REASON", the first few, joined by "; ".  head is the number of lines before
 * the site's.  Without such a line, its last words.
 */
void shf_explain_trial(const char *said, const char *config, unsigned long head,
		       struct shf_text *out);

#endif
