/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_slurm.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shf_report report;

/* "name/slots " of each host */
static void show(const struct shifter_hosts *hosts, struct shf_text *out)
{
	for (size_t i = 0; i < hosts->count; i++)
		shf_text_addf(out, "%s/%u ", hosts->list[i].name, hosts->list[i].slots);
}

static void good_lists(void)
{
	static const struct {
		const char *nodes, *counts, *out;
	} cases[] = {
		{ "n1", NULL, "n1/1 " },
		{ "login1,n2", "3,4", "login1/3 n2/4 " },
		{ "n[1-3]", NULL, "n1/1 n2/1 n3/1 " },
		{ "nid[001-003,007]", "24(x4)", "nid001/24 nid002/24 nid003/24 nid007/24 " },
		{ "n[0-2]", NULL, "n0/1 n1/1 n2/1 " },
		{ "n[8-11]", NULL, "n8/1 n9/1 n10/1 n11/1 " },
		{ "n[0-10]", NULL, "n0/1 n1/1 n2/1 n3/1 n4/1 n5/1 n6/1 n7/1 n8/1 n9/1 n10/1 " },
		{ "n[098-101]", NULL, "n098/1 n099/1 n100/1 n101/1 " },
		{ "n[08-11]", NULL, "n08/1 n09/1 n10/1 n11/1 " },
		/* hosts of two widths, as Slurm joins them */
		{ "n[08-10,099-101]", NULL, "n08/1 n09/1 n10/1 n099/1 n100/1 n101/1 " },
		{ "n[98-100]", NULL, "n98/1 n99/1 n100/1 " },
		{ "n[08,09-11]x", NULL, "n08x/1 n09x/1 n10x/1 n11x/1 " },
		{ "r[1-2]n[01-02]", NULL, "r1n01/1 r1n02/1 r2n01/1 r2n02/1 " },
		/* Slurm's own order of three and more */
		{ "a[0-1]b[0-1]c[0-1]", "1,2,3,4,5,6,7,8",
		  "a0b0c0/1 a0b0c1/2 a1b0c0/3 a1b0c1/4 a0b1c0/5 a0b1c1/6 a1b1c0/7 a1b1c1/8 " },
		{ "a[0-1]b[0-1]c[0,2]d[3,1]e", NULL,
		  "a0b0c0d3e/1 a0b0c0d1e/1 a1b0c0d3e/1 a1b0c0d1e/1 a0b1c0d3e/1 a0b1c0d1e/1 "
		  "a1b1c0d3e/1 a1b1c0d1e/1 a0b0c2d3e/1 a0b0c2d1e/1 a1b0c2d3e/1 a1b0c2d1e/1 "
		  "a0b1c2d3e/1 a0b1c2d1e/1 a1b1c2d3e/1 a1b1c2d1e/1 " },
		{ "nid[1-2]-x[1-2],login1", "1(x2),2(x2),9",
		  "nid1-x1/1 nid1-x2/1 nid2-x1/2 nid2-x2/2 login1/9 " },
		{ "a[1]b[2]c[3].site.org", NULL, "a1b2c3.site.org/1 " },
		{ "[1-2]", NULL, "1/1 2/1 " },
		{ "n[5-5]", "7", "n5/7 " },
		{ "n[3,1,2]", NULL, "n3/1 n1/1 n2/1 " },
		{ "n1,n2,n1", "1,2,3", "n1/4 n2/2 " },
		{ "n[1-3]", "24(x2),12", "n1/24 n2/24 n3/12 " },
		{ "n1", "65535(x1)", "n1/65535 " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shifter_hosts hosts = { .report = &report };
		cleanup_text struct shf_text out = { 0 };

		CHECK_CASE(shf_hosts_from_slurm(&hosts, cases[i].nodes, cases[i].counts) == 0,
			   cases[i].nodes);
		CHECK_STRING(report.text, "");
		shf_report_clear(&report);
		show(&hosts, &out);
		CHECK_STRING(TEXT(out), cases[i].out);
		shf_hosts_free(&hosts);
	}
}

static void bad_lists(void)
{
#define LIST(nodes, why)                                               \
	{                                                              \
		nodes, NULL, "cannot read host list '" nodes "': " why \
	}
#define COUNTS(counts, why)                                                       \
	{                                                                         \
		"n[1-3]", counts, "cannot read slots per host '" counts "': " why \
	}
	static const struct {
		const char *nodes, *counts, *text;
	} cases[] = {
		{ "", NULL, "cannot read host list '': it names no host" },
		LIST("n[1", "brackets must come in pairs and not be nested"),
		LIST("n[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]",
		     "a host has more than 16 brackets"),
		LIST("n1]", "brackets must come in pairs and not be nested"),
		LIST("n[1[2]]", "brackets must come in pairs and not be nested"),
		LIST("n[1-2],", "there is nothing beside a comma"),
		LIST(",n1", "there is nothing beside a comma"),
		LIST("n1,,n2", "there is nothing beside a comma"),
		LIST("n[]", "brackets must hold numbers of at most 18 digits"),
		LIST("n[a]", "brackets must hold numbers of at most 18 digits"),
		LIST("n[-1]", "brackets must hold numbers of at most 18 digits"),
		LIST("n[1,]", "brackets must hold numbers of at most 18 digits"),
		LIST("n[1234567890123456789]", "brackets must hold numbers of at most 18 digits"),
		LIST("n[1-]", "a range in brackets must be NUMBER-NUMBER"),
		LIST("n[1-b]", "a range in brackets must be NUMBER-NUMBER"),
		LIST("n[1 2]", "brackets must hold numbers and ranges, separated by commas"),
		LIST("n[1-2-3]", "brackets must hold numbers and ranges, separated by commas"),
		COUNTS("24(x2)", "there are more hosts than slot counts"),
		COUNTS("", "there are more hosts than slot counts"),
		COUNTS("24(x4)", "there are more slot counts than hosts"),
		COUNTS("1,1,1,1", "there are more slot counts than hosts"),
		COUNTS("1,1,1,", "it ends in a comma"),
		COUNTS("1;1;1", "entries must be separated by commas"),
		COUNTS("1(x2)1", "entries must be separated by commas"),
		COUNTS("0(x3)", "an entry must be a number from 1 to 65535, or such a number "
				"and '(xN)'"),
		COUNTS("65536(x3)",
		       "an entry must be a number from 1 to 65535, or such a number and '(xN)'"),
		COUNTS("x3", "an entry must be a number from 1 to 65535, or such a number and "
			     "'(xN)'"),
		COUNTS("1(x0)", "a repetition must be '(xN)', N from 1 to 1000000"),
		COUNTS("1(x3", "a repetition must be '(xN)', N from 1 to 1000000"),
		COUNTS("1(x", "a repetition must be '(xN)', N from 1 to 1000000"),
		COUNTS("1(x9999999)", "a repetition must be '(xN)', N from 1 to 1000000"),
	};
#undef LIST
#undef COUNTS

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shifter_hosts hosts = { .report = &report };

		CHECK_REPORT(&report, shf_hosts_from_slurm(&hosts, cases[i].nodes, cases[i].counts),
			     EINVAL, SHIFTER_FAULT_CALLER, cases[i].text);
		shf_hosts_free(&hosts);
	}
}

static void bad_ranges(void)
{
	static const char *const lists[] = { "n[3-1]", "n[10-9]", "n[1-01]", "n[01-1]",
					     "n[01-010]",
					     "n[010-20]" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct shifter_hosts hosts = { .report = &report };

		CHECK_CASE(shf_hosts_from_slurm(&hosts, lists[i], NULL) == -EINVAL, lists[i]);
		CHECK(strstr(report.text, "a range in brackets must rise") != NULL);
		CHECK_NUMBER((long long)hosts.count, 0);
		shf_report_clear(&report);
		shf_hosts_free(&hosts);
	}
}

static void is_bounded(void)
{
	struct shifter_hosts hosts = { .report = &report };
	char list[400];

	CHECK_REPORT(&report, shf_hosts_from_slurm(&hosts, "n[1-999999999999999999]", NULL), E2BIG,
		     SHIFTER_FAULT_CALLER,
		     "cannot add host 'n1000001': there are more than 1000000 hosts");
	shf_hosts_free(&hosts);
	memset(list, 'n', sizeof(list));
	memcpy(list + sizeof(list) - 6, "[1-2]", 6);
	CHECK_NUMBER(shf_hosts_from_slurm(&hosts, list, NULL), -EINVAL);
	CHECK(strstr(report.text, "a host name must have at most 253 bytes") != NULL);
	shf_report_clear(&report);
	list[252] = '\0';
	CHECK_NUMBER(shf_hosts_from_slurm(&hosts, list, NULL), 0);
	CHECK_NUMBER(shf_hosts_from_slurm(&hosts, strcat(list, "nn"), NULL), -EINVAL);
	shf_report_clear(&report);
	shf_hosts_free(&hosts);
}

/* ---- random lists: what they mean is written down while they are made ---- */

enum { NAMES_MAX = 4096,
       NAME_MAX_BYTES = 64 };

struct names {
	char list[NAMES_MAX][NAME_MAX_BYTES];
	size_t count;
};

/* Every name with every one of the suffixes behind it. */
static void multiply(struct names *names, const struct names *suffixes)
{
	static struct names product;

	product.count = 0;
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < suffixes->count; j++)
			snprintf(product.list[product.count++], NAME_MAX_BYTES, "%.30s%.30s",
				 names->list[i], suffixes->list[j]);
	memcpy(names, &product, sizeof(product));
}

static void make_bracket(uint64_t *state, struct shf_text *list, struct names *meaning)
{
	unsigned parts = 1 + unit_random(state) % 3;

	meaning->count = 0;
	shf_text_add(list, "[");
	for (unsigned part = 0; part < parts; part++) {
		unsigned width = 1 + unit_random(state) % 4;
		unsigned low = unit_random(state) % 120, n = 1 + unit_random(state) % 4;

		shf_text_addf(list, part ? ",%0*u" : "%0*u", (int)width, low);
		if (n > 1 || unit_random(state) % 4 == 0)
			shf_text_addf(list, "-%0*u", (int)width, low + n - 1);
		for (unsigned i = 0; i < n; i++)
			snprintf(meaning->list[meaning->count++], NAME_MAX_BYTES, "%0*u",
				 (int)width, low + i);
	}
	shf_text_add(list, "]");
}

static void make_item(uint64_t *state, struct shf_text *list, struct names *meaning)
{
	static const char *const words[] = { "n", "nid", "rack-", "x1000c", "a.b", "0" };
	static struct names part;
	/* of more, scontrol knows the order: tests/hosts/slurm_lists.sh */
	unsigned brackets = unit_random(state) % 3;

	meaning->count = 1;
	meaning->list[0][0] = '\0';
	for (unsigned i = 0; i < brackets || i == 0; i++) {
		part.count = 1;
		strcpy(part.list[0], words[unit_random(state) % 6]);
		shf_text_add(list, part.list[0]);
		multiply(meaning, &part);
		if (i < brackets) {
			make_bracket(state, list, &part);
			multiply(meaning, &part);
		}
	}
	if (brackets == 0 || unit_random(state) % 2) {
		part.count = 1;
		strcpy(part.list[0], "z9");
		shf_text_add(list, "z9");
		multiply(meaning, &part);
	}
}

/* Slots for each name, and how Slurm would write them. */
static void make_counts(uint64_t *state, size_t names, struct shf_text *counts, uint32_t *slots)
{
	size_t done = 0;

	while (done < names) {
		uint32_t value = 1 + unit_random(state) % 8;
		size_t repeat = 1 + unit_random(state) % 6;

		if (repeat > names - done)
			repeat = names - done;
		shf_text_addf(counts, done ? ",%u" : "%u", value);
		if (repeat > 1)
			shf_text_addf(counts, "(x%zu)", repeat);
		while (repeat--)
			slots[done++] = value;
	}
}

/* Compare with the meaning: names in the order of their first coming, slots summed. */
static bool agrees(const struct shifter_hosts *hosts, const struct names *meaning,
		   const uint32_t *slots)
{
	size_t distinct = 0;

	for (size_t i = 0; i < meaning->count; i++) {
		uint32_t sum = 0;
		bool is_first = true;

		for (size_t j = 0; j < meaning->count; j++) {
			if (strcmp(meaning->list[i], meaning->list[j]) != 0)
				continue;
			is_first = is_first && j >= i;
			sum += slots[j];
		}
		if (!is_first)
			continue;
		if (distinct >= hosts->count ||
		    strcmp(hosts->list[distinct].name, meaning->list[i]) != 0 ||
		    hosts->list[distinct].slots != sum)
			return false;
		distinct++;
	}
	return distinct == hosts->count;
}

static void random_lists(void)
{
	static struct names all, item;
	static uint32_t slots[NAMES_MAX];
	uint64_t state = 20240229;
	unsigned tried = 0;

	while (tried < 300) {
		struct shifter_hosts hosts = { .report = &report };
		cleanup_text struct shf_text list = { 0 };
		cleanup_text struct shf_text counts = { 0 };
		unsigned items = 1 + unit_random(&state) % 3;
		bool with_counts = unit_random(&state) % 2;
		int rc;

		all.count = 0;
		for (unsigned i = 0; i < items; i++) {
			if (i)
				shf_text_add(&list, ",");
			make_item(&state, &list, &item);
			if (all.count + item.count > NAMES_MAX / 4)
				break;
			memcpy(all.list[all.count], item.list, item.count * sizeof(*item.list));
			all.count += item.count;
		}
		/* one that grew too big has been left in the middle */
		if (all.count + item.count > NAMES_MAX / 4)
			continue;
		tried++;
		make_counts(&state, all.count, &counts, slots);
		for (size_t i = 0; i < all.count && !with_counts; i++)
			slots[i] = 1;
		rc = shf_hosts_from_slurm(&hosts, list.data, with_counts ? counts.data : NULL);
		CHECK_CASE(rc == 0 && agrees(&hosts, &all, slots), list.data);
		CHECK_STRING(report.text, "");
		shf_report_clear(&report);
		shf_hosts_free(&hosts);
	}
}

static const struct unit_test tests[] = {
	{ "good lists", good_lists },
	{ "bad lists", bad_lists },
	{ "bad ranges", bad_ranges },
	{ "is bounded", is_bounded },
	{ "random lists", random_lists },
	{ 0 },
};

const struct unit_suite unit_hosts_slurm = { "hosts_slurm", tests };
