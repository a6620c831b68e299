/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/port.h"

#include "base/parse.h"

#include <stddef.h>
#include <string.h>

enum { PORT_MAX = 65535 };

bool shf_port_range_parse(const char *text, struct shf_port_range *out)
{
	const char *dash = strchr(text, '-');
	struct shf_port_range range = { 0, 0 };
	char low[sizeof("65535")];
	size_t n = dash ? (size_t)(dash - text) : 0;

	if (*text) {
		if (!dash || n >= sizeof(low))
			return false;
		memcpy(low, text, n);
		low[n] = '\0';
		if (!shf_parse_u32(low, 1, PORT_MAX, &range.low) ||
		    !shf_parse_u32(dash + 1, range.low, PORT_MAX, &range.high))
			return false;
	}
	*out = range;
	return true;
}

bool shf_port_ranges_overlap(const struct shf_port_range *a, const struct shf_port_range *b)
{
	return a->high && b->high && a->low <= b->high && b->low <= a->high;
}

uint32_t shf_port_of(const struct shf_port_range *range, const char *id)
{
	uint32_t size = range->high - range->low + 1;
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t length = strlen(id), head = length;
	uint64_t number = 0;

	while (head && id[head - 1] >= '0' && id[head - 1] <= '9')
		head--;
	for (size_t i = 0; i < head; i++)
		hash = (hash ^ (unsigned char)id[i]) * 16777619u;
	for (size_t i = head; i < length; i++)
		number = (number * 10 + (uint64_t)(id[i] - '0')) % size;
	return range->low + (uint32_t)((hash + number) % size);
}
