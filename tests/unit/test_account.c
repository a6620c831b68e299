/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/account.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
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
	CHECK_REPORT(&report, shf_account_check(&account, 500, &report), error,
		     error == EPERM ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_CALLER, want.data);
}

static void ids(void)
{
	struct shf_account account = good;

	CHECK_NUMBER(shf_account_check(&good, 1000, &report), 0);
	check_ids(0, 100, 5, EPERM, "it would run as root");
	check_ids(1000, 0, 5, EPERM, "its group is root's");
	check_ids(UINT32_MAX, 100, 5, EINVAL, "uid 4294967295 is no id");
	check_ids(1000, UINT32_MAX, 5, EINVAL, "gid 4294967295 is no id");
	check_ids(499, 100, 5, EPERM, "uid 499 is below the site's minimumUid, 500");
	check_ids(1000, 100, 0, EPERM, "it is a member of root's group");
	check_ids(1000, 100, UINT32_MAX, EINVAL, "gid 4294967295 is no id");
	account.groups = &account.gid;
	account.n_groups = SHF_GROUPS_MAX + 1;
	CHECK_REPORT(&report, shf_account_check(&account, 1, &report), E2BIG, SHIFTER_FAULT_JOB,
		     "cannot make a container for user 'alice': 65537 groups are more than the "
		     "65536 that the kernel allows");
	account.groups = NULL;
	CHECK_NUMBER(shf_account_check(&account, 1, &report), -EINVAL);
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
		CHECK_CASE(shf_account_check(&account, 1, &report) == -EINVAL, users[i]);
		shf_report_clear(&report);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		account = good;
		account.home = paths[i];
		CHECK_CASE(shf_account_check(&account, 1, &report) == -EINVAL, paths[i]);
		CHECK_NUMBER(report.fault, SHIFTER_FAULT_JOB);
		CHECK_CASE(!shf_is_shell(paths[i]), paths[i]);
		shf_report_clear(&report);
	}
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	account = good;
	account.home = longer;
	CHECK_NUMBER(shf_account_check(&account, 1, &report), -EINVAL);
	CHECK(!shf_is_shell(longer));
	shf_report_clear(&report);
	CHECK(!shf_is_shell(NULL));
	CHECK(shf_is_shell("/bin/%s %n"));
	account = good;
	account.shell = NULL;
	account.home = "/home/\xff%s";
	CHECK_NUMBER(shf_account_check(&account, 1, &report), 0);
}

static const struct shf_node_accounts nothing;

static void files(void)
{
	static const uint32_t groups[] = { 200, 100, 5, 200, 65534 };
	struct shf_account account = good;
	cleanup_text struct shf_text passwd = { 0 };
	cleanup_text struct shf_text group = { 0 };
	cleanup_text struct shf_text taken = { 0 };
	cleanup_text struct shf_text few = { 0 };

	account.groups = groups;
	account.n_groups = 5;
	shf_render_passwd(&account, "/bin/bash", &nothing, &passwd);
	CHECK_STRING(TEXT(passwd), "root:x:0:0:root:/root:/bin/false\n"
				   "alice:x:1000:100::/home/alice:/bin/bash\n"
				   "nobody:x:65534:65534:nobody:/:/bin/false\n");
	shf_render_group(&account, 5, 16, &nothing, &group);
	CHECK_STRING(TEXT(group), "root:x:0:\ntty:x:5:alice\nalice:x:100:\ng200:x:200:alice\n"
				  "nogroup:x:65534:alice\n");
	shf_render_group(&account, 5, 2, &nothing, &few);
	CHECK_STRING(TEXT(few), "root:x:0:\ntty:x:5:alice\nalice:x:100:\ng200:x:200:alice\n"
				"nogroup:x:65534:\n");
	account.user = "g200";
	account.n_groups = 1;
	shf_render_group(&account, -1, 16, &nothing, &taken);
	CHECK_STRING(TEXT(taken), "root:x:0:\ng200:x:100:\ngid200:x:200:g200\nnogroup:x:65534:\n");
}

/* What a node's files make of the account's. */
static void check_node(const struct shf_account *account, const char *passwd, const char *group,
		       char *const *names, size_t n_names, const char *want_passwd,
		       const char *want_group, const char *want_warnings)
{
	cleanup_node_accounts struct shf_node_accounts node = { 0 };
	cleanup_text struct shf_text p = { 0 }, g = { 0 };
	cleanup_text struct shf_text warnings = { 0 };
	cleanup_text struct shf_text out = { 0 }, out2 = { 0 };

	shf_text_add(&p, passwd);
	shf_text_add(&g, group);
	CHECK_NUMBER(shf_pick_node_accounts(&p, &g, names, n_names, account, &node, &warnings), 0);
	shf_render_passwd(account, "/bin/sh", &node, &out);
	CHECK_STRING(TEXT(out), want_passwd);
	shf_render_group(account, 5, 16, &node, &out2);
	CHECK_STRING(TEXT(out2), want_group);
	CHECK_STRING(TEXT(warnings), want_warnings);
}

#define ROOT "root:x:0:0:root:/root:/bin/false\n"
#define ALICE "alice:x:1000:100::/home/alice:/bin/sh\n"
#define NOBODY "nobody:x:65534:65534:nobody:/:/bin/false\n"

static void node_names(void)
{
	static const uint32_t groups[] = { 5, 200, 300, 400, 500, 600, 700 };
	struct shf_account account = good;

	account.groups = groups;
	account.n_groups = 7;
	/* the first line of a gid and of a name counts; what is malformed is not there */
	check_node(&account, "",
		   "root:x:0:\ntty:x:5:\nusers:x:100:alice\nproj:x:200:bob,alice\nother:x:200:\n"
		   "proj:x:300:\nroot:x:400:\nbad name:x:500:\nbad:x:0600:\ng700:x:800:\n"
		   "short:x:700\nlong:x:700::\nctl\x01:x:700:\n+@nis:x:700:\nz:x:4294967295:\n",
		   NULL, 0, ROOT ALICE NOBODY,
		   "root:x:0:\ntty:x:5:alice\nusers:x:100:\nproj:x:200:alice\ng300:x:300:alice\n"
		   "g400:x:400:alice\ng500:x:500:alice\ng600:x:600:alice\ng700:x:700:alice\n"
		   "nogroup:x:65534:\n",
		   "");
	/* a group called as the user, but of another gid, leaves the user's group a number */
	account.n_groups = 2;
	check_node(&account, "", "alice:x:200:\n", NULL, 0, ROOT ALICE NOBODY,
		   "root:x:0:\ntty:x:5:alice\ng100:x:100:\nalice:x:200:alice\nnogroup:x:65534:\n",
		   "");
	/* and a file of one line without end, or of rubbish, is none */
	check_node(&account, "::::::\n\n:", "\xff\xfe:::", NULL, 0, ROOT ALICE NOBODY,
		   "root:x:0:\ntty:x:5:alice\nalice:x:100:\ng200:x:200:alice\nnogroup:x:65534:\n",
		   "");
}

static void imported_users(void)
{
	static char texts[][8] = { "sshd", "munge", "alice", "root", "none",
				   "bad", "ctl", "munge", "nobody", "odd" };
	char *names[10];
	static const uint32_t groups[] = { 200 };
	struct shf_account account = good;

	for (size_t i = 0; i < 10; i++)
		names[i] = texts[i];
	account.groups = groups;
	account.n_groups = 1;
	check_node(&account,
		   "root:x:0:0:root:/root:/bin/bash\nsshd:x:102:65534:%s%n:/run/sshd:/bin/false\n"
		   "munge:x:103:110:Munge,,,:/:nologin\nmunge:x:1:1::/:/x\n"
		   "alice:x:7:7:evil:/evil:/evil\nbad:x:104:1:home/../x:/a/../b:/bin/sh\n"
		   "ctl:x:105:1:a\x1b[0m:/:/bin/sh\nnobody:x:99:99::/:\nodd:x:108:8::/o\n",
		   "munge:x:110:\nlicence:x:300:munge,bob,sshd\nproj:x:200:munge\n"
		   "root:x:0:munge\nuninvolved:x:400:bob\n",
		   names, 10,
		   ROOT ALICE "sshd:x:102:65534:%s%n:/run/sshd:/bin/false\n"
			      "munge:x:103:110:Munge,,,:/:/bin/false\n"
			      "nobody:x:99:99::/:/bin/false\n",
		   "root:x:0:\ntty:x:5:\nalice:x:100:\nproj:x:200:alice,munge\nmunge:x:110:\n"
		   "licence:x:300:munge,sshd\nnogroup:x:65534:\n",
		   "user 'root' of usersToImport has a malformed line, or root's uid, in "
		   "'/etc/passwd'\n"
		   "user 'none' of usersToImport is not in '/etc/passwd'\n"
		   "user 'bad' of usersToImport has a malformed line, or root's uid, in "
		   "'/etc/passwd'\n"
		   "user 'ctl' of usersToImport has a malformed line, or root's uid, in "
		   "'/etc/passwd'\n"
		   "user 'odd' of usersToImport has a malformed line, or root's uid, in "
		   "'/etc/passwd'\n");
}

/* As many groups as there can be: in a time that is one. */
static void many_groups(void)
{
	enum { COUNT = SHF_GROUPS_MAX };
	cleanup_node_accounts struct shf_node_accounts node = { 0 };
	cleanup_text struct shf_text passwd = { 0 }, group = { 0 }, warnings = { 0 }, out = { 0 };
	uint32_t *groups = calloc(COUNT, sizeof(*groups));
	struct shf_account account = good;

	CHECK(groups != NULL);
	if (!groups)
		return;
	for (uint32_t i = 0; i < COUNT; i++) {
		groups[i] = COUNT - i;
		if (i % 2)
			shf_text_addf(&group, "named%u:x:%u:alice\n", i, i);
	}
	account.groups = groups;
	account.n_groups = COUNT;
	CHECK_NUMBER(shf_pick_node_accounts(&passwd, &group, NULL, 0, &account, &node, &warnings),
		     0);
	shf_render_group(&account, -1, UINT32_MAX, &node, &out);
	CHECK(strstr(TEXT(out), "\nnamed65535:x:65535:alice\n") != NULL);
	CHECK(strstr(TEXT(out), "\ng65536:x:65536:alice\n") != NULL);
	free(groups);
}

static const struct unit_test tests[] = {
	{ "ids", ids },
	{ "names and paths", names_and_paths },
	{ "files", files },
	{ "names of the node", node_names },
	{ "imported users", imported_users },
	{ "many groups", many_groups },
	{ 0 },
};

const struct unit_suite unit_account = { "account", tests };
