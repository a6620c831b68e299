/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/plan.h"

#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shf_plan_chunk {
	struct shf_plan_chunk *next;
	char bytes[];
};

static const void *keep(struct shf_plan *plan, const void *bytes, size_t length)
{
	struct shf_plan_chunk *chunk = malloc(sizeof(*chunk) + length + 1);

	if (!chunk) {
		plan->failed = true;
		return NULL;
	}
	if (length)
		memcpy(chunk->bytes, bytes, length);
	chunk->bytes[length] = '\0';
	chunk->next = plan->chunks;
	plan->chunks = chunk;
	return chunk->bytes;
}

static const char *keep_string(struct shf_plan *plan, const char *string)
{
	return string ? keep(plan, string, strlen(string)) : NULL;
}

void shf_plan_add(struct shf_plan *plan, const struct shf_step *step)
{
	struct shf_step *copy;

	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? 2 * plan->capacity : 64;
		struct shf_step *steps = realloc(plan->steps, capacity * sizeof(*steps));

		if (!steps) {
			plan->failed = true;
			return;
		}
		plan->steps = steps;
		plan->capacity = capacity;
	}
	copy = &plan->steps[plan->count];
	*copy = *step;
	copy->path = keep_string(plan, step->path);
	copy->source = keep_string(plan, step->source);
	copy->options = keep_string(plan, step->options);
	if (step->bytes)
		copy->bytes = keep(plan, step->bytes, step->length);
	if (!plan->failed)
		plan->count++;
}

int shf_plan_new_slot(struct shf_plan *plan)
{
	if (plan->next_slot < SHF_SLOT_FREE)
		plan->next_slot = SHF_SLOT_FREE;
	if (plan->next_slot == SHF_PLAN_SLOTS) {
		plan->failed = true;
		return SHF_PLAN_SLOTS - 1;
	}
	return plan->next_slot++;
}

void shf_plan_add_parents(struct shf_plan *plan, int base, const char *path,
			  const uint16_t *modes, size_t n_modes)
{
	char parent[SHF_PATH_MAX];
	size_t component = 0;

	for (const char *c = path + 1; *c; c++) {
		uint32_t mode = 0;

		if (*c != '/')
			continue;
		memcpy(parent, path, (size_t)(c - path));
		parent[c - path] = '\0';
		if (component < n_modes)
			mode = modes[component];
		component++;
		/* its directory in the site layer decides for the merged one */
		shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_DIRECTORY,
						       .base = base,
						       .path = parent + 1,
						       .mode = mode ? mode & 01777 : 0755,
						       .fault = SHIFTER_FAULT_NODE });
	}
}

/*
 * Where things go is for the links of the image to say: that they lead nowhere, or to what
 * is no directory, is not the node's fault, whatever else the step could fail of.
 */
static bool is_of_image(const struct shf_step *step, int error)
{
	switch (step->kind) {
	case SHF_STEP_DIRECTORY:
	case SHF_STEP_LINK:
	case SHF_STEP_MOUNT_POINT:
	case SHF_STEP_ATTACH:
		return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EEXIST ||
		       error == ENAMETOOLONG;
	default:
		return false;
	}
}

int shf_plan_explain(const struct shf_plan *plan, size_t step, int error, const char *detail,
		     struct shf_report *report)
{
	const struct shf_step *s;
	const char *before = detail[0] ? ": " : "";
	int fault;

	if (step >= plan->count)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, error,
				      "cannot build the container%s%s", before, detail);
	s = &plan->steps[step];
	fault = is_of_image(s, error) && s->fault == SHIFTER_FAULT_NODE ? SHIFTER_FAULT_JOB
									: s->fault;
	switch (s->kind) {
	case SHF_STEP_CLONE_PATH:
	case SHF_STEP_CLONE_FD:
		return shf_fail_errno(report, fault, error, "cannot take '%s' to mount it",
				      s->source);
	case SHF_STEP_ISOLATE:
		return shf_fail_errno(report, fault, error, "cannot make a mount namespace");
	case SHF_STEP_TMPFS:
		return shf_fail_errno(report, fault, error, "cannot make a tmpfs of %s%s%s",
				      s->options, before, detail);
	case SHF_STEP_PLACE:
	case SHF_STEP_ATTACH:
		return shf_fail_errno(report, fault, error, "cannot mount '%s' on '%s%s'",
				      s->source, s->path[0] == '/' ? "" : "/", s->path);
	case SHF_STEP_OVERLAY:
		return shf_fail_errno(report, fault, error,
				      "cannot lay the site's files over the image%s%s", before,
				      detail);
	case SHF_STEP_ENTER:
		return shf_fail_errno(report, fault, error,
				      "cannot make the container the root of its namespace");
	case SHF_STEP_OPEN:
	case SHF_STEP_DIRECTORY:
	case SHF_STEP_FILE:
	case SHF_STEP_LINK:
	case SHF_STEP_WHITEOUT:
	case SHF_STEP_MOUNT_POINT:
		break;
	}
	return shf_fail_errno(report, fault, error, "cannot make '/%s' in the site's layer",
			      s->path);
}

void shf_plan_free(struct shf_plan *plan)
{
	while (plan->chunks) {
		struct shf_plan_chunk *next = plan->chunks->next;

		free(plan->chunks);
		plan->chunks = next;
	}
	free(plan->steps);
	*plan = (struct shf_plan){ 0 };
}
