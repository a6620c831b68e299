/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * teardown.h - removing a container whose lock one has
 */
#ifndef SHF_VERBS_TEARDOWN_H
#define SHF_VERBS_TEARDOWN_H

#include "verbs/context.h"

#include <stdint.h>

/*
 * As shifter_teardown(), but for the note of the teardown, of the container whose
 * state directory is locked.  The directory is gone on success.
 */
int shf_remove_container(struct shifter_ctx *ctx, struct shf_state *state, int64_t deadline_ms);

#endif
