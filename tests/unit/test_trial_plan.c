/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/trial_plan.h"

#include "unit.h"

#include <string.h>

static void words_of_programs(void)
{
	static const struct {
		const char *said, *wanted;
	} cases[] = {
		{ "", "" },
		{ "/c: line 12: Bad configuration option: Foo\r\n"
		  "/c: terminating, 1 bad configuration options\r\n",
		  "line 2: Bad configuration option: Foo" },
		{ "noise\n/c line 13: missing argument.\n", "line 3: missing argument" },
		{ "/c line 10: no such word\n", "line 10 of what stands before it: no such word" },
		{ "/other line 12: x\n/c lines 12: y\n\nno hostkeys.\r\n", "no hostkeys" },
		{ "/c line 11: a\n/c line 12: b\n/c line 13: c\n/c line 14: d\n/c line 15: e\n",
		  "line 1: a; line 2: b; line 3: c; and 2 more" },
		{ "/c", "/c" },
		{ "/c line ", "/c line" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_text struct shf_text out = { 0 };

		shf_explain_trial(cases[i].said, "/c", 10, &out);
		CHECK_CASE(strcmp(TEXT(out), cases[i].wanted) == 0, cases[i].said);
	}
}

static void the_container(void)
{
	char line[] = "A yes\n";
	const struct shf_text one = { .data = line, .length = sizeof(line) - 1 };
	const struct shf_text nothing = { 0 };
	const struct shf_trial_files files = { &nothing, &one, &one };
	cleanup_plan struct shf_plan plan = { 0 };
	size_t n_files = 0, isolated = 0;

	CHECK_NUMBER(shf_plan_trial(&files, "/run", &plan), 0);
	for (size_t i = 0; i < plan.count; i++) {
		const struct shf_step *step = &plan.steps[i];

		if (step->kind == SHF_STEP_ISOLATE)
			isolated = i;
		/* nothing of the host's mounts is touched */
		if (step->kind == SHF_STEP_PLACE || step->kind == SHF_STEP_ATTACH)
			CHECK(isolated && i > isolated);
		if (step->kind == SHF_STEP_FILE && strstr(step->path, "ssh")) {
			CHECK(*step->path != '/');
			n_files++;
		}
	}
	CHECK_NUMBER(n_files, 3);
	CHECK_NUMBER(plan.steps[plan.count - 1].kind, SHF_STEP_ENTER);
}

static const struct unit_test tests[] = {
	{ "words of programs", words_of_programs },
	{ "the container", the_container },
	{ 0 },
};

const struct unit_suite unit_trial_plan = { "trial_plan", tests };
