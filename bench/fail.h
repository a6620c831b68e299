/* SPDX-License-Identifier: BSD-3-Clause */
/* fail.h - a measurement that cannot be made ends the program */
#ifndef BENCH_FAIL_H
#define BENCH_FAIL_H

#include <err.h>

/* Ends the process with what and errno unless value is 0 or more; returns value. */
#define BENCH_MUST(value, what)                                          \
	__extension__({                                                  \
		long bench_value = (long)(value);                        \
		if (bench_value < 0)                                     \
			err(1, "%s:%d: %s", __FILE__, __LINE__, (what)); \
		bench_value;                                             \
	})

#endif
