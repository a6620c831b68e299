/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/path.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static void cleans(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "/", "/" },
		{ "///", "/" },
		{ "/.", "/" },
		{ "/./", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a" },
		{ "//a///b/.//c/.", "/a/b/c" },
		{ "/...", "/..." },
		{ "/.a/..b/c..", "/.a/..b/c.." },
		{ "/with space:colon", "/with space:colon" },
		{ "/\xc3\xbc\xff", "/\xc3\xbc\xff" },
	};
	char out[SHF_PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_NUMBER(shf_path_clean(cases[i].in, out), 0);
		CHECK_STRING(out, cases[i].out);
	}
}

static void refuses(void)
{
	static const char *const cases[] = { "", "a", "a/b", "./a", "..",
					     "/..", "/a/..", "/../a", "/a/../b", "/a/b/..",
					     "/a\nb", "/a\x7f", "/\x01", "~/x" };
	char out[SHF_PATH_MAX], path[SHF_PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_CASE(shf_path_clean(cases[i], out) == -EINVAL, cases[i]);
	CHECK_NUMBER(shf_path_clean(NULL, out), -EINVAL);
	/* no component of more than NAME_MAX bytes */
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[1 + 255] = '\0';
	CHECK_NUMBER(shf_path_clean(path, out), 0);
	path[1 + 255] = 'a';
	path[1 + 256] = '\0';
	CHECK_NUMBER(shf_path_clean(path, out), -EINVAL);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? 'a' : '/';
	path[SHF_PATH_MAX] = '\0';
	CHECK_NUMBER(shf_path_clean(path, out), -EINVAL);
	path[SHF_PATH_MAX - 1] = '\0';
	path[SHF_PATH_MAX - 2] = 'a';
	CHECK_NUMBER(shf_path_clean(path, out), 0);
	CHECK_STRING(out, path);
}

static void within(void)
{
	CHECK(shf_path_is_within("/a", "/"));
	CHECK(shf_path_is_within("/", "/"));
	CHECK(shf_path_is_within("/a/b", "/a/b"));
	CHECK(shf_path_is_within("/a/b/c", "/a/b"));
	CHECK(!shf_path_is_within("/a/bc", "/a/b"));
	CHECK(!shf_path_is_within("/a", "/a/b"));
	CHECK(!shf_path_is_within("/", "/a"));
}

static const struct unit_test tests[] = {
	{ "cleans", cleans },
	{ "refuses", refuses },
	{ "within", within },
	{ 0 },
};

const struct unit_suite unit_path = { "path", tests };
