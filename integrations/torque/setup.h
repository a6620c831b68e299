/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * setup.h - the container of a job on this node, with its hostsfile and its sshd
 */
#ifndef SHF_TORQUE_SETUP_H
#define SHF_TORQUE_SETUP_H

#include "common/account.h"
#include "hook.h"
#include "job_file.h"
#include "request.h"
#include "say.h"

struct shf_torque_job {
	const struct shf_torque_hook *hook;
	struct shf_torque_job_file file;
	struct shf_torque_request request;
	struct shf_wlm_account account;
	struct shifter_ctx *ctx;
	struct shifter_container *container;
	bool has_ssh;
	char warning[SHF_TORQUE_WHY_SIZE]; /* why it has no ssh, if it has none */
	char why[SHF_TORQUE_WHY_SIZE];     /* the reason of a failure */
};

/*
 * Set it up for a job whose file was read.  Blocks, as shifter_setup_container().  Returns
 * 0; -ENODATA if the job asks for no container; -ECANCELED if a teardown overtook it;
 * or another negative errno value with the reason in why.  What is there then is the
 * caller's to tear down, in any case, and the job for shf_torque_job_free().
 */
int shf_torque_set_up(struct shf_torque_job *job);

void shf_torque_job_free(struct shf_torque_job *job);

#endif
