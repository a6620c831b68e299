/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/original.h"

#include "model/config.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void table(void)
{
	for (const struct shf_original_key *key = shf_original_keys; key->name; key++) {
		bool is_taken =
			key->fate == SHF_ORIGINAL_SAME || key->fate == SHF_ORIGINAL_RENAMED;

		CHECK_CASE(key->doc && *key->doc && key->doc[strlen(key->doc) - 1] != '.',
			   key->name);
		CHECK_CASE(is_taken == (key->key != NULL), key->name);
		CHECK_CASE(!key->key || shf_config_find_key(key->key), key->name);
		CHECK_CASE((key->fate == SHF_ORIGINAL_SAME) ==
				   (key->key && strcmp(key->key, key->name) == 0),
			   key->name);
		CHECK_CASE(!key[1].name || strcmp(key->name, key[1].name) < 0, key->name);
	}
	CHECK_STRING(shf_original_find_key("module_mpich_siteEnv")->name, "module_*_siteEnv");
	CHECK(!shf_original_find_key("module__siteEnv"));
	CHECK(!shf_original_find_key("module_siteEnv"));
	CHECK(!shf_original_find_key("module_a_siteEnvs"));
	CHECK(!shf_original_find_key("") && !shf_original_find_key("system2"));
}

static void lines(void)
{
	static const struct {
		const char *text;
		int rc;
		unsigned number;
		const char *key, *value;
	} cases[] = {
		{ "", 0, 0, NULL, NULL },
		{ "# a=b\n\n \t\r\n", 0, 0, NULL, NULL },
		{ "a=b", 1, 1, "a", "b" },
		{ "\n # a = b=c \r\n", 1, 2, "# a", "b=c" },
		{ "a=", 1, 1, "a", "" },
		{ "=", 1, 1, "", "" },
		{ "a=b\\\nc", 1, 1, "a", "b c" },
		{ "a=b \\ \n#x\n c\\\n\nz", 1, 1, "a", "b  c" },
		{ "a=\\\n\\\n\\\nb", 1, 1, "a", "b" },
		{ "a=b\\", -EMSGSIZE, 1, NULL, NULL },
		{ "a=b\\\n", -EMSGSIZE, 1, NULL, NULL },
		{ "a\\\n=b", -EINVAL, 1, NULL, NULL },
		{ "a=b\\c", 1, 1, "a", "b\\c" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char buffer[64];
		struct shf_original_reader reader = { .at = buffer };
		struct shf_original_line line = { 0 };

		strcpy(buffer, cases[i].text);
		CHECK_NUMBER(shf_original_next(&reader, &line), cases[i].rc);
		CHECK_NUMBER(line.number, cases[i].number);
		if (cases[i].rc == 1) {
			CHECK_STRING(line.key, cases[i].key);
			CHECK_STRING(line.value, cases[i].value);
		}
	}
}

static void convert(const char *text, int errors, const char *want, const char *messages)
{
	struct shf_text conf cleanup_text = { 0 }, said cleanup_text = { 0 };
	const char *line;

	CHECK_NUMBER(shf_original_convert("f", text, &conf, &said), errors);
	line = strchr(TEXT(conf), '\n');
	CHECK_STRING(line ? line + 1 : "no line", want);
	CHECK_STRING(TEXT(said), messages);
}

static void conversions(void)
{
	convert("", 0,
		"siteFs = { \"/tmp:/tmp\", \"/var/tmp:/var/tmp\" }\nallowLocalImages = false\n",
		"");
	convert("allowLocalChroot=1\nimagePath=/i\nsiteFs=/a;/b:/c:ro", 0,
		"imagePath = \"/i\"\nsiteFs = { \"/tmp:/tmp\", \"/var/tmp:/var/tmp\", "
		"\"/a:/a\", \"/b:/c:ro\" }\nallowLocalImages = true\n",
		"f:1: note: allowLocalChroot is called allowLocalImages here: its default was 0, "
		"so a file without it becomes allowLocalImages = false\n");
	convert("allowLocalChroot=0\nsiteFs=/proc\ncpPath=/cp\nsiteEnv=\nx=y", 2,
		"siteFs = { \"/tmp:/tmp\", \"/var/tmp:/var/tmp\" }\nsiteEnv = { }\n"
		"allowLocalImages = false\n",
		"f:1: note: allowLocalChroot is called allowLocalImages here: its default was 0, "
		"so a file without it becomes allowLocalImages = false\n"
		"f:2: error: siteFs cannot mount at '/proc': '/proc' is reserved\n"
		"f:3: warning: cpPath is obsolete: no such program is run\n"
		"f:5: error: there is no key 'x' in the original Shifter\n");
}

static const struct unit_test tests[] = {
	{ "table", table },
	{ "lines", lines },
	{ "conversions", conversions },
	{ 0 },
};

const struct unit_suite unit_original = { "original", tests };
