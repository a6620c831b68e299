/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sessionenv.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static void later_wins(void)
{
	static const char *const env[] = { "A=1", "AB=2", "A=3", "E=", "B=x=y\nz", "AB=4", NULL };
	static const char want[] = "A=3\0E=\0B=x=y\nz\0AB=4";
	cleanup_text struct shf_text text = { 0 };

	CHECK_NUMBER(shf_render_session_env(env, &text, &report), 0);
	CHECK_NUMBER((long long)text.length, sizeof(want));
	CHECK(text.length == sizeof(want) && memcmp(text.data, want, sizeof(want)) == 0);
	CHECK_NUMBER(shf_render_session_env(NULL, &text, &report), 0);
	CHECK_NUMBER(shf_render_session_env(env + 6, &text, &report), 0);
	CHECK_NUMBER((long long)text.length, sizeof(want));
}

static void bad_entries(void)
{
	static const char *const bad[] = { "", "A", "=x", "A B=1", "A\n=1", "\x7f=1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *const env[] = { "GOOD=1", bad[i], NULL };
		cleanup_text struct shf_text text = { 0 };

		CHECK_CASE(shf_render_session_env(env, &text, &report) == -EINVAL, bad[i]);
		CHECK_CASE(report.fault == SHIFTER_FAULT_CALLER, bad[i]);
		CHECK(text.length == 0);
		shf_report_clear(&report);
	}
}

static void bounds(void)
{
	static char big[(1 << 20) + 8];
	const char *const env[] = { big, NULL };
	cleanup_text struct shf_text text = { 0 };

	memset(big, 'x', sizeof(big) - 1);
	big[1] = '=';
	CHECK_REPORT(&report, shf_render_session_env(env, &text, &report), E2BIG,
		     SHIFTER_FAULT_CALLER,
		     "cannot use environment: it is longer than 1048576 bytes");
	big[1] = 'x';
	big[256] = '=';
	big[300] = '\0';
	CHECK_NUMBER(shf_render_session_env(env, &text, &report), 0);
	big[256] = 'x';
	big[257] = '=';
	CHECK_NUMBER(shf_render_session_env(env, &text, &report), -EINVAL);
	shf_report_clear(&report);
}

static const struct unit_test tests[] = {
	{ "later wins", later_wins },
	{ "bad entries", bad_entries },
	{ "bounds", bounds },
	{ 0 },
};

const struct unit_suite unit_sessionenv = { "sessionenv", tests };
