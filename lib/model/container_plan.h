/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * container_plan.h - what a container is made of, in the order of its making
 */
#ifndef SHF_MODEL_CONTAINER_PLAN_H
#define SHF_MODEL_CONTAINER_PLAN_H

#include "model/account.h"
#include "model/config.h"
#include "model/plan.h"
#include "model/ssh_programs.h"
#include "model/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the container: canonical path, and the modes of the image's directories. */
struct shf_place {
	const char *path;
	const uint16_t *modes;
	size_t depth;
};

/* All borrowed. */
struct shf_container_facts {
	const struct shf_config *config;
	const struct shf_account *account;
	const struct shf_node_accounts *node;
	const char *shell;                   /* one that exists in the container */
	int64_t tty_gid;                     /* of the devpts mount, or -1 */
	const char *resolv_conf;             /* of the host; "" for none */
	const char *stage_path;              /* host directory to work on */
	bool is_writable;                    /* the root, into the tmpfs below it */
	bool is_unprivileged;                /* it is made in a user namespace */
	bool reads_as_user;                  /* the image: a directory, not a trusted file */
	bool has_udi;                        /* SHF_SLOT_UDI is given */
	struct shf_place var;                /* what "/var" is in the image */
	struct shf_place udi;                /* what "/opt/udiImage" is */
	const struct shf_place *home;        /* of a private one, or NULL */
	const struct shf_place *job;         /* what "/job" is, or NULL: without a hostfile */
	const struct shf_place *site_places; /* targets of config->site_fs */
	const struct shf_mounts *volumes;
	const struct shf_place *volume_places;  /* targets of volumes */
	const struct shf_ssh_program *programs; /* of the image: udiImage's go over them */
	size_t n_programs;
	int first_volume_slot; /* given: their sources, one after the other */
};

/* Fill plan, zeroed before.  0 or -ENOMEM. */
int shf_plan_container(const struct shf_container_facts *facts, struct shf_plan *plan);

#endif
