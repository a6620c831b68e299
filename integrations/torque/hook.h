/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hook.h - how pbs_mom calls a hook, and what it leaves it
 */
#ifndef SHF_TORQUE_HOOK_H
#define SHF_TORQUE_HOOK_H

#include "names.h"

#include <stdbool.h>
#include <stdint.h>

enum shf_torque_role {
	SHF_TORQUE_NOTHING,  /* as the user, as epilogue.precancel is run */
	SHF_TORQUE_PROLOGUE, /* prologue, prologue.parallel */
	SHF_TORQUE_EPILOGUE  /* epilogue, epilogue.parallel */
};

/* Strings are those of the call, and stay as long as the process. */
struct shf_torque_hook {
	enum shf_torque_role role;
	bool is_first; /* on the mother superior */
	int64_t started_ms;
	const char *job_id, *user, *group, *job_name, *queue;
	const char *resources; /* of a prologue; else NULL */
	/* variables; NULL where there is none.  The last one is the user's word */
	const char *node_number, *node_file, *n_nodes, *n_per_node, *n_processes, *work_dir;
	char key[SHF_TORQUE_KEY_SIZE];
	char container[SHF_TORQUE_ID_SIZE];
	char job_file[SHF_TORQUE_PATH_SIZE];
};

/*
 * Take what the hook needs of the call.  The role is told by who we are, PBS_NODENUM and
 * the number of arguments: the name of the program is the user's choice, by -W jobtype.
 * Returns 0, or -EINVAL with the reason in why.
 */
int shf_torque_hook_read(struct shf_torque_hook *hook, int argc, char **argv, char *why,
			 size_t size);

/*
 * Forget all else that pbs_mom leaves its hooks: descriptors (0 to 2 are there
 * afterwards), environment, the user's groups, umask, blocked and ignored signals.
 * Returns 0 or a negative errno value.
 */
int shf_torque_sanitise(void);

int64_t shf_torque_now_ms(void);

#endif
