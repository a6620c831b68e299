/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slots.h - how many processes of a job belong on each node
 *
 * Pure: no system calls.
 */
#ifndef SHF_SLURM_SLOTS_H
#define SHF_SLURM_SLOTS_H

/*
 * From the CPUs of each node, "4(x2),1", and the numbers of tasks and of CPUs for
 * each task that the user asked for, or NULL, make the slots of each node, in the
 * same form.
 *
 * With tasks: spread over the nodes as Slurm does by default, in proportion to
 * the CPUs where these come out even, else in turn; at least one on each node.
 * Without: a slot for each CPU, or for each cpus_per_task of them; at least one.
 *
 * Returns 0 and a string to free(), -EINVAL if a text is malformed, or -ENOMEM.
 */
int shf_slurm_slots(const char *cpus_per_node, const char *tasks, const char *cpus_per_task,
		    char **out);

#endif
