/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * context.h - what a call of the public API knows
 */
#ifndef SHF_VERBS_CONTEXT_H
#define SHF_VERBS_CONTEXT_H

#include "base/report.h"
#include "kernel/process.h"
#include "kernel/state.h"
#include "model/config.h"

#include <stddef.h>

enum { SHF_ANCHORS_MAX = 64 };

struct shifter_ctx {
	unsigned references; /* the caller's one, and one per open container */
	struct shf_config config;
	struct shf_report report;
	shifter_log_fn log;
	void *log_data;
	char *handed_out; /* string of the last call; owned */
	/* parents of ushers (kernel/daemon.h): collected when they have ended */
	struct shf_child anchors[SHF_ANCHORS_MAX];
	size_t n_anchors;
};

struct shifter_container {
	struct shifter_ctx *ctx;
	struct shf_state state; /* id is record.id */
	struct shf_record record;
	int32_t sshd_pid; /* as this process knows it, or 0 */
};

/* Start a public call: forget the last one's error and what it handed out. */
void shf_begin(struct shifter_ctx *ctx);

/* Tell the caller's log; level is SHIFTER_LOG_*. */
void shf_log(struct shifter_ctx *ctx, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Check the head of a spec, given of size bytes by the caller, known of known
 * bytes to the library, and copy what both have.  The rest of out is zero.
 * -EINVAL without spec or size, -E2BIG for a tail that is not all zero.
 */
int shf_copy_spec(struct shf_report *report, const char *name, const void *spec, void *out,
		  size_t known);

/* Keep the string until the next call.  Takes it over.  -ENOMEM if it is NULL. */
int shf_hand_out(struct shifter_ctx *ctx, char *string, const char **out);

/* Collect anchors that have ended. */
void shf_collect_anchors(struct shifter_ctx *ctx);

/* -EPERM with a sentence unless the caller is root. */
int shf_require_root(struct shf_report *report, const char *what);

/*
 * Make a handle of a state directory and a record, both taken over on success.
 * -ENOMEM.
 */
int shf_new_container(struct shifter_ctx *ctx, struct shf_state *state, struct shf_record *record,
		      struct shifter_container **out);

#endif
