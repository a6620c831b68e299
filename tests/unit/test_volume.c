/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/volume.h"

#include "model/config.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static void good_volumes(void)
{
	static const char *const volumes[] = { "/a:/data", "//b/./c/:/mnt//x:ro", "/d:/opt/d:rw",
					       "/e:/usr/local", NULL };
	struct shf_mounts mounts = { 0 };
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_NUMBER(shf_volumes_parse(volumes, &cfg, &mounts, &report), 0);
	CHECK_STRING(report.text, "");
	CHECK_NUMBER((long long)mounts.count, 4);
	if (mounts.count == 4) {
		CHECK_STRING(mounts.list[1].source, "/b/c");
		CHECK_STRING(mounts.list[1].target, "/mnt/x");
		CHECK_NUMBER(mounts.list[0].flags, 0);
		CHECK_NUMBER(mounts.list[1].flags, SHF_MOUNT_RDONLY);
		CHECK_NUMBER(mounts.list[2].flags, 0);
	}
	shf_mounts_free(&mounts);
	CHECK_NUMBER(shf_volumes_parse(NULL, &cfg, &mounts, &report), 0);
	CHECK_NUMBER((long long)mounts.count, 0);
	shf_config_free(&cfg);
}

static void bad_volumes(void)
{
#define FORM "it must be 'SOURCE:TARGET' or 'SOURCE:TARGET:ro'"
#define PATH(which)                                                                    \
	"its " which " must be an absolute path without '..' and control characters, " \
	"of at most 4095 bytes"
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "", FORM },
		{ "/a", FORM },
		{ ":", PATH("source") },
		{ "a:/b", PATH("source") },
		{ ":/b", PATH("source") },
		{ "/../a:/b", PATH("source") },
		{ "/a:", PATH("target") },
		{ "/a:b", PATH("target") },
		{ "/a:/b/../etc", PATH("target") },
		{ "/a:/b:", "'' is no flag, it must be 'ro' or 'rw'" },
		{ "/a:/b:RO", "'RO' is no flag, it must be 'ro' or 'rw'" },
		{ "/a:/b:suid", "'suid' is no flag, it must be 'ro' or 'rw'" },
		{ "/a:/b:ro:rw", "'ro:rw' is no flag, it must be 'ro' or 'rw'" },
		{ "/a:/b:ro,dev", "'ro,dev' is no flag, it must be 'ro' or 'rw'" },
	};
#undef FORM
#undef PATH

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_text struct shf_text want = { 0 };
		struct shf_mount mount;

		shf_text_addf(&want, "cannot read volume '%s': %s", cases[i].in, cases[i].why);
		CHECK_REPORT(&report,
			     shf_mount_parse(cases[i].in, "volume", SHIFTER_FAULT_JOB, &mount,
					     &report),
			     EINVAL, SHIFTER_FAULT_JOB, want.data);
	}
}

static void reserved_targets(void)
{
	static const char *const bad[] = {
		"/",
		"/var",
		"/opt",
		"/usr",
		"/bin",
		"/sbin",
		"/lib",
		"/lib64",
		"/etc",
		"/etc/passwd",
		"/proc",
		"/proc/self",
		"/sys/fs",
		"/dev/shm",
		"/run",
		"/run/shifter",
		"/opt/udiImage",
		"/opt/udiImage/bin",
		"/var/hostsfile",
		"/var/hostsfile/x",
		"/home",
		"/home/u",
		"/tmp",
		"/var/tmp/x",
		"/a/",
		"a",
		"/a//b",
		"/a/../etc",
		"",
	};
	static const char *const good[] = { "/etcetera", "/data", "/usr/local", "/opt/x",
					    "/opt/udiImages", "/var/lib", "/homes", "/runner",
					    "/var/hostsfile2" };
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_CASE(shf_target_check(bad[i], &cfg, &report) == -EACCES, bad[i]);
		CHECK_CASE(report.fault == SHIFTER_FAULT_JOB, bad[i]);
		shf_report_clear(&report);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		CHECK_CASE(shf_target_check(good[i], &cfg, &report) == 0, good[i]);
		shf_report_clear(&report);
	}
	CHECK_REPORT(&report, shf_target_check("/etc/x", &cfg, &report), EACCES, SHIFTER_FAULT_JOB,
		     "cannot mount a volume at '/etc/x': '/etc' is reserved");
	CHECK_REPORT(&report, shf_target_check("/home/u", &cfg, &report), EACCES,
		     SHIFTER_FAULT_JOB,
		     "cannot mount a volume at '/home/u': the site mounts '/home'");
	shf_config_free(&cfg);
}

static void lists(void)
{
	static const char *const inside[] = { "/a:/data", "/b:/data/x", NULL };
	static const char *const twice[] = { "/a:/data", "/b:/data/", NULL };
	static const char *const over[] = { "/a:/data", "/b:/etc", NULL };
	const char *many[SHF_VOLUME_MAX + 2];
	struct shf_mounts mounts = { 0 };
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_REPORT(&report, shf_volumes_parse(inside, &cfg, &mounts, &report), EINVAL,
		     SHIFTER_FAULT_JOB,
		     "cannot mount volumes at '/data' and '/data/x': one is inside the other");
	CHECK_REPORT(&report, shf_volumes_parse(twice, &cfg, &mounts, &report), EINVAL,
		     SHIFTER_FAULT_JOB,
		     "cannot mount '/a' and '/b' both at '/data'");
	CHECK_REPORT(&report, shf_volumes_parse(over, &cfg, &mounts, &report), EACCES,
		     SHIFTER_FAULT_JOB, "cannot mount a volume at '/etc': '/etc' is reserved");
	for (size_t i = 0; i <= SHF_VOLUME_MAX; i++)
		many[i] = "/a:/b";
	many[SHF_VOLUME_MAX + 1] = NULL;
	CHECK_REPORT(&report, shf_volumes_parse(many, &cfg, &mounts, &report), E2BIG,
		     SHIFTER_FAULT_JOB, "cannot mount volumes: there are more than 64");
	CHECK(mounts.list == NULL && mounts.count == 0);
	CHECK(shf_targets_overlap("/a", "/a/b") && shf_targets_overlap("/a/b", "/a") &&
	      !shf_targets_overlap("/a", "/ab"));
	shf_config_free(&cfg);
}

static const struct unit_test tests[] = {
	{ "good volumes", good_volumes },
	{ "bad volumes", bad_volumes },
	{ "reserved targets", reserved_targets },
	{ "lists", lists },
	{ 0 },
};

const struct unit_suite unit_volume = { "volume", tests };
