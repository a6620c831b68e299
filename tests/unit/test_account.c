/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/account.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static const struct shf_account good = {
	.user = "alice", .home = "/home/alice", .shell = "/bin/sh", .uid = 1000, .gid = 100
};

static void check_ids(uint32_t uid, uint32_t gid, uint32_t group, int error, const char *why)
{
	struct shf_account account = good;
	cleanup_text struct shf_text want = { 0 };

	account.uid = uid;
	account.gid = gid;
	account.groups = &group;
	account.n_groups = 1;
	shf_text_addf(&want, "cannot make a container for user 'alice': %s", why);
	CHECK_REPORT(&report, shf_account_check(&account, 500, 16, &report), error,
		     error == EPERM ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_CALLER, want.data);
}

static void ids(void)
{
	uint32_t many[17] = { 1, 2 };
	struct shf_account account = good;

	CHECK_NUMBER(shf_account_check(&good, 1000, 16, &report), 0);
	check_ids(0, 100, 5, EPERM, "it would run as root");
	check_ids(1000, 0, 5, EPERM, "its group is root's");
	check_ids(UINT32_MAX, 100, 5, EINVAL, "uid 4294967295 is no id");
	check_ids(1000, UINT32_MAX, 5, EINVAL, "gid 4294967295 is no id");
	check_ids(499, 100, 5, EPERM, "uid 499 is below the site's minimumUid, 500");
	check_ids(1000, 100, 0, EPERM, "it is a member of root's group");
	check_ids(1000, 100, UINT32_MAX, EINVAL, "gid 4294967295 is no id");
	account.groups = many;
	account.n_groups = 17;
	CHECK_REPORT(&report, shf_account_check(&account, 1, 16, &report), EPERM,
		     SHIFTER_FAULT_JOB,
		     "cannot make a container for user 'alice': 17 groups are more than the "
		     "site's "
		     "maxGroupCount, 16");
	account.groups = NULL;
	CHECK_NUMBER(shf_account_check(&account, 1, 17, &report), -EINVAL);
	shf_report_clear(&report);
}

static void names_and_paths(void)
{
	static const char *const users[] = { "", "root", "a:b", "a\nb", "-a", "a b", "a/b" };
	static const char *const paths[] = { "", "home", "/a:b", "/a\nb", "/a/../b" };
	struct shf_account account = good;
	char longer[SHF_ACCOUNT_PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		account.user = users[i];
		CHECK_CASE(shf_account_check(&account, 1, 16, &report) == -EINVAL, users[i]);
		shf_report_clear(&report);
	}
	for (size_t i = 0; i < 2 * sizeof(paths) / sizeof(*paths); i++) {
		account = good;
		*(i % 2 ? &account.home : &account.shell) = paths[i / 2];
		CHECK_CASE(shf_account_check(&account, 1, 16, &report) == -EINVAL, paths[i / 2]);
		shf_report_clear(&report);
	}
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	account = good;
	account.home = longer;
	CHECK_NUMBER(shf_account_check(&account, 1, 16, &report), -EINVAL);
	shf_report_clear(&report);
	account = good;
	account.shell = NULL;
	CHECK_NUMBER(shf_account_check(&account, 1, 16, &report), 0);
}

static void files(void)
{
	static const uint32_t groups[] = { 200, 100, 5, 200, 65534 };
	struct shf_account account = good;
	cleanup_text struct shf_text passwd = { 0 };
	cleanup_text struct shf_text group = { 0 };
	cleanup_text struct shf_text taken = { 0 };

	account.groups = groups;
	account.n_groups = 5;
	shf_render_passwd(&account, "/bin/bash", &passwd);
	CHECK_STRING(TEXT(passwd), "root:x:0:0:root:/root:/bin/false\n"
				   "alice:x:1000:100::/home/alice:/bin/bash\n"
				   "nobody:x:65534:65534:nobody:/:/bin/false\n");
	shf_render_group(&account, 5, &group);
	CHECK_STRING(TEXT(group), "root:x:0:\ntty:x:5:alice\nalice:x:100:\ng200:x:200:alice\n"
				  "nogroup:x:65534:alice\n");
	account.user = "g200";
	account.n_groups = 1;
	shf_render_group(&account, -1, &taken);
	CHECK_STRING(TEXT(taken), "root:x:0:\ng200:x:100:\ngid200:x:200:g200\nnogroup:x:65534:\n");
}

static const struct unit_test tests[] = {
	{ "ids", ids },
	{ "names and paths", names_and_paths },
	{ "files", files },
	{ 0 },
};

const struct unit_suite unit_account = { "account", tests };
