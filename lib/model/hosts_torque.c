/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_torque.h"

#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Indices low to high of the host of that place in the list. */
struct range {
	size_t host;
	uint32_t low, high;
};

struct ranges {
	struct range *list;
	size_t count, capacity;
};

static int malformed(struct shifter_hosts *hosts, const char *exec_host, const char *why)
{
	return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot read exec_host '%.300s': %s", exec_host, why);
}

static int keep_range(struct ranges *ranges, struct range range)
{
	if (ranges->count == ranges->capacity) {
		size_t capacity = ranges->capacity ? ranges->capacity * 2 : 64;
		struct range *list = reallocarray(ranges->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ranges->list = list;
		ranges->capacity = capacity;
	}
	ranges->list[ranges->count++] = range;
	return 0;
}

static bool read_index(const char **cursor, uint32_t *out)
{
	char number[8];
	size_t n = strspn(*cursor, "0123456789");

	if (n >= sizeof(number))
		return false;
	memcpy(number, *cursor, n);
	number[n] = '\0';
	*cursor += n;
	return shf_parse_u32(number, 0, SHF_HOST_SLOTS_MAX - 1, out);
}

/* Read "0-3,5"; what it was good for goes to ranges, with the host left open. */
static int read_indices(const char **cursor, struct ranges *ranges, uint64_t *slots)
{
	*slots = 0;
	for (;;) {
		struct range range;
		int error;

		if (!read_index(cursor, &range.low))
			return -EINVAL;
		range.high = range.low;
		if (**cursor == '-') {
			(*cursor)++;
			if (!read_index(cursor, &range.high) || range.high < range.low)
				return -EINVAL;
		}
		range.host = SIZE_MAX;
		error = keep_range(ranges, range);
		if (error)
			return error;
		*slots += range.high - range.low + 1;
		if (**cursor != ',')
			return 0;
		(*cursor)++;
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	return x->low < y->low ? -1 : x->low > y->low;
}

static int check_ranges(struct shifter_hosts *hosts, const char *exec_host, struct ranges *ranges)
{
	if (ranges->count)
		qsort(ranges->list, ranges->count, sizeof(*ranges->list), compare_ranges);
	for (size_t i = 1; i < ranges->count; i++) {
		const struct range *a = &ranges->list[i - 1], *b = &ranges->list[i];

		if (a->host == b->host && b->low <= a->high)
			return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
					"cannot read exec_host '%.300s': slot %u of host '%.253s' "
					"comes twice",
					exec_host, b->low, hosts->list[a->host].name);
	}
	return 0;
}

static int read_all(struct shifter_hosts *hosts, const char *exec_host, struct ranges *ranges)
{
	const char *cursor = exec_host;

	for (;;) {
		size_t n = strcspn(cursor, "/+"), first = ranges->count, place;
		const char *name = cursor;
		char copy[256];
		uint64_t slots;
		int error;

		cursor += n;
		if (*cursor != '/' || n == 0 || n >= sizeof(copy))
			return malformed(hosts, exec_host, "each host must be 'NAME/INDICES'");
		cursor++;
		error = read_indices(&cursor, ranges, &slots);
		if (error == -ENOMEM)
			return shf_fail_errno(hosts->report, SHIFTER_FAULT_NODE, ENOMEM,
					      "cannot keep the host list");
		if (error || (*cursor && *cursor != '+'))
			return malformed(hosts, exec_host,
					 "indices must be numbers below 65535 and rising ranges, "
					 "separated by commas");
		if (slots > SHF_HOST_SLOTS_MAX)
			return malformed(hosts, exec_host, "a host has too many slots");
		error = shf_hosts_add_n(hosts, name, n, (uint32_t)slots);
		if (error)
			return error;
		memcpy(copy, name, n);
		copy[n] = '\0';
		place = (size_t)(shf_hosts_find(hosts, copy) - hosts->list);
		for (size_t i = first; i < ranges->count; i++)
			ranges->list[i].host = place;
		if (*cursor == '\0')
			return check_ranges(hosts, exec_host, ranges);
		cursor++;
	}
}

int shf_hosts_from_torque(struct shifter_hosts *hosts, const char *exec_host)
{
	struct ranges ranges = { 0 };
	int error;

	if (!exec_host || !*exec_host)
		return malformed(hosts, "", "it names no host");
	error = read_all(hosts, exec_host, &ranges);
	free(ranges.list);
	return error;
}
