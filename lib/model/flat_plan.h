/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flat_plan.h - a plan in one piece, without pointers, for another process
 */
#ifndef SHF_MODEL_FLAT_PLAN_H
#define SHF_MODEL_FLAT_PLAN_H

#include "base/text.h"
#include "model/plan.h"

#include <stddef.h>
#include <stdint.h>

/* How it begins.  Everything is of this machine, and from a process that is trusted. */
struct shf_flat_plan {
	uint64_t size; /* bytes, of all of it */
	uint32_t n_steps;
	uint32_t n_slots; /* steps use the slots below it */
	uint32_t n_given; /* of them, are filled from the beginning */
	/* whose rights SHF_STEP_AS_READER means */
	uint32_t reader_uid, reader_gid, n_reader_groups;
};

/* Put plan into text, with the numbers of the slots that are given, not -1. */
void shf_flatten_plan(const struct shf_plan *plan, const int *slots, uint32_t reader_uid,
		      uint32_t reader_gid, const uint32_t *reader_groups, uint32_t n_reader_groups,
		      struct shf_text *text);

/* Its parts, which stay within it. */
const uint32_t *shf_get_given_slots(const struct shf_flat_plan *flat);
const uint32_t *shf_get_reader_groups(const struct shf_flat_plan *flat);
struct shf_step shf_get_flat_step(const struct shf_flat_plan *flat, uint32_t index);

#endif
