/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * builder.h - a worker that walks a plan and leaves a mount namespace behind
 */
#ifndef SHF_KERNEL_BUILDER_H
#define SHF_KERNEL_BUILDER_H

#include "base/report.h"
#include "kernel/credentials.h"
#include "kernel/worker.h"
#include "model/plan.h"

#include <stdint.h>

/* A build that is under way. */
struct shf_build {
	const struct shf_plan *plan;
	struct shf_worker worker;
	int timeout_ms;
	int64_t deadline_ms;
};

#define SHF_NO_BUILD ((struct shf_build){ .worker = SHF_NO_WORKER })

/*
 * Let the worker of build walk plan; one without starts shifter-builder, or a copy of the
 * caller where that is not root.  slots has SHF_PLAN_SLOTS entries, -1 where the
 * caller has nothing to give; the descriptors stay the caller's.  Overlays that
 * read their layers as the user (SHF_STEP_AS_READER) do so with the rights of
 * reader.  plan has to stay until the build is over; the rest may go.  Returns 0
 * or a negative errno value.
 */
int shf_start_build(const struct shf_plan *plan, const int *slots,
		    const struct shf_identity *reader, int timeout_ms, struct shf_build *build,
		    struct shf_report *report);

/*
 * Wait for the mount namespace that comes of it: as long as the file systems take,
 * but at most timeout_ms from the start on.
 *
 * Returns a descriptor of the namespace, -ETIMEDOUT, or what the step that
 * failed returned; nothing is left of a namespace that failed.
 */
int shf_finish_build(struct shf_build *build, struct shf_report *report);

/*
 * See the worker gone, if there is one, and with it the last use of its descriptors.  A
 * build that is under way is given up.
 */
void shf_end_build(struct shf_build *build);

#define cleanup_build __attribute__((cleanup(shf_end_build)))

#endif
