/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claim_state.h - whose turn it is to use an id
 */
#ifndef SHF_VERBS_CLAIM_STATE_H
#define SHF_VERBS_CLAIM_STATE_H

#include "verbs/context.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * When was the set-up asked for?  hook_pid as in struct shifter_container_spec.
 * 0, -ECANCELED if that process has ended, or another negative errno value.
 */
int shf_find_asked_ns(struct shf_report *report, const char *id, int32_t hook_pid,
		      uint64_t *asked_ns);

/*
 * -ECANCELED if a teardown, or a later set-up, came for what was asked for then.
 * Cheap: asked again after each step that may take its time.
 */
int shf_check_overtaken(struct shf_report *report, struct shf_state *state, uint64_t asked_ns);

/*
 * Make the state directory of id, and lock it.  With replace, what was asked for
 * earlier under this id gives way: a set-up that still runs gives up, a container is
 * torn down; without it they are -EBUSY and -EEXIST.
 *
 * Returns 0, these, -ECANCELED if it is this set-up that comes too late, or another
 * negative errno value.  A directory that was made is the caller's to remove, on
 * -ECANCELED too: *is_made.
 */
int shf_claim_state(struct shifter_ctx *ctx, const char *id, uint64_t asked_ns, bool replace,
		    struct shf_state *state, bool *is_made);

#endif
