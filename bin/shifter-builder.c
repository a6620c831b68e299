/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-builder - builds the mount namespace of one container
 *
 * Walks the plan that the library has made (kernel/builder.h, model/plan.h), sends
 * the namespace back and ends.
 *
 * Static, no heap, no configuration, no name service.
 */
#include "kernel/build_walk.h"
#include "kernel/worker.h"

int main(int argc, char **argv)
{
	if (!shf_begin_worker(argc, argv))
		return 2;
	return shf_serve_build(SHF_WORKER_CHANNEL) ? 0 : 1;
}
