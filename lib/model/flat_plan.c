/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/flat_plan.h"

#include <string.h>

/*
 * The beginning, the steps, the groups, the slots that are given, then strings and bytes.
 * The beginning and a step are multiples of 8 bytes, so that all is where it may be read.
 */
struct flat_step {
	uint64_t length;                        /* of bytes */
	uint32_t path, source, options, bytes;  /* where they begin; 0: NULL */
	uint32_t kind, flags, attributes, mode; /* as in struct shf_step */
	uint32_t owner, group;
	int32_t slot, base;
};

_Static_assert(sizeof(struct shf_flat_plan) % 8 == 0 && sizeof(struct flat_step) % 8 == 0,
	       "numbers of 64 bits are aligned");

static size_t groups_at(const struct shf_flat_plan *flat)
{
	return sizeof(*flat) + flat->n_steps * sizeof(struct flat_step);
}

static size_t given_at(const struct shf_flat_plan *flat)
{
	return groups_at(flat) + flat->n_reader_groups * sizeof(uint32_t);
}

static size_t strings_at(const struct shf_flat_plan *flat)
{
	return given_at(flat) + flat->n_given * sizeof(uint32_t);
}

/* Returns where the bytes will be, and moves *at past them. */
static uint32_t reserve(const void *bytes, size_t length, uint64_t *at)
{
	uint64_t begin = *at;

	if (!bytes)
		return 0;
	*at += length;
	return (uint32_t)begin;
}

static size_t size_of(const char *string)
{
	return string ? strlen(string) + 1 : 0;
}

void shf_flatten_plan(const struct shf_plan *plan, const int *slots, uint32_t reader_uid,
		      uint32_t reader_gid, const uint32_t *reader_groups, uint32_t n_reader_groups,
		      struct shf_text *text)
{
	struct shf_flat_plan flat = {
		.n_steps = (uint32_t)plan->count,
		.n_slots = (uint32_t)(plan->next_slot > SHF_SLOT_FREE ? plan->next_slot
								      : SHF_SLOT_FREE),
		.reader_uid = reader_uid,
		.reader_gid = reader_gid,
		.n_reader_groups = n_reader_groups,
	};
	uint64_t at;

	for (uint32_t i = 0; i < flat.n_slots; i++)
		flat.n_given += slots[i] >= 0;
	at = strings_at(&flat);
	for (size_t i = 0; i < plan->count; i++) {
		const struct shf_step *step = &plan->steps[i];

		at += size_of(step->path) + size_of(step->source) + size_of(step->options) +
		      (step->bytes ? step->length : 0);
	}
	flat.size = at;
	/* places are numbers of 32 bits */
	if (flat.size > UINT32_MAX || !shf_text_reserve(text, flat.size)) {
		text->failed = true;
		return;
	}
	shf_text_add_mem(text, &flat, sizeof(flat));
	at = strings_at(&flat);
	for (size_t i = 0; i < plan->count; i++) {
		const struct shf_step *step = &plan->steps[i];
		struct flat_step out = {
			.length = step->bytes ? step->length : 0,
			.path = reserve(step->path, size_of(step->path), &at),
			.source = reserve(step->source, size_of(step->source), &at),
			.options = reserve(step->options, size_of(step->options), &at),
			.bytes = reserve(step->bytes, step->length, &at),
			.kind = step->kind,
			.flags = step->flags,
			.attributes = step->attributes,
			.mode = step->mode,
			.owner = step->owner,
			.group = step->group,
			.slot = step->slot,
			.base = step->base,
		};

		shf_text_add_mem(text, &out, sizeof(out));
	}
	if (n_reader_groups)
		shf_text_add_mem(text, reader_groups, n_reader_groups * sizeof(*reader_groups));
	for (uint32_t i = 0; i < flat.n_slots; i++)
		if (slots[i] >= 0)
			shf_text_add_mem(text, &i, sizeof(i));
	for (size_t i = 0; i < plan->count; i++) {
		const struct shf_step *step = &plan->steps[i];

		shf_text_add_mem(text, step->path, size_of(step->path));
		shf_text_add_mem(text, step->source, size_of(step->source));
		shf_text_add_mem(text, step->options, size_of(step->options));
		if (step->bytes)
			shf_text_add_mem(text, step->bytes, step->length);
	}
}

/* ---- in the other process ---- */

static const void *part(const struct shf_flat_plan *flat, size_t at)
{
	return (const char *)flat + at;
}

const uint32_t *shf_get_reader_groups(const struct shf_flat_plan *flat)
{
	return part(flat, groups_at(flat));
}

const uint32_t *shf_get_given_slots(const struct shf_flat_plan *flat)
{
	return part(flat, given_at(flat));
}

struct shf_step shf_get_flat_step(const struct shf_flat_plan *flat, uint32_t index)
{
	const struct flat_step *step = part(flat, sizeof(*flat) + index * sizeof(*step));

	return (struct shf_step){
		.kind = step->kind,
		.slot = step->slot,
		.base = step->base,
		.flags = step->flags,
		.attributes = step->attributes,
		.mode = step->mode,
		.owner = step->owner,
		.group = step->group,
		.path = step->path ? part(flat, step->path) : NULL,
		.source = step->source ? part(flat, step->source) : NULL,
		.options = step->options ? part(flat, step->options) : NULL,
		.bytes = step->bytes ? part(flat, step->bytes) : NULL,
		.length = step->length,
	};
}
