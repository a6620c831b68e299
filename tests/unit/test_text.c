/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/text.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void grows(void)
{
	cleanup_text struct shf_text text = { 0 };

	CHECK(text.data == NULL);
	shf_text_add(&text, "");
	CHECK_STRING(text.data, "");
	for (int i = 0; i < 1000; i++)
		shf_text_addf(&text, "%03d,", i);
	CHECK_NUMBER((long long)text.length, 4000);
	CHECK_NUMBER((long long)strlen(text.data), 4000);
	CHECK(memcmp(text.data + 4 * 255, "255,256,", 8) == 0);
	shf_text_add_mem(&text, "a\0b", 3);
	CHECK_NUMBER((long long)text.length, 4003);
	CHECK(text.data[4001] == '\0' && text.data[4002] == 'b' && text.data[4003] == '\0');
	CHECK(!text.failed);
}

static void failure_stays(void)
{
	struct shf_text text = { 0 };

	shf_text_add(&text, "kept");
	shf_text_add_mem(&text, "x", SIZE_MAX / 2);
	CHECK(text.failed);
	shf_text_add(&text, "more");
	shf_text_addf(&text, "%d", 1);
	CHECK(text.failed);
	CHECK_STRING(text.data, "kept");
	shf_text_free(&text);
	CHECK(text.data == NULL && !text.failed && text.capacity == 0);
}

static void escapes(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "a\nb\tc\x1b[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xff", "\\xff" },
		{ "\xc3", "\\xc3" },                   /* cut off */
		{ "\xc3(", "\\xc3(" },                 /* no continuation */
		{ "\xc0\xaf", "\\xc0\\xaf" },          /* overlong '/' */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" }, /* likewise */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xc2\x9b", "\\xc2\\x9b" }, /* CSI to a terminal */
		{ "\x80", "\\x80" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		shf_escape(out, sizeof(out), cases[i].in);
		CHECK_STRING(out, cases[i].out);
	}
}

static void escape_is_cut_at_characters(void)
{
	char out[8] = "xxxxxxx";

	shf_escape(out, 0, "abc");
	CHECK_STRING(out, "xxxxxxx");
	shf_escape(out, 1, "abc");
	CHECK_STRING(out, "");
	shf_escape(out, 4, "abcdef");
	CHECK_STRING(out, "abc");
	shf_escape(out, 4, "ab\xc3\xbc");
	CHECK_STRING(out, "ab");
	shf_escape(out, 5, "ab\xc3\xbc");
	CHECK_STRING(out, "ab\xc3\xbc");
	shf_escape(out, 6, "ab\ncd");
	CHECK_STRING(out, "ab");
	shf_escape(out, 7, "ab\ncd");
	CHECK_STRING(out, "ab\\x0a");
}

static void first_failure_stays(void)
{
	struct shf_report report = { 0 };

	CHECK_NUMBER(shf_fail(&report, SHIFTER_FAULT_JOB, EINVAL, "cannot do '%s'", "a\x1b"),
		     -EINVAL);
	CHECK_NUMBER(shf_fail(&report, SHIFTER_FAULT_NODE, ENOENT, "second"), -ENOENT);
	CHECK_REPORT(&report, -EINVAL, EINVAL, SHIFTER_FAULT_JOB, "cannot do 'a\\x1b'");
	CHECK_STRING(report.text, "");
	CHECK_NUMBER(shf_fail_errno(&report, SHIFTER_FAULT_SITE, ENOENT, "cannot open '%s'", "/x"),
		     -ENOENT);
	CHECK_REPORT(&report, -ENOENT, ENOENT, SHIFTER_FAULT_SITE,
		     "cannot open '/x': No such file or directory");
	CHECK_NUMBER(shf_fail_errno(&report, SHIFTER_FAULT_NODE, 4711, "cannot x"), -4711);
	CHECK_REPORT(&report, -4711, 4711, SHIFTER_FAULT_NODE, "cannot x: error 4711");
	CHECK_NUMBER(shf_fail(&report, SHIFTER_FAULT_NODE, 0, "x"), -EIO);
	CHECK_NUMBER(shf_fail(NULL, SHIFTER_FAULT_NODE, EPERM, "nobody listens"), -EPERM);
}

static void long_failure_is_cut(void)
{
	struct shf_report report = { 0 };
	char name[3000];

	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK_NUMBER(shf_fail_errno(&report, SHIFTER_FAULT_NODE, EIO, "%s", name), -EIO);
	CHECK(strlen(report.text) < SHF_REPORT_TEXT);
	CHECK(strlen(report.text) > SHF_REPORT_TEXT - 8);
	CHECK(strspn(report.text, "\\x0a") == strlen(report.text));
}

static bool drain(void *to, const char *bytes, size_t length)
{
	struct shf_text *all = to;

	if (all->length > 3 * SHF_TEXT_DRAIN)
		return false;
	shf_text_add_mem(all, bytes, length);
	return true;
}

static void drains(void)
{
	struct shf_text all cleanup_text = { 0 };
	struct shf_text text cleanup_text = { .drain = drain, .drain_to = &all };
	size_t capacity = 0;
	char line[16];

	for (int i = 0; all.length < 3 * SHF_TEXT_DRAIN; i++) {
		shf_text_addf(&text, "%d\n", i);
		if (text.capacity > capacity)
			capacity = text.capacity;
	}
	CHECK(capacity <= SHF_TEXT_DRAIN);
	shf_text_add_mem(&all, text.data, text.length);
	for (size_t i = 0, at = 0; at < all.length; at += strlen(line), i++) {
		snprintf(line, sizeof(line), "%zu\n", i);
		if (strncmp(all.data + at, line, strlen(line)) != 0) {
			CHECK_STRING("another line", line);
			break;
		}
	}
	/* the last time it cannot */
	for (size_t i = 0; i < SHF_TEXT_DRAIN; i++)
		shf_text_add(&text, "xy");
	CHECK(text.failed);
}

static const struct unit_test tests[] = {
	{ "grows", grows },
	{ "drains", drains },
	{ "failure stays", failure_stays },
	{ "escapes", escapes },
	{ "escape is cut at characters", escape_is_cut_at_characters },
	{ "first failure stays", first_failure_stays },
	{ "long failure is cut", long_failure_is_cut },
	{ 0 },
};

const struct unit_suite unit_text = { "text", tests };
