/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_slurm.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	NAME_SIZE = 256, /* a byte more than the longest name, and NUL */
	DIGITS_MAX = 18, /* of a number in brackets: fits 64 bits */
};

struct expansion {
	struct shifter_hosts *hosts;
	const char *nodes;  /* the whole list, for messages */
	const char *counts; /* rest of the counts, or NULL for 1 each */
	const char *all_counts;
	uint32_t slots;  /* of the current entry of counts */
	uint32_t repeat; /* hosts it is still good for */
	char name[NAME_SIZE];
};

static int malformed(struct expansion *x, const char *why)
{
	return shf_fail(x->hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot read host list '%.300s': %s", x->nodes, why);
}

static int bad_counts(struct expansion *x, const char *why)
{
	return shf_fail(x->hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot read slots per host '%.300s': %s", x->all_counts, why);
}

/* Digits at *cursor, at most 18 of them, and how many they were. */
static bool read_number(const char **cursor, uint64_t *value, size_t *digits)
{
	*digits = strspn(*cursor, "0123456789");
	if (*digits == 0 || *digits > DIGITS_MAX)
		return false;
	*value = 0;
	for (size_t i = 0; i < *digits; i++)
		*value = *value * 10 + (uint64_t)(*(*cursor)++ - '0');
	return true;
}

/* Take one host's slots from the counts. */
static int next_slots(struct expansion *x, uint32_t *slots)
{
	uint64_t value, repeat = 1;
	size_t digits;

	if (!x->counts) {
		*slots = 1;
		return 0;
	}
	if (x->repeat == 0) {
		if (*x->counts == '\0')
			return bad_counts(x, "there are more hosts than slot counts");
		if (!read_number(&x->counts, &value, &digits) || value == 0 ||
		    value > SHF_HOST_SLOTS_MAX)
			return bad_counts(x, "an entry must be a number from 1 to 65535, or such "
					     "a number and '(xN)'");
		if (strncmp(x->counts, "(x", 2) == 0) {
			x->counts += 2;
			if (!read_number(&x->counts, &repeat, &digits) || repeat == 0 ||
			    repeat > SHF_HOSTS_MAX || *x->counts++ != ')')
				return bad_counts(x, "a repetition must be '(xN)', N from 1 to "
						     "1000000");
		}
		if (*x->counts == ',') {
			x->counts++;
			if (*x->counts == '\0')
				return bad_counts(x, "it ends in a comma");
		} else if (*x->counts) {
			return bad_counts(x, "entries must be separated by commas");
		}
		x->slots = (uint32_t)value;
		x->repeat = (uint32_t)repeat;
	}
	x->repeat--;
	*slots = x->slots;
	return 0;
}

static int add_name(struct expansion *x, size_t used)
{
	uint32_t slots = 0;
	int error = next_slots(x, &slots);

	return error ? error : shf_hosts_add_n(x->hosts, x->name, used, slots);
}

/* Write value with at least that many digits; how many they are, or 0 if there is no room. */
static size_t put_number(char *out, size_t size, uint64_t value, size_t width)
{
	char digits[24];
	size_t n = 0;

	for (; value || n < width; value /= 10)
		digits[n++] = (char)('0' + value % 10);
	if (n >= size)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	return n;
}

static int expand(struct expansion *x, size_t used, const char *rest, const char *end);

/* rest starts after a '[' whose ']' is at close; end is the item's. */
static int expand_bracket(struct expansion *x, size_t used, const char *rest, const char *close,
			  const char *end)
{
	for (;;) {
		uint64_t low, high;
		size_t low_digits, high_digits;

		if (!read_number(&rest, &low, &low_digits))
			return malformed(x, "brackets must hold numbers of at most 18 digits");
		high = low;
		if (*rest == '-') {
			/* "[0-10]" and "[08-100]" are fine: the zeros are the start's */
			bool high_padded = *++rest == '0';

			if (!read_number(&rest, &high, &high_digits))
				return malformed(x, "a range in brackets must be NUMBER-NUMBER");
			if (high < low || high_digits < low_digits ||
			    (high_digits > low_digits && high_padded))
				return malformed(x, "a range in brackets must rise, and its end "
						    "have no more leading zeros than its start");
		}
		for (uint64_t value = low;; value++) {
			size_t length = put_number(x->name + used, sizeof(x->name) - used, value,
						   low_digits);
			int error;

			if (!length)
				return malformed(x, "a host name must have at most 253 bytes");
			error = expand(x, used + length, close + 1, end);
			if (error)
				return error;
			if (value == high)
				break;
		}
		if (rest == close)
			return 0;
		if (*rest++ != ',')
			return malformed(x, "brackets must hold numbers and ranges, separated by "
					    "commas");
	}
}

/*
 * Append what is left of an item to the name and add each host that comes of
 * it.  The depth is bounded: each bracket appends a byte at least.
 */
static int expand(struct expansion *x, size_t used, const char *rest, const char *end)
{
	while (rest < end) {
		if (*rest == '[') {
			const char *close = memchr(rest, ']', (size_t)(end - rest));

			return expand_bracket(x, used, rest + 1, close, end);
		}
		if (used >= sizeof(x->name) - 1)
			return malformed(x, "a host name must have at most 253 bytes");
		x->name[used++] = *rest++;
	}
	return add_name(x, used);
}

/* The end of the item at start: a comma outside brackets, or NUL.  NULL if brackets are awry. */
static const char *find_end(const char *start)
{
	bool inside = false;

	for (const char *c = start;; c++) {
		if (*c == '\0')
			return inside ? NULL : c;
		if (*c == ',' && !inside)
			return c;
		if (*c == '[' || *c == ']') {
			if (inside != (*c == ']'))
				return NULL;
			inside = !inside;
		}
	}
}

int shf_hosts_from_slurm(struct shifter_hosts *hosts, const char *nodes, const char *slots_per_node)
{
	struct expansion x = { .hosts = hosts,
			       .nodes = nodes,
			       .counts = slots_per_node,
			       .all_counts = slots_per_node };
	const char *start = nodes;

	if (!nodes || !*nodes)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot read host list '': it names no host");
	for (;;) {
		const char *end = find_end(start);
		int error;

		if (!end)
			return malformed(&x, "brackets must come in pairs and not be nested");
		if (end == start)
			return malformed(&x, "there is nothing beside a comma");
		error = expand(&x, 0, start, end);
		if (error)
			return error;
		if (*end == '\0')
			break;
		start = end + 1;
	}
	if (x.counts && (*x.counts || x.repeat))
		return bad_counts(&x, "there are more slot counts than hosts");
	return 0;
}
