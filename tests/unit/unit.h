/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unit.h - what the suites share
 *
 * A check that fails is recorded with its file, line and what was seen; the
 * test goes on.
 */
#ifndef SHF_TESTS_UNIT_H
#define SHF_TESTS_UNIT_H

#include "base/report.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* A file's tests; the last has no name. */
struct unit_suite {
	const char *name;
	const struct unit_test *tests;
};

/* Numbers that are the same in each run; state is not 0. */
uint32_t unit_random(uint64_t *state);

void unit_check(const char *file, unsigned line, bool good, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void unit_check_string(const char *file, unsigned line, const char *got, const char *want);
void unit_check_number(const char *file, unsigned line, const char *what, long long got,
		       long long want);

/* Did it fail with this errno value, fault and sentence?  The report is cleared. */
void unit_check_report(const char *file, unsigned line, struct shf_report *report, int rc,
		       int error, int fault, const char *text);

#define CHECK(condition) unit_check(__FILE__, __LINE__, condition, "%s", #condition)
#define CHECK_CASE(condition, name) \
	unit_check(__FILE__, __LINE__, condition, "%s, with '%s'", #condition, name)
#define CHECK_STRING(got, want) unit_check_string(__FILE__, __LINE__, got, want)
#define CHECK_NUMBER(got, want) unit_check_number(__FILE__, __LINE__, #got, got, want)
#define CHECK_REPORT(report, rc, error, fault, text) \
	unit_check_report(__FILE__, __LINE__, report, rc, error, fault, text)

/* The text as a string that is never NULL. */
#define TEXT(text) ((text).data ? (text).data : "")

extern const struct unit_suite unit_text, unit_parse, unit_port, unit_path, unit_config,
	unit_environ, unit_caller, unit_original, unit_image, unit_image_meta, unit_volume,
	unit_account, unit_key, unit_hosts, unit_hosts_slurm, unit_hosts_torque, unit_hostsfile,
	unit_sshconf, unit_trial_plan, unit_sessionenv, unit_record, unit_plan;

#endif
