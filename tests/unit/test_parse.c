/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/parse.h"

#include "unit.h"

#include <string.h>

static void good_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t low, high, value;
	} cases[] = {
		{ "0", 0, 0, 0 },
		{ "7", 1, 9, 7 },
		{ "65535", 1, 65535, 65535 },
		{ "4294967296", 0, UINT64_MAX, 4294967296 },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t value = 99;

		CHECK_CASE(shf_parse_u64(cases[i].text, cases[i].low, cases[i].high, &value),
			   cases[i].text);
		CHECK_CASE(value == cases[i].value, cases[i].text);
	}
}

static void bad_numbers(void)
{
	static const char *const cases[] = {
		"",
		" ",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1\n",
		"01",
		"00",
		"0x1",
		"1.0",
		"1e3",
		"18446744073709551616",
		"99999999999999999999999",
		"a",
		"1a",
		"\xd9\xa1",
	};
	uint64_t value = 42;
	uint32_t small = 42;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_CASE(!shf_parse_u64(cases[i], 0, UINT64_MAX, &value), cases[i]);
	CHECK(!shf_parse_u64(NULL, 0, 1, &value));
	CHECK(!shf_parse_u64("0", 1, 2, &value));
	CHECK(!shf_parse_u64("3", 1, 2, &value));
	CHECK(value == 42);
	CHECK(!shf_parse_u32("4294967296", 0, UINT32_MAX, &small));
	CHECK(small == 42);
	CHECK(shf_parse_u32("4294967295", 0, UINT32_MAX, &small) && small == UINT32_MAX);
}

static void names(void)
{
	CHECK(shf_is_name("a", 1, ""));
	CHECK(shf_is_name("9z", 2, ""));
	CHECK(shf_is_name("a_", 2, "_"));
	CHECK(!shf_is_name("_a", 2, "_"));
	CHECK(!shf_is_name("", 5, "."));
	CHECK(!shf_is_name(NULL, 5, "."));
	CHECK(!shf_is_name("abc", 2, ""));
	CHECK(!shf_is_name(".", 5, "."));
	CHECK(!shf_is_name("..", 5, "."));
	CHECK(!shf_is_name("-x", 5, "-"));
	CHECK(!shf_is_name("a/b", 5, "."));
	CHECK(!shf_is_name("a\n", 5, "."));
	CHECK(!shf_is_name("\xc3\xa4", 5, "."));
}

static void ids_hosts_and_users(void)
{
	char name[300];

	CHECK(shf_is_id("1234.head_node-2"));
	CHECK(!shf_is_id("../x") && !shf_is_id("a b") && !shf_is_id("_x"));
	CHECK(shf_is_host_name("nid001.site.org") && shf_is_host_name("1") &&
	      shf_is_host_name("10.0.0.1"));
	CHECK(!shf_is_host_name("n1-") && !shf_is_host_name("n1.") && !shf_is_host_name("-n1") &&
	      !shf_is_host_name("n_1") && !shf_is_host_name("") && !shf_is_host_name("::1"));
	CHECK(shf_is_user_name("_apt") && shf_is_user_name("a.b-c_d"));
	CHECK(!shf_is_user_name("a:b") && !shf_is_user_name("a b") && !shf_is_user_name("a$") &&
	      !shf_is_user_name("a*") && !shf_is_user_name("a@b") && !shf_is_user_name("-a"));
	memset(name, 'a', sizeof(name));
	name[253] = '\0';
	CHECK(shf_is_host_name(name));
	name[253] = 'a';
	name[254] = '\0';
	CHECK(!shf_is_host_name(name));
	name[64] = '\0';
	CHECK(shf_is_id(name) && shf_is_user_name(name));
	name[64] = 'a';
	name[65] = '\0';
	CHECK(!shf_is_id(name) && !shf_is_user_name(name));
}

static const struct unit_test tests[] = {
	{ "good numbers", good_numbers },
	{ "bad numbers", bad_numbers },
	{ "names", names },
	{ "ids, hosts and users", ids_hosts_and_users },
	{ 0 },
};

const struct unit_suite unit_parse = { "parse", tests };
