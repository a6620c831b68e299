/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static void references(void)
{
	static const struct {
		const char *in;
		enum shf_image_kind kind;
		const char *out;
	} cases[] = {
		{ "/images/a", SHF_IMAGE_LOCAL, "local:/images/a" },
		{ "local:/images//a/./b/", SHF_IMAGE_LOCAL, "local:/images/a/b" },
		{ "id:abc", SHF_IMAGE_ID, "id:abc" },
		{ "docker:debian", SHF_IMAGE_DOCKER, "docker:debian:latest" },
		{ "docker:debian:12", SHF_IMAGE_DOCKER, "docker:debian:12" },
		{ "docker:r.org:5000/g/n", SHF_IMAGE_DOCKER, "docker:r.org:5000/g/n:latest" },
		{ "docker:r.org:5000/g/n:1", SHF_IMAGE_DOCKER, "docker:r.org:5000/g/n:1" },
		{ "debian-12.squashfs", SHF_IMAGE_NAME, "debian-12.squashfs" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_text struct shf_text out = { 0 };
		struct shf_image_ref ref = { 0 };

		CHECK_CASE(shf_image_parse(cases[i].in, &ref, &report) == 0, cases[i].in);
		CHECK_CASE(ref.kind == cases[i].kind, cases[i].in);
		shf_image_format(&ref, &out);
		CHECK_STRING(TEXT(out), cases[i].out);
		shf_report_clear(&report);
	}
}

static void bad_references(void)
{
	static const char *const cases[] = {
		"",
		"local:",
		"local:a",
		"local:../x",
		"/a/../b",
		"/",
		"local:/",
		"local://.//",
		"/a\nb",
		"id:",
		"id:.x",
		"id:a/b",
		"id:../x",
		".",
		"..",
		"-v",
		"a/b",
		"a:b",
		"a b",
		"docker:",
		"docker:/a",
		"docker:a/",
		"docker:a//b",
		"docker:a:",
		"docker:a:b:c",
		"docker:a:b/",
		"docker:../a:1",
		"docker:a@sha256:0",
		"docker:-a",
		"http://x/y",
		"a\n",
	};
	struct shf_image_ref ref = { .kind = SHF_IMAGE_ID, .text = "untouched" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_CASE(shf_image_parse(cases[i], &ref, &report) == -EINVAL, cases[i]);
		CHECK_CASE(report.fault == SHIFTER_FAULT_JOB, cases[i]);
		CHECK_CASE(strncmp(report.text, "cannot use image '", 18) == 0, cases[i]);
		CHECK_STRING(ref.text, "untouched");
		shf_report_clear(&report);
	}
	CHECK_REPORT(&report, shf_image_parse("local:/", &ref, &report), EINVAL, SHIFTER_FAULT_JOB,
		     "cannot use image 'local:/': the host's own root is no image");
	CHECK_REPORT(&report, shf_image_parse(NULL, &ref, &report), EINVAL, SHIFTER_FAULT_JOB,
		     "cannot use image '': it has no name");
}

static void candidates(void)
{
	struct shf_image_ref ref = { .kind = SHF_IMAGE_NAME, .text = "deb" };
	char out[64];

	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), 0);
	CHECK_STRING(out, "deb.squashfs");
	CHECK_NUMBER(shf_image_store_candidate(&ref, 1, out, sizeof(out)), 0);
	CHECK_STRING(out, "deb");
	CHECK_NUMBER(shf_image_store_candidate(&ref, 2, out, sizeof(out)), -ENOENT);
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, 12), -ENAMETOOLONG);
	ref.kind = SHF_IMAGE_LOCAL;
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), -ENOENT);
	ref.kind = SHF_IMAGE_DOCKER;
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), -ENOENT);
}

static const struct unit_test tests[] = {
	{ "references", references },
	{ "bad references", bad_references },
	{ "candidates", candidates },
	{ 0 },
};

const struct unit_suite unit_image = { "image", tests };
