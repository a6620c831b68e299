/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unit [NAME...] - run the unit tests, or those whose suite or test is called NAME
 *
 * A line per test; the last line has the sums.  Exit status 1 if one failed.
 */
#include "unit.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct unit_suite *const suites[] = {
	&unit_text,
	&unit_parse,
	&unit_port,
	&unit_path,
	&unit_config,
	&unit_environ,
	&unit_caller,
	&unit_original,
	&unit_image,
	&unit_image_meta,
	&unit_volume,
	&unit_account,
	&unit_key,
	&unit_hosts,
	&unit_hosts_slurm,
	&unit_hosts_torque,
	&unit_hostsfile,
	&unit_sshconf,
	&unit_trial_plan,
	&unit_sessionenv,
	&unit_record,
	&unit_plan,
};

static unsigned passed, failed;
static unsigned long checks;

uint32_t unit_random(uint64_t *state)
{
	/* xorshift64* */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 2685821657736338717u >> 32);
}

void unit_check(const char *file, unsigned line, bool good, const char *format, ...)
{
	char text[1024] = "";
	va_list args;

	checks++;
	if (!good) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
	}
	CU_assertImplementation(good, line, text, file, "", CU_FALSE);
}

void unit_check_string(const char *file, unsigned line, const char *got, const char *want)
{
	unit_check(file, line, got && strcmp(got, want) == 0, "got '%.400s', not '%.400s'",
		   got ? got : "(NULL)", want);
}

void unit_check_number(const char *file, unsigned line, const char *what, long long got,
		       long long want)
{
	unit_check(file, line, got == want, "%s is %lld, not %lld", what, got, want);
}

void unit_check_report(const char *file, unsigned line, struct shf_report *report, int rc,
		       int error, int fault, const char *text)
{
	unit_check_number(file, line, "the result", rc, -error);
	unit_check_number(file, line, "report.error", report->error, error);
	unit_check_number(file, line, "report.fault", report->fault, fault);
	unit_check_string(file, line, report->text, text);
	shf_report_clear(report);
}

/* The harness shows "not ok" lines with the comments below them. */
static void show_test(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	unsigned shown = 0;

	printf("%sok %u - %s: %s\n", failure ? "not " : "", passed + failed + 1, suite->pName,
	       test->pName);
	for (CU_pFailureRecord f = failure; f && shown < 20; f = f->pNext, shown++)
		printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
	if (failure)
		failed++;
	else
		passed++;
	fflush(stdout);
}

static bool is_wanted(int argc, char **argv, const char *suite, const char *test)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], suite) == 0 || strcmp(argv[i], test) == 0)
			return true;
	return argc < 2;
}

static unsigned register_suites(int argc, char **argv)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		CU_pSuite suite = CU_add_suite(suites[i]->name, NULL, NULL);

		if (!suite)
			return 0;
		for (const struct unit_test *test = suites[i]->tests; test->name; test++) {
			if (!is_wanted(argc, argv, suites[i]->name, test->name))
				continue;
			if (!CU_add_test(suite, test->name, test->run))
				return 0;
			n++;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned n;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "unit: cannot start CUnit: %s\n", CU_get_error_msg());
		return 2;
	}
	n = register_suites(argc, argv);
	if (!n) {
		fprintf(stderr, "unit: cannot find tests: %s\n",
			CU_get_error() ? CU_get_error_msg() : "none has such a name");
		CU_cleanup_registry();
		return 2;
	}
	CU_set_test_complete_handler(show_test);
	if (CU_run_all_tests() != CUE_SUCCESS)
		printf("# CUnit: %s\n", CU_get_error_msg());
	CU_cleanup_registry();
	/* a test that was not run has not passed */
	if (passed + failed < n) {
		printf("not ok - %u tests did not run\n", n - passed - failed);
		failed = n - passed;
	}
	printf("# %lu checks\n%u passed, %u failed, 0 skipped\n", checks, passed, failed);
	return failed ? 1 : 0;
}
