/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/port.h"
#include "unit.h"

#include <stdio.h>

static void ranges(void)
{
	static const char *const bad[] = { "1", "-", "1-", "-2", "0-2",
					   "2-1", "1-65536", "01-02", "1-2-3", " 1-2",
					   "1 - 2", "a-b", "+1-2", "000001-2" };
	struct shf_port_range range = { 7, 8 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!shf_port_range_parse(bad[i], &range) && range.low == 7 && range.high == 8);
	CHECK(shf_port_range_parse("30000-30999", &range));
	CHECK(range.low == 30000 && range.high == 30999);
	CHECK(shf_port_range_parse("65535-65535", &range) && range.low == 65535);
	CHECK(shf_port_range_parse("", &range) && range.high == 0);
}

static void overlaps(void)
{
	const struct shf_port_range none = { 0, 0 }, low = { 10, 20 }, in = { 12, 13 },
				    touches = { 20, 30 }, high = { 21, 30 };

	CHECK(!shf_port_ranges_overlap(&none, &low) && !shf_port_ranges_overlap(&low, &none));
	CHECK(shf_port_ranges_overlap(&low, &in) && shf_port_ranges_overlap(&in, &low));
	CHECK(shf_port_ranges_overlap(&low, &touches) && shf_port_ranges_overlap(&touches, &low));
	CHECK(!shf_port_ranges_overlap(&low, &high) && !shf_port_ranges_overlap(&high, &low));
}

static void neighbours_differ(void)
{
	const struct shf_port_range range = { 30000, 30099 }, one = { 5, 5 };
	unsigned char seen[100] = { 0 };
	char id[64];

	for (unsigned job = 4294967200u; job < 4294967295u; job++) {
		uint32_t port;

		snprintf(id, sizeof(id), "slurm-%u", job);
		port = shf_port_of(&range, id);
		CHECK(port >= 30000 && port <= 30099 && !seen[port - 30000]++);
	}
	CHECK(shf_port_of(&range, "a") != shf_port_of(&range, "b"));
	CHECK(shf_port_of(&range, "12.server") == shf_port_of(&range, "12.server"));
	/* a number that no type holds */
	CHECK(shf_port_of(&range, "j99999999999999999999999999999999999901") ==
	      shf_port_of(&range, "j1"));
	CHECK(shf_port_of(&one, "slurm-12") == 5 && shf_port_of(&one, "x") == 5);
}

static const struct unit_test tests[] = {
	{ "ranges", ranges },
	{ "overlaps", overlaps },
	{ "neighbours differ", neighbours_differ },
	{ 0 },
};

const struct unit_suite unit_port = { "port", tests };
