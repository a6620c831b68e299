/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image.h"
#include "model/image_format.h"

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
		{ "ubuntu", SHF_IMAGE_NAME, "ubuntu" },
		{ "ubuntu:22.04", SHF_IMAGE_DOCKER, "docker:ubuntu:22.04" },
		{ "group/name", SHF_IMAGE_DOCKER, "docker:group/name:latest" },
		{ "r.org:5000/n:1", SHF_IMAGE_DOCKER, "docker:r.org:5000/n:1" },
		{ "docker:a@sha256:0123456789abcdef0123456789abcdef", SHF_IMAGE_DOCKER,
		  "docker:a@sha256:0123456789abcdef0123456789abcdef" },
		{ "docker.io/library/ubuntu:1", SHF_IMAGE_DOCKER, "docker:ubuntu:1" },
		{ "docker:docker.io/docker.io/a", SHF_IMAGE_DOCKER, "docker:a:latest" },
		{ "localhost/mine", SHF_IMAGE_DOCKER, "docker:mine:latest" },
		{ "custom:mine:1", SHF_IMAGE_CUSTOM, "custom:mine:1" },
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
		"a/../b",
		"a:../b",
		"a:x/b",
		"a:65536/b",
		"./a",
		"../a:1",
		"a:b:c",
		"custom:",
		"custom:a/b",
		"a b",
		"docker:",
		"docker:/a",
		"docker:docker.io/",
		"docker:a/",
		"docker:a//b",
		"docker:a:",
		"docker:a:b:c",
		"docker:a:b/",
		"docker:../a:1",
		"docker:a@sha256:0",
		"docker:a:1@sha256:0123456789abcdef0123456789abcdef",
		"docker:a@0123456789abcdef0123456789abcdef",
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
	CHECK_NUMBER(shf_image_store_candidate(&ref, 2, out, sizeof(out)), 0);
	CHECK_STRING(out, "deb.ext4");
	CHECK_NUMBER(shf_image_store_candidate(&ref, 5, out, sizeof(out)), -ENOENT);
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, 12), -ENAMETOOLONG);
	ref.kind = SHF_IMAGE_LOCAL;
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), -ENOENT);
	ref.kind = SHF_IMAGE_DOCKER;
	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), -ENOENT);
}

static void named_by_file(void)
{
	struct shf_image_ref ref = { .kind = SHF_IMAGE_NAME, .text = "deb.squashfs" };
	char out[64];

	CHECK_NUMBER(shf_image_store_candidate(&ref, 0, out, sizeof(out)), 0);
	CHECK_STRING(out, "deb.squashfs");
	CHECK_NUMBER(shf_image_store_candidate(&ref, 1, out, sizeof(out)), -ENOENT);
}

static void tags(void)
{
	struct shf_image_ref ref = { .kind = SHF_IMAGE_DOCKER, .text = "r.org:50/a_b/n:1-2" };
	struct shf_image_ref out = { 0 };
	char name[SHF_IMAGE_TAG_FILE];

	CHECK_NUMBER(shf_image_tag_file(&ref, name), 0);
	CHECK_STRING(name, "docker%3Ar.org%3A50%2Fa_b%2Fn%3A1-2");
	memset(ref.text, '/', 100);
	ref.text[100] = '\0';
	CHECK_NUMBER(shf_image_tag_file(&ref, name), -ENAMETOOLONG);
	/* what a file can be called, to the byte */
	memset(ref.text, 'a', 246);
	ref.text[246] = '\0';
	CHECK_NUMBER(shf_image_tag_file(&ref, name), 0);
	CHECK_NUMBER(strlen(name), 255);
	strcat(ref.text, "a");
	CHECK_NUMBER(shf_image_tag_file(&ref, name), -ENAMETOOLONG);
	ref.kind = SHF_IMAGE_ID;
	CHECK_NUMBER(shf_image_tag_file(&ref, name), -EINVAL);

	CHECK_NUMBER(shf_image_parse_tag("id:abc\n", 7, &out), 0);
	CHECK_STRING(out.text, "abc");
	CHECK_NUMBER(out.kind, SHF_IMAGE_ID);
	CHECK_NUMBER(shf_image_parse_tag("id:abc", 6, &out), 0);
	CHECK_NUMBER(shf_image_parse_tag("", 0, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("\n", 1, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("abc\n", 4, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("/etc\n", 5, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("id:../a\n", 8, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("id:a\nid:b\n", 10, &out), -EINVAL);
	CHECK_NUMBER(shf_image_parse_tag("id:a\0b\n", 7, &out), -EINVAL);
}

static void metadata(void)
{
	char out[SHF_PATH_MAX], path[SHF_PATH_MAX];

	CHECK_NUMBER(shf_image_meta_path("/s/x.squashfs", out), 0);
	CHECK_STRING(out, "/s/x.meta");
	CHECK_NUMBER(shf_image_meta_path("/s/x.1", out), 0);
	CHECK_STRING(out, "/s/x.1.meta");
	CHECK_NUMBER(shf_image_meta_path("/s/.squashfs", out), 0);
	CHECK_STRING(out, "/s/.squashfs.meta");
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 5] = '\0';
	CHECK_NUMBER(shf_image_meta_path(path, out), -ENAMETOOLONG);
	path[sizeof(path) - 6] = '\0';
	CHECK_NUMBER(shf_image_meta_path(path, out), 0);
}

static void formats(void)
{
	static const struct {
		size_t at;
		const char *magic, *name;
	} cases[] = {
		{ 257, "ustar", "a tar archive" },
		{ 0, "\x1f\x8b", "a file compressed with gzip" },
		{ 1080, "\x53\xef", "an ext4 file system" },
		{ 1024, "\xe2\xe1\xf5\xe0", "an erofs file system" },
		{ 32, "SIF_MAGIC", "a SIF image of Singularity or Apptainer" },
		{ 0, "QFI\xfb", "a qcow2 disk" },
		{ 0, "hsqs", "a damaged squashfs file, or one of a version other than 4" },
		{ 5, "hsqs", NULL },
	};
	static const char none[SHF_IMAGE_VOLUME_LENGTH];
	unsigned char head[SHF_IMAGE_HEAD];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t end = cases[i].at + strlen(cases[i].magic);
		const char *name;

		memset(head, 0, sizeof(head));
		memcpy(head + cases[i].at, cases[i].magic, strlen(cases[i].magic));
		name = shf_name_image_format(head, sizeof(head), none);
		CHECK_STRING(name ? name : "none", cases[i].name ? cases[i].name : "none");
		/* one byte less is not it */
		CHECK_CASE(!shf_name_image_format(head, end - 1, none), cases[i].magic);
		CHECK(!shf_is_squashfs(head, sizeof(head)));
	}
	memset(head, 0, sizeof(head));
	CHECK_STRING(shf_name_image_format(head, sizeof(head), "CD001"),
		     "an ISO 9660 file system");
	memcpy(head, "hsqs", 4);
	head[28] = 4;
	CHECK(shf_is_squashfs(head, 96));
	CHECK(!shf_is_squashfs(head, 95));
	head[28] = 3;
	CHECK(!shf_is_squashfs(head, 96));
}

static void file_systems(void)
{
	CHECK_STRING(shf_name_unfit_file_system(0x6969), "NFS");
	CHECK_STRING(shf_name_unfit_file_system(0x0bd00bd0), "Lustre");
	CHECK_STRING(shf_name_unfit_file_system(0x47504653), "GPFS");
	/* a type of 32 bits whose highest is set, as a long of 64 has it */
	CHECK_STRING(shf_name_unfit_file_system(0xffffffffff534d42), "CIFS");
	/* ext4, xfs, tmpfs, overlay */
	CHECK(!shf_name_unfit_file_system(0xef53));
	CHECK(!shf_name_unfit_file_system(0x58465342));
	CHECK(!shf_name_unfit_file_system(0x01021994));
	CHECK(!shf_name_unfit_file_system(0x794c7630));
}

static const struct unit_test tests[] = {
	{ "references", references },
	{ "bad references", bad_references },
	{ "candidates", candidates },
	{ "named by file", named_by_file },
	{ "tags", tags },
	{ "place of metadata", metadata },
	{ "formats", formats },
	{ "file systems", file_systems },
	{ 0 },
};

const struct unit_suite unit_image = { "image", tests };
