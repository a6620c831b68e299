/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/record.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct shf_report report;

static uint32_t groups[] = { 100, 4294967294u };
static char user[] = "alice", home[] = "/home/a\\b", shell[] = "/bin/sh", image[] = "local:/a\nb";
static char job_file[] = "/jobs/12.JB";

static const struct shf_record sample = {
	.version = 1,
	.id = "12.node",
	.generation = "0123456789abcdef0123456789abcdef",
	.boot_id = "01234567-89ab-cdef-0123-456789abcdef",
	.uid = 1000,
	.gid = 100,
	.n_groups = 2,
	.groups = groups,
	.user = user,
	.home = home,
	.shell = shell,
	.image = image,
	.job_file = job_file,
	.port = 1204,
	.keeper_pid = 2147483647,
	.keeper_start = UINT64_MAX,
	.created = 1700000000,
	.asked = 4200000000,
	.principal = "12.node.cluster",
	.serving = true,
};

static const char written[] = "shifter-record 1\n"
			      "id 12.node\n"
			      "generation 0123456789abcdef0123456789abcdef\n"
			      "boot_id 01234567-89ab-cdef-0123-456789abcdef\n"
			      "uid 1000\n"
			      "gid 100\n"
			      "groups 100,4294967294\n"
			      "user alice\n"
			      "home /home/a\\x5cb\n"
			      "shell /bin/sh\n"
			      "image local:/a\\x0ab\n"
			      "job_file /jobs/12.JB\n"
			      "port 1204\n"
			      "stage \n"
			      "keeper_pid 2147483647\n"
			      "keeper_start 18446744073709551615\n"
			      "usher_pid 0\n"
			      "usher_start 0\n"
			      "created 1700000000\n"
			      "asked 4200000000\n"
			      "principal 12.node.cluster\n"
			      "serving yes\n";

static void round_trip(void)
{
	cleanup_text struct shf_text text = { 0 };
	struct shf_record again;

	CHECK_NUMBER(shf_record_render(&sample, &text), 0);
	CHECK_STRING(TEXT(text), written);
	CHECK_NUMBER(shf_record_parse(written, sizeof(written) - 1, &again, &report), 0);
	CHECK_STRING(report.text, "");
	shf_report_clear(&report);
	CHECK_STRING(again.id, sample.id);
	CHECK_STRING(again.generation, sample.generation);
	CHECK_STRING(again.home, home);
	CHECK_STRING(again.image, image);
	CHECK(again.n_groups == 2 && memcmp(again.groups, groups, sizeof(groups)) == 0);
	CHECK(again.keeper_start == UINT64_MAX && again.keeper_pid == 2147483647);
	CHECK(again.serving && again.uid == 1000 && again.gid == 100 && again.port == 1204);
	shf_record_free(&again);
	CHECK(again.groups == NULL && again.user == NULL);
}

/* Replace the line called name, or all that follows the text, and see what is said. */
static void check_line(const char *name, const char *line)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text want = { 0 };
	struct shf_record out;
	const char *at = strstr(written, name), *end = at ? strchr(at, '\n') : NULL;

	CHECK_CASE(end != NULL, name);
	if (!end)
		return;
	shf_text_add_mem(&text, written, (size_t)(at - written));
	shf_text_add(&text, line);
	shf_text_add(&text, end + (*line ? 0 : 1));
	shf_text_addf(&want, "cannot read container record: %.*s is missing or malformed",
		      (int)strcspn(name, " "), name);
	CHECK_REPORT(&report, shf_record_parse(text.data, text.length, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE, want.data);
}

static void malformed_lines(void)
{
	static const struct {
		const char *name, *line;
	} cases[] = {
		{ "id 1", "" },
		{ "id 1", "id ../x" },
		{ "id 1", "id " },
		{ "id 1", "id" },
		{ "id 1", "ID 12" },
		{ "generation 0", "generation 0123456789ABCDEF0123456789ABCDEF" },
		{ "generation 0", "generation 01" },
		{ "boot_id 0", "boot_id x" },
		{ "uid 1", "uid 0" },
		{ "uid 1", "uid 4294967295" },
		{ "uid 1", "uid -1" },
		{ "uid 1", "uid 01000" },
		{ "uid 1", "uid 1000 " },
		{ "gid 1", "gid 0" },
		{ "groups 1", "groups 100,0" },
		{ "groups 1", "groups 100," },
		{ "groups 1", "groups ,100" },
		{ "user a", "user a:b" },
		{ "user a", "user " },
		{ "home /", "home /a\\b" },
		{ "home /", "home /a\\x41" },
		{ "home /", "home /a\\x00" },
		{ "home /", "home /a\\x5" },
		{ "home /", "home /a\tb" },
		{ "shell /", "shell " },
		{ "image l", "" },
		{ "port 1", "port 65536" },
		{ "stage ", "stage a/b" },
		{ "keeper_pid 2", "keeper_pid 2147483648" },
		{ "keeper_start 1", "keeper_start 18446744073709551616" },
		{ "usher_pid 0", "usher_pid -1" },
		{ "created 1", "" },
		{ "asked 4", "asked -1" },
		{ "principal 1", "principal a b" },
		{ "serving y", "serving maybe" },
		{ "serving y", "serving YES" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_line(cases[i].name, cases[i].line);
}

static void malformed_whole(void)
{
	static const char later[] = "shifter-record 2\nid 12\n";
	static const char nul[] = "shifter-record 1\n\0id 12\n";
	cleanup_text struct shf_text text = { 0 };
	struct shf_record out;

	CHECK_REPORT(&report, shf_record_parse(later, sizeof(later) - 1, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE,
		     "cannot read container record: it has version 2, this library knows "
		     "version 1");
	CHECK_REPORT(&report, shf_record_parse("x\n", 2, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE,
		     "cannot read container record: its first line is missing or malformed");
	CHECK_REPORT(&report, shf_record_parse(nul, sizeof(nul) - 1, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE,
		     "cannot read container record: its text is missing or malformed");
	CHECK_REPORT(&report, shf_record_parse(NULL, 0, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE,
		     "cannot read container record: its text is missing or malformed");
	shf_text_add(&text, written);
	shf_text_add(&text, "x");
	CHECK_REPORT(&report, shf_record_parse(text.data, text.length, &out, &report), EUCLEAN,
		     SHIFTER_FAULT_NODE,
		     "cannot read container record: its end is missing or malformed");
	for (size_t n = 0; n < sizeof(written) - 1; n++) {
		CHECK(shf_record_parse(written, n, &out, &report) == -EUCLEAN);
		shf_report_clear(&report);
	}
}

static void refuses_to_write(void)
{
	cleanup_text struct shf_text text = { 0 };
	struct shf_record bad = sample;

	bad.uid = 0;
	CHECK_NUMBER(shf_record_render(&bad, &text), -EINVAL);
	bad = sample;
	bad.home = NULL;
	CHECK_NUMBER(shf_record_render(&bad, &text), -EINVAL);
	bad = sample;
	bad.version = 2;
	CHECK_NUMBER(shf_record_render(&bad, &text), -EINVAL);
	bad = sample;
	bad.keeper_pid = -1;
	CHECK_NUMBER(shf_record_render(&bad, &text), -EINVAL);
	CHECK(text.length == 0);
}

static const struct unit_test tests[] = {
	{ "round trip", round_trip },
	{ "malformed lines", malformed_lines },
	{ "malformed as a whole", malformed_whole },
	{ "refuses to write", refuses_to_write },
	{ 0 },
};

const struct unit_suite unit_record = { "record", tests };
