/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names.h - what a job is called
 *
 * Pure: no system calls.
 */
#ifndef SHF_TORQUE_NAMES_H
#define SHF_TORQUE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SHF_TORQUE_KEY_MAX = 64, /* Torque's own limit is 61 and a port */
	SHF_TORQUE_KEY_SIZE = SHF_TORQUE_KEY_MAX + 1,
	SHF_TORQUE_ID_SIZE = 65, /* of a container's id */
	SHF_TORQUE_PATH_SIZE = 4096
};

/*
 * The key of a job out of the path of its script, "/DIR/KEY.SC", and the path of its job
 * file, "/DIR/KEY.JB": 1 to 64 letters, digits, '.', '_' and '-', first a letter or digit.
 * For "12[3].head" it is "12-3.head".  Returns 0 or -EINVAL.
 */
int shf_torque_read_script_path(const char *path, char key[SHF_TORQUE_KEY_SIZE],
				char job_file[SHF_TORQUE_PATH_SIZE]);

/* The id of the job's container, "torque-KEY", at most 64 bytes of it. */
void shf_torque_container_id(const char *key, char id[SHF_TORQUE_ID_SIZE]);

/* The first part of the key, "12-3": what people call the job. */
void shf_torque_short_name(const char *key, char name[SHF_TORQUE_KEY_SIZE]);

/* A login or group name: 1 to 64 of [A-Za-z0-9_.-], not first '-' or '.'. */
bool shf_torque_is_account_name(const char *name);

#endif
