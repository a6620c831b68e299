/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * build_walk.h - walk a plan: what shifter-builder does, for whoever reads builder.h
 *
 * On the channel come a size, with a file in memory that has a plan of that size
 * (model/flat_plan.h), then the descriptors of the slots that are given, with a byte
 * for each SHF_MESSAGE_FDS of them.  The answer has a descriptor of the namespace if
 * the container is built.
 */
#ifndef SHF_KERNEL_BUILD_WALK_H
#define SHF_KERNEL_BUILD_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct shf_build_answer {
	uint32_t step;    /* the last one */
	int32_t error;    /* 0: built */
	char detail[256]; /* the file system's own word, or "" */
};

/* Returns whether it has been built, and somebody knows. */
bool shf_serve_build(int channel);

#endif
