/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sessionenv.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
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

/* What a user may have in the environment must not keep sshd from starting. */
static void strange_entries(void)
{
	static const char *const env[] = { "", "A",
					   "=x", "A B=c",
					   "A\n=1", "BASH_FUNC_foo%%=() {  :\n}",
					   "\x7f=1", NULL };
	static const char want[] = "A B=c\0A\n=1\0BASH_FUNC_foo%%=() {  :\n}\0\x7f=1";
	cleanup_text struct shf_text text = { 0 };

	CHECK_NUMBER(shf_render_session_env(env, &text, &report), 0);
	CHECK(text.length == sizeof(want) && memcmp(text.data, want, sizeof(want)) == 0);
}

static void bounds(void)
{
	enum { MANY = 20000 };
	static char big[(8 << 20) + 8], entries[MANY][64];
	static const char *many[MANY + 1];
	const char *const env[] = { big, NULL };
	cleanup_text struct shf_text text = { 0 };

	memset(big, 'x', sizeof(big) - 1);
	big[1] = '=';
	CHECK_REPORT(&report, shf_render_session_env(env, &text, &report), E2BIG, SHIFTER_FAULT_JOB,
		     "cannot use environment: it is longer than 8388608 bytes");
	big[1] = 'x';
	big[100000] = '=';
	big[1 << 20] = '\0';
	CHECK_NUMBER(shf_render_session_env(env, &text, &report), 0);
	CHECK_NUMBER((long long)text.length, (1 << 20) + 1);
	for (int i = 0; i < MANY; i++) {
		sprintf(entries[i], "NAME_%d=%d and something to make it longer", i, i);
		many[i] = entries[i];
	}
	text.length = 0;
	CHECK_NUMBER(shf_render_session_env(many, &text, &report), 0);
	CHECK(text.length > (1 << 19));
}

static void of_site(void)
{
	static const struct {
		const char *key, *values[3];
	} settings[] = {
		{ "nodeEnv", { "MY_NODE" } },
		{ "siteEnvUnset", { "LOADEDMODULES _LMFILES_" } },
		{ "siteEnvPrepend", { "PATH=/p", "PATH=/q" } },
		{ "siteEnvAppend", { "PATH=/a" } },
		{ "siteEnv", { "A=1;2", "B=" } },
		{ "mpiLauncherSsh", { "no" } },
	};
	static const char want[] = "?SHIFTER_MPI_SSH=0\0=A=1;2\0=B=\0+PATH=/a\0^PATH=/p\0^PATH=/q"
				   "\0-LOADEDMODULES\0-_LMFILES_\0@MY_NODE";
	cleanup_text struct shf_text text = { 0 };
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	shf_render_site_env(&cfg, &text);
	CHECK_NUMBER((long long)text.length, 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		CHECK_NUMBER(shf_config_set(&cfg, settings[i].key, settings[i].values,
					    settings[i].values[1] ? 2 : 1, "f:1", &report),
			     0);
	shf_render_site_env(&cfg, &text);
	CHECK(text.length == sizeof(want) && memcmp(text.data, want, sizeof(want)) == 0);
	shf_config_free(&cfg);
}

static const struct unit_test tests[] = {
	{ "later wins", later_wins },
	{ "strange entries", strange_entries },
	{ "bounds", bounds },
	{ "what a site does", of_site },
	{ 0 },
};

const struct unit_suite unit_sessionenv = { "sessionenv", tests };
