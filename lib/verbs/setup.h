/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * setup.h - the parts of a set-up that all containers have in common
 *
 * shifter_setup_container() adds the state, the keeper and the port of a job's
 * container; shifter_enter_private_container() does without them.
 */
#ifndef SHF_VERBS_SETUP_H
#define SHF_VERBS_SETUP_H

#include "base/text.h"
#include "kernel/builder.h"
#include "kernel/credentials.h"
#include "kernel/image_source.h"
#include "kernel/image_view.h"
#include "kernel/listener.h"
#include "kernel/udi_stage.h"
#include "model/account.h"
#include "model/container_plan.h"
#include "model/image.h"
#include "model/node_accounts.h"
#include "model/plan.h"
#include "model/volume.h"
#include "verbs/context.h"

#include <stdbool.h>

/* Of the targets and places of a set-up: these, then the site's, then the job's. */
enum { TARGET_VAR,
       TARGET_UDI,
       TARGET_HOME,
       TARGET_JOB,
       TARGET_SITE };

/* Everything that a set-up holds; all of it goes when it ends. */
struct setup {
	struct shifter_ctx *ctx;
	struct shifter_container_spec spec;
	struct shf_account account;
	struct shf_identity identity;
	struct shf_user_session session; /* as identity, or as the caller */
	struct shf_image_ref ref;
	struct shf_mounts volumes;
	struct shf_state state;
	uint64_t asked_ns; /* when (kernel/teardowns.h) */
	bool owns_state;   /* the directory was made here: remove it on failure */
	struct shf_record record;
	struct shf_image_source image;
	struct shf_node_accounts node;
	struct shf_udi_stage udi;
	struct shf_listeners listeners;
	/* of var, udi, home, job, the site's and the job's */
	struct shf_target *targets;
	struct shf_place *places; /* the same, as the plan wants them */
	bool *are_there;          /* of the site's */
	struct shf_image_view view;
	const char *shells[4];             /* what it asks for, the last one NULL */
	char *files[SHF_SSH_PROGRAMS_MAX]; /* what it finds, view.n_files of them */
	struct shf_ssh_program programs[SHF_SSH_PROGRAMS_MAX];
	size_t n_programs;
	const char *shell;
	char hostsfile[SHF_PATH_MAX]; /* where /var/hostsfile is, by the links of the image */
	int64_t tty_gid;              /* of the node's terminals, or -1 */
	struct shf_text resolv_conf;
	bool needs_home; /* the node has none: an empty one is made */
	bool has_job;    /* there is to be a /job/hostfile */
	struct shf_plan plan;
	int slots[SHF_PLAN_SLOTS];
	int live_dir;
	struct shf_build build; /* its worker is the keeper, until that is committed */
	int namespace;
	bool is_committed;
};

/* Begin with s, which is all zero: it is large, and most of it is never touched. */
void shf_setup_init(struct setup *s, struct shifter_ctx *ctx);

/*
 * Check the spec, and fill account, identity, ref, volumes and node.  Like all
 * below it returns 0, or a negative errno value with a sentence.
 */
int shf_setup_check(struct setup *s);

/* Bind the port of the later sshd, if it is asked for; the record says which. */
int shf_setup_open_port(struct setup *s);

/* Make the live directory with what is in it from the start. */
int shf_setup_open_live_directory(struct setup *s);

/* Open the sources of volumes, as the user. */
int shf_setup_open_volumes(struct setup *s);

/*
 * Find out what the image makes of the places where something is mounted, and the shell:
 * ask, which takes the helper a while, and hear.
 */
int shf_setup_ask_about_image(struct setup *s);
int shf_setup_hear_about_image(struct setup *s);

/* Plan the namespace and start to build it, working on the host's directory stage for a moment. */
int shf_setup_start_build(struct setup *s, const char *stage);

/* Wait for the namespace. */
int shf_setup_finish_build(struct setup *s);

/* Let go of everything that s holds. */
void shf_setup_release(struct setup *s);

#endif
