/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * builder.h - a child that walks a plan and leaves a mount namespace behind
 */
#ifndef SHF_KERNEL_BUILDER_H
#define SHF_KERNEL_BUILDER_H

#include "base/report.h"
#include "kernel/credentials.h"
#include "model/plan.h"

/*
 * Walk plan in a child and hand over the mount namespace that came of it.
 * slots has SHF_PLAN_SLOTS entries, -1 where the caller has nothing to give;
 * the descriptors stay the caller's.  Overlays that read their layers as the user
 * (SHF_STEP_AS_READER) do so with the rights of reader.  Blocks as long as the
 * file systems do, but at most timeout_ms.
 *
 * Returns a descriptor of the namespace, -ETIMEDOUT, or what the step that
 * failed returned; nothing is left of a namespace that failed.
 */
int shf_build_namespace(const struct shf_plan *plan, const int *slots,
			const struct shf_identity *reader, int timeout_ms,
			struct shf_report *report);

#endif
