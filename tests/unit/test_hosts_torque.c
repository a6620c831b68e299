/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_torque.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static void good_lists(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "n1/0", "n1/1 " },
		{ "n1/0-3+n2/0,2", "n1/4 n2/2 " },
		{ "n1/0+n1/1+n2/0+n1/2", "n1/3 n2/1 " },
		{ "n1/0-3+n2/0,2+n2/5", "n1/4 n2/3 " },
		{ "n1/5,1-3,7+n1/4", "n1/6 " },
		{ "N1/0+n1/1", "N1/2 " },
		{ "n1.site.org/0-65534", "n1.site.org/65535 " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shifter_hosts hosts = { .report = &report };
		cleanup_text struct shf_text out = { 0 };

		CHECK_CASE(shf_hosts_from_torque(&hosts, cases[i].in) == 0, cases[i].in);
		CHECK_STRING(report.text, "");
		shf_report_clear(&report);
		for (size_t j = 0; j < hosts.count; j++)
			shf_text_addf(&out, "%s/%u ", hosts.list[j].name, hosts.list[j].slots);
		CHECK_STRING(TEXT(out), cases[i].out);
		shf_hosts_free(&hosts);
	}
}

static void bad_lists(void)
{
#define HOST "each host must be 'NAME/INDICES'"
#define INDICES "indices must be numbers below 65535 and rising ranges, separated by commas"
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "", "it names no host" },
		{ "n1", HOST },
		{ "n1+n2/0", HOST },
		{ "/0", HOST },
		{ "n1/0+", HOST },
		{ "+n1/0", HOST },
		{ "n1/", INDICES },
		{ "n1/a", INDICES },
		{ "n1/0-", INDICES },
		{ "n1/3-1", INDICES },
		{ "n1/0,", INDICES },
		{ "n1/-1", INDICES },
		{ "n1/01", INDICES },
		{ "n1/65535", INDICES },
		{ "n1/99999999999", INDICES },
		{ "n1/0 ", INDICES },
		{ "n1/0/1", INDICES },
		{ "n1/0-65534,0", "a host has too many slots" },
		{ "n1/0,0", "slot 0 of host 'n1' comes twice" },
		{ "n1/0-3+n2/0+n1/3", "slot 3 of host 'n1' comes twice" },
		{ "n1/2+N1/1-2", "slot 2 of host 'n1' comes twice" },
	};
#undef HOST
#undef INDICES

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shifter_hosts hosts = { .report = &report };
		cleanup_text struct shf_text text = { 0 };

		shf_text_addf(&text, "cannot read exec_host '%s': %s", cases[i].in, cases[i].why);
		CHECK_REPORT(&report, shf_hosts_from_torque(&hosts, cases[i].in), EINVAL,
			     SHIFTER_FAULT_CALLER, text.data);
		shf_hosts_free(&hosts);
	}
}

static void bad_names(void)
{
	struct shifter_hosts hosts = { .report = &report };

	CHECK_NUMBER(shf_hosts_from_torque(&hosts, "n_1/0"), -EINVAL);
	CHECK(strncmp(report.text, "cannot add host 'n_1': ", 23) == 0);
	shf_report_clear(&report);
	CHECK_NUMBER(shf_hosts_from_torque(&hosts, NULL), -EINVAL);
	shf_report_clear(&report);
	shf_hosts_free(&hosts);
}

static const struct unit_test tests[] = {
	{ "good lists", good_lists },
	{ "bad lists", bad_lists },
	{ "bad names", bad_names },
	{ 0 },
};

const struct unit_suite unit_hosts_torque = { "hosts_torque", tests };
