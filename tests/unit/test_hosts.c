/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts.h"

#include "model/hosts_address.h"
#include "model/hosts_list.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct shf_report report;

static void adds_in_order(void)
{
	struct shifter_hosts hosts = { .report = &report };

	CHECK_NUMBER(shf_hosts_add(&hosts, "b", NULL, 2), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "a", "10.0.0.1", 3), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "B", "fe80::1", 4), 0);
	CHECK_NUMBER((long long)hosts.count, 2);
	CHECK_NUMBER((long long)hosts.total_slots, 9);
	CHECK_STRING(hosts.list[0].name, "b");
	CHECK_STRING(hosts.list[0].address, "fe80::1");
	CHECK_NUMBER(hosts.list[0].slots, 6);
	CHECK_STRING(hosts.list[1].address, "10.0.0.1");
	CHECK(shf_hosts_find(&hosts, "A") == &hosts.list[1]);
	CHECK(shf_hosts_find(&hosts, "aa") == NULL);
	CHECK(shf_hosts_find(&hosts, "") == NULL);
	shf_hosts_free(&hosts);
	CHECK(hosts.count == 0 && hosts.report == &report);
	CHECK(shf_hosts_find(&hosts, "a") == NULL);
}

static void refuses_names(void)
{
	static const char *const names[] = { "", "-a", "a-", "a.", "a b", "a/1", "a,b",
					     "a_b", "a\n", "[1]", "a*", "!a", "a;true", "$a",
					     "::1", ".", "a\"b", "a\\b", "%h", "a\xc3\xa4" };
	struct shifter_hosts hosts = { .report = &report };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		CHECK_CASE(shf_hosts_add(&hosts, names[i], NULL, 1) == -EINVAL, names[i]);
		shf_report_clear(&report);
	}
	CHECK_REPORT(&report, shf_hosts_add(&hosts, "a_b", NULL, 1), EINVAL, SHIFTER_FAULT_CALLER,
		     "cannot add host 'a_b': a host name has 1 to 253 letters, digits, '.' "
		     "and '-', "
		     "the first and last a letter or digit");
	CHECK_REPORT(&report, shf_hosts_add(&hosts, NULL, NULL, 1), EINVAL, SHIFTER_FAULT_CALLER,
		     "cannot add a host: it has no name");
	CHECK_NUMBER((long long)hosts.count, 0);
	shf_hosts_free(&hosts);
}

static void refuses_addresses(void)
{
	static const char *const addresses[] = { "", "10.0.0", "10.0.0.256", "localhost",
						 "10.0.0.1 ", "10.0.0.01", "0x7f.1",
						 "fe80::1%eth0",
						 ":::", "10.0.0.1\n", "[::1]", "10.0.0.1/8" };
	struct shifter_hosts hosts = { .report = &report };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		CHECK_CASE(shf_hosts_add(&hosts, "a", addresses[i], 1) == -EINVAL, addresses[i]);
		shf_report_clear(&report);
	}
	CHECK_NUMBER((long long)hosts.count, 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "a", "fe80::1", 1), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "a", "fe80:0::1", 1), 0);
	CHECK_REPORT(&report, shf_hosts_add(&hosts, "a", "fe80::2", 1), EINVAL,
		     SHIFTER_FAULT_CALLER,
		     "cannot add host 'a': address 'fe80::2' contradicts the earlier 'fe80::1'");
	CHECK_STRING(hosts.list[0].address, "fe80::1");
	CHECK_NUMBER((long long)hosts.total_slots, 2);
	shf_hosts_free(&hosts);
}

static void refuses_slots(void)
{
	struct shifter_hosts hosts = { .report = &report };

	CHECK_REPORT(&report, shf_hosts_add(&hosts, "a", NULL, 0), EINVAL, SHIFTER_FAULT_CALLER,
		     "cannot add host 'a': 0 slots are not in 1 to 65535");
	CHECK_REPORT(&report, shf_hosts_add(&hosts, "a", NULL, 65536), EINVAL,
		     SHIFTER_FAULT_CALLER,
		     "cannot add host 'a': 65536 slots are not in 1 to 65535");
	CHECK_NUMBER(shf_hosts_add(&hosts, "a", NULL, 65535), 0);
	CHECK_REPORT(&report, shf_hosts_add(&hosts, "a", NULL, 1), EINVAL, SHIFTER_FAULT_CALLER,
		     "cannot add host 'a': 65536 slots in all are more than 65535");
	CHECK_NUMBER((long long)hosts.total_slots, 65535);
	shf_hosts_free(&hosts);
}

static void total_is_bounded(void)
{
	struct shifter_hosts hosts = { .report = &report };
	char name[32];
	int rc = 0;

	for (int i = 0; i < 300 && !rc; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		rc = shf_hosts_add(&hosts, name, NULL, 65535);
	}
	CHECK_REPORT(&report, rc, E2BIG, SHIFTER_FAULT_CALLER,
		     "cannot add host 'n244': the hosts have more than 16000000 slots in all");
	CHECK_NUMBER((long long)hosts.count, 244);
	shf_hosts_free(&hosts);
}

static void many_are_found_again(void)
{
	struct shifter_hosts hosts = { .report = &report };
	char name[32];
	unsigned wrong = 0;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20000; i++) {
			snprintf(name, sizeof(name), round ? "NID%05d" : "nid%05d", i);
			wrong += shf_hosts_add(&hosts, name, NULL, 1) != 0;
		}
	CHECK_NUMBER((long long)hosts.count, 20000);
	CHECK_NUMBER((long long)hosts.total_slots, 40000);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "Nid%05d", i);
		wrong += shf_hosts_find(&hosts, name) != &hosts.list[i];
		wrong += hosts.list[i].slots != 2;
	}
	CHECK_NUMBER(wrong, 0);
	shf_hosts_free(&hosts);
}

static void short_names(void)
{
	static const char *const names[] = { "n1.a.org", "n2.a.org", "N2.b.org", "n3.a.org", "N3",
					     "10.0.0.1", "plain", "x-.site.org" };
	struct shifter_hosts hosts = { .report = &report }, shorts = { 0 };

	CHECK_NUMBER(shf_hosts_short_names(&hosts, &shorts), 0);
	CHECK_NUMBER((long long)shorts.count, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK_NUMBER(shf_hosts_add(&hosts, names[i], NULL, 1), 0);
	CHECK_NUMBER(shf_hosts_short_names(&hosts, &shorts), 0);
	CHECK_NUMBER((long long)shorts.count, 1);
	if (shorts.count == 1) {
		CHECK_STRING(shorts.list[0].name, "n1");
		CHECK_NUMBER(shorts.list[0].slots, 1);
	}
	shf_hosts_free(&shorts);
	shf_hosts_free(&hosts);
}

/* "name=address/slots " of each host, "=address" where it is known */
static void show(const struct shifter_hosts *hosts, struct shf_text *out)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];

		shf_text_addf(out, "%s%s%s/%u ", host->name, host->address ? "=" : "",
			      host->address ? host->address : "", host->slots);
	}
}

static void lists(void)
{
	static const struct {
		const char *in, *out, *error;
	} cases[] = {
		{ "nid1/24 nid2/24", "nid1/24 nid2/24 ", NULL },
		{ "a", "a/1 ", NULL },
		{ " ,a,,b/2\n\tc\r\n", "a/1 b/2 c/1 ", NULL },
		{ "a/2 b a/3", "a/5 b/1 ", NULL },
		{ "a=10.0.0.1/2,b=fd00::1 c", "a=10.0.0.1/2 b=fd00::1/1 c/1 ", NULL },
		{ "a=10.0.0.1 a/3", "a=10.0.0.1/4 ", NULL },
		{ "a=", "",
		  "cannot add host 'a': address '' is not a numeric IPv4 or IPv6 address" },
		{ "a=b", "",
		  "cannot add host 'a': address 'b' is not a numeric IPv4 or IPv6 address" },
		{ "a=10.0.0.1 a=10.0.0.2", "a=10.0.0.1/1 ",
		  "cannot add host 'a': address '10.0.0.2' contradicts the earlier '10.0.0.1'" },
		{ "", "", "cannot read host list: it names no host" },
		{ " ,\n", "", "cannot read host list: it names no host" },
		{ "a/", "", "cannot read host 'a/': what follows '/' must be a number of "
			    "slots from 1 to 65535" },
		{ "a/0", "", "cannot read host 'a/0': what follows '/' must be a number of "
			     "slots from 1 to 65535" },
		{ "a/65536", "",
		  "cannot read host 'a/65536': what follows '/' must be a number of slots "
		  "from 1 to 65535" },
		{ "a/123456789", "",
		  "cannot read host 'a/123456789': what follows '/' must be a number of slots "
		  "from 1 to 65535" },
		{ "a/1/2", "",
		  "cannot read host 'a/1/2': what follows '/' must be a number of slots from "
		  "1 to 65535" },
		{ "a/-1", "", "cannot read host 'a/-1': what follows '/' must be a number of "
			      "slots from 1 to 65535" },
		{ "/4", "",
		  "cannot add host '': a host name has 1 to 253 letters, digits, '.' and '-', "
		  "the first and last a letter or digit" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shifter_hosts hosts = { .report = &report };
		cleanup_text struct shf_text out = { 0 };
		int rc = shf_hosts_from_list(&hosts, cases[i].in);

		show(&hosts, &out);
		CHECK_STRING(TEXT(out), cases[i].out);
		if (cases[i].error)
			CHECK_REPORT(&report, rc, EINVAL, SHIFTER_FAULT_CALLER, cases[i].error);
		else
			CHECK_NUMBER(rc, 0);
		shf_hosts_free(&hosts);
	}
}

static void nodefiles(void)
{
	static const char good[] = "n1\nn1\n\n  n2 \r\nn1\n\t\nn3";
	static const char nul[] = "n1\nn2\0x\n";
	struct shifter_hosts hosts = { .report = &report };
	cleanup_text struct shf_text out = { 0 };
	char longer[400];

	CHECK_NUMBER(shf_hosts_from_nodefile(&hosts, "f", good, sizeof(good) - 1), 0);
	show(&hosts, &out);
	CHECK_STRING(TEXT(out), "n1/3 n2/1 n3/1 ");
	CHECK_REPORT(&report, shf_hosts_from_nodefile(&hosts, "/a", "\n \n", 3), EINVAL,
		     SHIFTER_FAULT_CALLER, "cannot read '/a': it names no host");
	CHECK_REPORT(&report, shf_hosts_from_nodefile(&hosts, "/a", "n1\nn2 n3\n", 9), EINVAL,
		     SHIFTER_FAULT_CALLER, "cannot read '/a', line 2: 'n2 n3' is not one host "
					   "name");
	CHECK_REPORT(&report, shf_hosts_from_nodefile(&hosts, "/a", nul, sizeof(nul) - 1), EINVAL,
		     SHIFTER_FAULT_CALLER, "cannot read '/a', line 2: 'n2' is not one host name");
	memset(longer, 'x', sizeof(longer));
	CHECK_NUMBER(shf_hosts_from_nodefile(&hosts, "/a", longer, sizeof(longer)), -EINVAL);
	shf_report_clear(&report);
	shf_hosts_free(&hosts);
}

static void addresses(void)
{
	static const char file[] = "# the site's\n127.0.0.1 localhost\n10.0.0.1\tn1.site n1\n"
				   "10.0.0.9 n1\n  fd00::2 other n2 # n3\n10.0.0.4 N4\nx n3\n"
				   "10.0.0.5";
	struct shifter_hosts hosts = { .report = &report };
	cleanup_text struct shf_text out = { 0 };
	cleanup_text struct shf_text of_slurm = { 0 };

	/* nobody is there to have them */
	CHECK_NUMBER(shf_hosts_addresses_from_file(&hosts, file, sizeof(file) - 1), 0);
	CHECK_NUMBER(shf_hosts_addresses_from_slurm(&hosts, "n1:10.0.0.1:n1"), 0);
	CHECK_NUMBER(shf_hosts_from_list(&hosts, "n1 n2/2 n3 n4=10.9.9.9"), 0);
	CHECK_NUMBER(shf_hosts_addresses_from_file(&hosts, file, sizeof(file) - 1), 0);
	show(&hosts, &out);
	CHECK_STRING(TEXT(out), "n1=10.0.0.1/1 n2=fd00::2/2 n3/1 n4=10.9.9.9/1 ");
	shf_hosts_free(&hosts);

	CHECK_NUMBER(shf_hosts_from_list(&hosts, "c1 c2 c3 c4 c5"), 0);
	CHECK_NUMBER(shf_hosts_addresses_from_slurm(
			     &hosts, "c1:10.0.0.1:ip-1,other:10.0.0.9:x,c2:[fd00::2]:ip-2,"
				     "c3:cloud-3:cloud-3,c4:10.0.0.4,:10.0.0.5:,c5::,[,c5:["),
		     0);
	CHECK_NUMBER(shf_hosts_addresses_from_slurm(&hosts, "(null)"), 0);
	CHECK_NUMBER(shf_hosts_addresses_from_slurm(&hosts, NULL), 0);
	show(&hosts, &of_slurm);
	CHECK_STRING(TEXT(of_slurm), "c1=10.0.0.1/1 c2=fd00::2/1 c3/1 c4/1 c5/1 ");
	CHECK_STRING(report.text, "");
	shf_hosts_free(&hosts);
}

static const struct unit_test tests[] = {
	{ "adds in order", adds_in_order },
	{ "refuses names", refuses_names },
	{ "refuses addresses", refuses_addresses },
	{ "refuses slots", refuses_slots },
	{ "total is bounded", total_is_bounded },
	{ "many are found again", many_are_found_again },
	{ "short names", short_names },
	{ "lists", lists },
	{ "node files", nodefiles },
	{ "addresses", addresses },
	{ 0 },
};

const struct unit_suite unit_hosts = { "hosts", tests };
