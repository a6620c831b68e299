/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keeper.h - the keeper behind an open container
 */
#ifndef SHF_VERBS_KEEPER_H
#define SHF_VERBS_KEEPER_H

#include "kernel/keeper_client.h"
#include "verbs/context.h"

enum { SHF_KEEPER_MS = 10000 };

/*
 * As shf_ask_keeper(), with a sentence for each failure; -ESTALE if the
 * container is not the one that was opened any more.
 */
int shf_ask(struct shifter_container *container, enum shf_keeper_verb verb, int give,
	    int32_t usher_pid, struct shf_keeper_answer *answer, int *fds, size_t *n_fds);

#endif
