/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * node.h - does the job have this node for itself?
 */
#ifndef SHF_TORQUE_NODE_H
#define SHF_TORQUE_NODE_H

#include <stddef.h>

enum shf_torque_share { SHF_TORQUE_UNKNOWN,
			SHF_TORQUE_EXCLUSIVE,
			SHF_TORQUE_SHARED };

/*
 * Judge by what pbsnodes prints for one node: exclusive if its state says so and no other
 * job than job_id is on it.  Pure.
 */
enum shf_torque_share shf_torque_judge_node(const char *said, const char *job_id);

/*
 * The host of exec_host, "n1/0-3+n2/0", that is called as this node calls itself, with or
 * without its domain.  Returns 0, -ENOENT or -ENAMETOOLONG.  Pure.
 */
int shf_torque_find_self(const char *exec_host, const char *self, char *out, size_t size);

/*
 * Ask pbsnodes.  SHF_TORQUE_UNKNOWN, with the reason in why, if it is not there, does not
 * answer, or is not understood.
 */
enum shf_torque_share shf_torque_ask_node(const char *node, const char *job_id, char *why,
					  size_t size);

#endif
