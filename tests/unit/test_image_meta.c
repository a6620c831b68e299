/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image_meta.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shf_report report;

static int parse(const char *text, struct shf_image_meta *out)
{
	return shf_image_meta_parse("/i/x.meta", text, strlen(text), out, &report);
}

/* Is it these n bytes, NULs among them? */
static bool is_text(const struct shf_text *text, const char *bytes, size_t n)
{
	return text->length == n && (n == 0 || memcmp(text->data, bytes, n) == 0);
}

#define IS(text, literal) is_text(&(text), literal, sizeof(literal) - 1)

static void whole(void)
{
	cleanup_image_meta struct shf_image_meta meta = { 0 };
	const uint32_t groups[] = { 7, 8 };

	CHECK_NUMBER(parse("FORMAT: squashfs\nENTRY: /bin/tool\nCMD: ['-h']\nWORKDIR: /srv\n"
			   "USERACL: 1000, 1001\nGROUPACL: 8\nENV: A=b\nENV: B=c: d\r\n"
			   "ENV: C=\n\n# no\nUSER: joe\nENV: A=e",
			   &meta),
		     0);
	CHECK_STRING(meta.format, "squashfs");
	CHECK(IS(meta.env, "B=c: d\0C=\0A=e\0"));
	CHECK(IS(meta.entry, "/bin/tool\0"));
	CHECK(IS(meta.cmd, "-h\0"));
	CHECK(IS(meta.workdir, "/srv\0"));
	CHECK_NUMBER(meta.ignored, 0);
	CHECK(meta.has_acl);
	CHECK(shf_image_meta_admits(&meta, 1001, 1, NULL, 0));
	CHECK(shf_image_meta_admits(&meta, 2, 8, NULL, 0));
	CHECK(shf_image_meta_admits(&meta, 2, 2, groups, 2));
	CHECK(!shf_image_meta_admits(&meta, 2, 2, groups, 1));
	CHECK(!shf_image_meta_admits(&meta, 8, 1000, NULL, 0));
}

static void nothing(void)
{
	cleanup_image_meta struct shf_image_meta meta = { 0 };

	CHECK_NUMBER(parse("", &meta), 0);
	CHECK(shf_image_meta_admits(&meta, 1, 1, NULL, 0));
	CHECK_NUMBER(parse("USERACL: \nGROUPACL:\nENTRY:\nCMD: []\nWORKDIR:\n", &meta), 0);
	CHECK(!meta.has_acl);
	CHECK(shf_image_meta_admits(&meta, 1, 1, NULL, 0));
	CHECK_NUMBER(meta.entry.length + meta.cmd.length + meta.workdir.length, 0);
}

static void words(void)
{
	static const struct {
		const char *in, *out;
		size_t n;
	} cases[] = {
#define WORDS(in, out) { in, out, sizeof(out) - 1 }
		WORDS("['/bin/sh', '-c']", "/bin/sh\0-c\0"),
		WORDS("[u'/bin/sh',u'-c']", "/bin/sh\0-c\0"),
		WORDS("[\"/bin/sh\",\"a \\\"b\\\" ]\"]", "/bin/sh\0a \"b\" ]\0"),
		WORDS("[\"it's\", 'x\\'y', '']", "it's\0x'y\0\0"),
		WORDS("[ '\\x41\\n\\t\\\\' , \"\\u00e4\\ud83d\\ude00\\/\" ]",
		      "A\n\t\\\0\xc3\xa4\xf0\x9f\x98\x80/\0"),
		WORDS("/bin/a b", "/bin/a b\0"),
		WORDS("\"/bin/a\\tb\"", "/bin/a\tb\0"),
	};
	static const char *const bad[] = {
		"[",
		"['a'",
		"['a',]",
		"['a' 'b']",
		"['a']x",
		"[a]",
		"['a",
		"['\\x4']",
		"['\\x00']",
		"[\"\\ud83d\"]",
		"[\"\\ud83dx\"]",
		"['\\q']",
		"['a\\",
		"[[]]",
		"\"a\"b",
		"[,]",
		"[1]",
		"['\\U00110000']",
	};
	char line[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_image_meta struct shf_image_meta meta = { 0 };

		snprintf(line, sizeof(line), "ENTRY: %s\n", cases[i].in);
		CHECK_CASE(parse(line, &meta) == 0, cases[i].in);
		CHECK_CASE(is_text(&meta.entry, cases[i].out, cases[i].n), cases[i].in);
		shf_report_clear(&report);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cleanup_image_meta struct shf_image_meta meta = { 0 };

		snprintf(line, sizeof(line), "\nENTRY: %s\n", bad[i]);
		CHECK_CASE(parse(line, &meta) == -EINVAL, bad[i]);
		CHECK_CASE(report.fault == SHIFTER_FAULT_JOB, bad[i]);
		CHECK_CASE(meta.entry.data == NULL, bad[i]);
		CHECK_STRING(report.text, "cannot use the metadata '/i/x.meta' of the image: line "
					  "2: ENTRY is no list of strings");
		shf_report_clear(&report);
	}
}

static void values(void)
{
	cleanup_image_meta struct shf_image_meta meta = { 0 };

	CHECK_NUMBER(parse("ENV: \"A= 1\\n2 \"\nENV: B=\"quoted\"\nWORKDIR: srv/x\n", &meta), 0);
	CHECK(IS(meta.env, "A= 1\n2 \0B=\"quoted\"\0"));
	CHECK(IS(meta.workdir, "/srv/x\0"));
	shf_image_meta_free(&meta);
	/* a prefix of a name is another name */
	CHECK_NUMBER(parse("ENV: AB=1\nENV: A=2\nENV: AB=3\n", &meta), 0);
	CHECK(IS(meta.env, "A=2\0AB=3\0"));
	shf_image_meta_free(&meta);
	/* what cannot be kept is at least named */
	CHECK_NUMBER(parse("ENV: A=1\nrest of A\nENV: B\n", &meta), 0);
	CHECK_NUMBER(meta.ignored, 2);
	shf_image_meta_free(&meta);
	CHECK_NUMBER(parse("ENV: A=1\nENV: =2\n", &meta), 0);
	CHECK_NUMBER(meta.ignored, 2);
}

static void refused(void)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "USERACL: 1000,x\n", "not a list of at most 1024 numbers, separated by commas" },
		{ "USERACL: ,\n", "not a list of at most 1024 numbers, separated by commas" },
		{ "GROUPACL: -1\n", "not a list of at most 1024 numbers, separated by commas" },
		{ "GROUPACL: 4294967295\n",
		  "not a list of at most 1024 numbers, separated by commas" },
		{ "USERACL: [1000]\n", "not a list of at most 1024 numbers, separated by commas" },
		{ "WORKDIR: \"a\"\n", "WORKDIR is no absolute path" },
		{ "WORKDIR: \"/a\n", "WORKDIR is no whole string" },
		{ "ENV: \"A=b\n", "ENV is no whole string" },
		{ "FORMAT: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		  "FORMAT is none of squashfs and VFS" },
	};
	struct shf_image_meta meta;
	size_t size = SHF_IMAGE_META_MAX + 1;
	char *large = calloc(1, size);
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			 "cannot use the metadata '/i/x.meta' of the image: line 1: %s",
			 cases[i].why);
		CHECK_REPORT(&report, parse(cases[i].in, &meta), EINVAL, SHIFTER_FAULT_JOB, text);
		CHECK(!meta.has_acl && !meta.uids && !meta.gids);
	}
	CHECK_REPORT(&report, shf_image_meta_parse("/x", "ENV: A=b\0c\n", 11, &meta, &report),
		     EINVAL, SHIFTER_FAULT_JOB,
		     "cannot use the metadata '/x' of the image: line 1: it is no text");
	CHECK_REPORT(&report, shf_image_meta_parse("/x", large, size, &meta, &report), EFBIG,
		     SHIFTER_FAULT_JOB,
		     "cannot use the metadata '/x' of the image: it is larger than 256 KiB");
	memset(large, '\n', size);
	for (size_t i = 0; i < 4097; i++)
		memcpy(large + i * 9, "ENV: a=b\n", 9);
	CHECK_REPORT(&report, shf_image_meta_parse("/x", large, 4097 * 9, &meta, &report), EINVAL,
		     SHIFTER_FAULT_JOB,
		     "cannot use the metadata '/x' of the image: line 4097: more than 4096 "
		     "variables");
	free(large);
}

static const struct unit_test tests[] = {
	{ "a whole file", whole },
	{ "nothing", nothing },
	{ "lists of words", words },
	{ "values", values },
	{ "refused", refused },
	{ 0 },
};

const struct unit_suite unit_image_meta = { "image_meta", tests };
