/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port.h - which port of a range a container's sshd has
 *
 * Pure.  It is known from the id alone, so all nodes of a job find the same.
 */
#ifndef SHF_MODEL_PORT_H
#define SHF_MODEL_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Both ends belong to it.  high is 0 for no range. */
struct shf_port_range {
	uint32_t low, high;
};

/* Read "30000-30999", or "" for none.  False, with *out as it was, for anything else. */
bool shf_port_range_parse(const char *text, struct shf_port_range *out);

/* Have they a port in common? */
bool shf_port_ranges_overlap(const struct shf_port_range *a, const struct shf_port_range *b);

/*
 * The port of the container id.  Ids that differ in the number at their end, as those of
 * jobs that run at the same time do, have different ones if the numbers differ by less
 * than the size of the range; others are spread at random.
 */
uint32_t shf_port_of(const struct shf_port_range *range, const char *id);

#endif
