/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_slurm.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	NAME_SIZE = 256, /* a byte more than the longest name, and NUL */
	DIGITS_MAX = 18, /* of a number in brackets: fits 64 bits */
	BRACKETS_MAX = 16,
};

/* "n[1-2]": what is before it, what is in it, and where it is in going through that. */
struct bracket {
	const char *before, *inside, *close;
	size_t n_before;
	uint64_t value;
	size_t width; /* digits at least */
};

/* One of the list, "r[1-2]n[01-10]x". */
struct item {
	struct bracket brackets[BRACKETS_MAX];
	size_t count;
	const char *rest; /* behind the last bracket */
	size_t n_rest;
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

static int append_text(struct expansion *x, size_t *used, const char *text, size_t n)
{
	if (n >= sizeof(x->name) - *used)
		return malformed(x, "a host name must have at most 253 bytes");
	memcpy(x->name + *used, text, n);
	*used += n;
	return 0;
}

static int append_value(struct expansion *x, size_t *used, const struct bracket *bracket)
{
	size_t n = put_number(x->name + *used, sizeof(x->name) - *used, bracket->value,
			      bracket->width);

	if (!n)
		return malformed(x, "a host name must have at most 253 bytes");
	*used += n;
	return 0;
}

/* The name as far as it is the same for all values of the last bracket. */
static int begin_name(struct expansion *x, const struct item *item, size_t *used)
{
	*used = 0;
	for (size_t i = 0; i < item->count; i++) {
		const struct bracket *bracket = &item->brackets[i];
		int error = append_text(x, used, bracket->before, bracket->n_before);

		if (!error && i + 1 < item->count)
			error = append_value(x, used, bracket);
		if (error)
			return error;
	}
	return 0;
}

static int end_name(struct expansion *x, const struct item *item, size_t used)
{
	int error = 0;

	if (item->count)
		error = append_value(x, &used, &item->brackets[item->count - 1]);
	if (!error)
		error = append_text(x, &used, item->rest, item->n_rest);
	return error ? error : add_name(x, used);
}

/* Read "5" or "5-9" at *rest. */
static int read_range(struct expansion *x, const char **rest, uint64_t *low, uint64_t *high,
		      size_t *width)
{
	size_t high_digits;
	bool high_padded;

	if (!read_number(rest, low, width))
		return malformed(x, "brackets must hold numbers of at most 18 digits");
	*high = *low;
	if (**rest != '-')
		return 0;
	/* "[0-10]" and "[08-100]" are fine: the zeros are the start's */
	high_padded = *++*rest == '0';
	if (!read_number(rest, high, &high_digits))
		return malformed(x, "a range in brackets must be NUMBER-NUMBER");
	if (*high < *low || high_digits < *width || (high_digits > *width && high_padded))
		return malformed(x, "a range in brackets must rise, and its end have no more "
				    "leading zeros than its start");
	return 0;
}

/*
 * Go through the values of a bracket: of the last but one first, and the last one
 * fastest.  So in Slurm r[1-2]n[1-2] rises as one reads it, but of three brackets the
 * first runs faster than the second.
 */
static int expand(struct expansion *x, struct item *item, size_t depth)
{
	bool is_last = depth + 1 == item->count;
	struct bracket *bracket = &item->brackets[is_last ? depth : item->count - 2 - depth];
	const char *rest = bracket->inside;
	size_t used = 0;
	int error = is_last ? begin_name(x, item, &used) : 0;

	while (!error) {
		uint64_t high = 0;

		error = read_range(x, &rest, &bracket->value, &high, &bracket->width);
		while (!error) {
			error = is_last ? end_name(x, item, used) : expand(x, item, depth + 1);
			if (error || bracket->value == high)
				break;
			bracket->value++;
		}
		if (error || rest == bracket->close)
			break;
		if (*rest++ != ',')
			error = malformed(x, "brackets must hold numbers and ranges, separated by "
					     "commas");
	}
	return error;
}

/* The brackets from start to end come in pairs. */
static int expand_item(struct expansion *x, const char *start, const char *end)
{
	struct item item = { .count = 0 };
	const char *open;

	while ((open = memchr(start, '[', (size_t)(end - start)))) {
		struct bracket *bracket;

		if (item.count == BRACKETS_MAX)
			return malformed(x, "a host has more than 16 brackets");
		bracket = &item.brackets[item.count++];
		bracket->before = start;
		bracket->n_before = (size_t)(open - start);
		bracket->inside = open + 1;
		bracket->close = memchr(open, ']', (size_t)(end - open));
		start = bracket->close + 1;
	}
	item.rest = start;
	item.n_rest = (size_t)(end - start);
	return item.count ? expand(x, &item, 0) : end_name(x, &item, 0);
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
		error = expand_item(&x, start, end);
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
