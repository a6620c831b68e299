/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshd_start.h - the parts of shifter_start_user_sshd()
 *
 * Each returns 0, or a negative errno value with a sentence.
 */
#ifndef SHF_VERBS_SSHD_START_H
#define SHF_VERBS_SSHD_START_H

#include "kernel/credentials.h"
#include "kernel/daemon.h"
#include "kernel/listener.h"
#include "kernel/user_key.h"
#include "model/sshconf.h"
#include "verbs/context.h"

#include <stddef.h>
#include <stdint.h>

/* The folder of the live directory that the user writes the host key into. */
#define SHF_SSHD_KEYS "keys"

struct shf_sshd_start {
	struct shifter_container *container;
	struct shf_report *report;
	struct shifter_sshd_spec spec;
	struct shf_identity identity;
	struct shf_ssh_facts facts;
	struct shf_text user_key; /* normalised */
	char private_key[SHF_USER_KEY_MAX];
	size_t private_length;
	int namespace, live;
	struct shf_listeners listeners;
	struct shf_child usher;
	int commit; /* starts the usher, or ends it when it is closed before */
	int64_t deadline_ms;
};

/* Read the user's private key, as the user, and compare it with the public half. */
int shf_sshd_read_key(struct shf_sshd_start *s);

/* Write what ssh, sshd and their helpers read into the live directory. */
int shf_sshd_put_files(struct shf_sshd_start *s);

/* Make a host key, and certify it with the user's key, as the user in the container. */
int shf_sshd_make_host_key(struct shf_sshd_start *s);

/* Start the usher, tell the keeper of it, and let it serve. */
int shf_sshd_start_usher(struct shf_sshd_start *s);

/* End the usher of a start that failed; the record forgets it. */
void shf_sshd_end_usher(struct shf_sshd_start *s);

/* Wait until a login would succeed. */
int shf_sshd_await(struct shf_sshd_start *s);

#endif
