/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mount_attributes.h"
#include "model/container_plan.h"
#include "model/home.h"
#include "unit.h"

#include <string.h>

/* The first, or last, step of that kind whose path is so (NULL: whatever it is); or -1. */
static int find(const struct shf_plan *plan, enum shf_step_kind kind, const char *path, bool last)
{
	int found = -1;

	for (size_t i = 0; i < plan->count && (last || found < 0); i++)
		if (plan->steps[i].kind == kind &&
		    (!path || (plan->steps[i].path && strcmp(plan->steps[i].path, path) == 0)))
			found = (int)i;
	return found;
}

static void order(void)
{
	static const char *const texts[] = { "/data:/mnt/x:ro", "/a:/b", NULL };
	static const struct shf_account account = { "u", "/home/u", "/bin/sh", 1000, 100, NULL,
						    0 };
	static const struct shf_place site[] = { { "/home", NULL, 0 },
						 { "/tmp", NULL, 0 },
						 { "/var/tmp", NULL, 0 } };
	static const struct shf_place places[] = { { "/mnt/x", NULL, 0 }, { "/b", NULL, 0 } };
	static const struct shf_node_accounts node;
	struct shf_config cfg;
	struct shf_mounts volumes = { 0 };
	struct shf_plan plan = { 0 };
	struct shf_container_facts facts = {
		.config = &cfg,
		.account = &account,
		.node = &node,
		.shell = "/bin/sh",
		.tty_gid = 5,
		.resolv_conf = "",
		.stage_path = "/stage",
		.has_udi = true,
		.var = { "/var", NULL, 0 },
		.udi = { "/opt/udiImage", NULL, 0 },
		.site_places = site,
		.volumes = &volumes,
		.volume_places = places,
		.first_volume_slot = SHF_SLOT_FREE,
	};
	int overlay, isolate, udi, whole;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_NUMBER(shf_volumes_parse(texts, &cfg, &volumes, NULL), 0);
	CHECK_NUMBER(shf_plan_container(&facts, &plan), 0);
	isolate = find(&plan, SHF_STEP_ISOLATE, NULL, false);
	overlay = find(&plan, SHF_STEP_OVERLAY, NULL, false);
	udi = find(&plan, SHF_STEP_ATTACH, "opt/udiImage", false);
	whole = (int)plan.count;
	CHECK(isolate >= 0 && isolate < find(&plan, SHF_STEP_PLACE, NULL, false));
	CHECK(isolate < find(&plan, SHF_STEP_ATTACH, NULL, false));
	/* the host's mounts are gone from sight afterwards */
	CHECK(find(&plan, SHF_STEP_CLONE_PATH, NULL, true) < isolate);
	CHECK(find(&plan, SHF_STEP_CLONE_FD, NULL, true) < isolate);
	CHECK(overlay > find(&plan, SHF_STEP_MOUNT_POINT, NULL, true));
	CHECK(find(&plan, SHF_STEP_ENTER, NULL, false) == whole - 1);
	CHECK(udi == whole - 2 && udi == find(&plan, SHF_STEP_ATTACH, NULL, true));
	for (int i = 0; i < whole; i++) {
		const struct shf_step *s = &plan.steps[i];

		if (s->kind == SHF_STEP_ATTACH && strcmp(s->path, "image") != 0)
			CHECK_CASE(i > overlay, s->path);
		if (s->kind == SHF_STEP_CLONE_PATH || s->kind == SHF_STEP_CLONE_FD)
			CHECK_CASE(s->attributes & SHF_ATTR_NOSUID, s->source);
		if ((s->kind == SHF_STEP_CLONE_PATH || s->kind == SHF_STEP_CLONE_FD) &&
		    strcmp(s->source, "/dev") != 0)
			CHECK_CASE(s->attributes & SHF_ATTR_NODEV, s->source);
		if (s->kind == SHF_STEP_CLONE_FD && strcmp(s->source, "/data") == 0)
			CHECK(s->attributes & SHF_ATTR_RDONLY);
	}
	shf_plan_free(&plan);
	shf_mounts_free(&volumes);
	shf_config_free(&cfg);
}

/* udiImage's programs over the image's own: each by a clone, after all else. */
static void programs(void)
{
	static const struct {
		const char *path, *udi_path;
	} cases[] = {
		{ "/usr/bin/ssh", "bin/ssh" },
		{ "/usr/bin/slogin", "bin/ssh" },
		{ "/nix/store/x/bin/ssh-keygen", "bin/ssh-keygen" },
		{ "/etc/passwd", NULL },
		{ "/bin/busybox", NULL },
		{ "/usr/bin/ssh/x", NULL },
		{ "/usr/bin/xssh", NULL },
		{ "/usr/bin/", NULL },
	};
	static const struct shf_ssh_program own[] = { { "/usr/bin/ssh", "bin/ssh" },
						      { "/opt/x/scp", "bin/scp" } };
	static const struct shf_account account = { "u", "/home/u", "/bin/sh", 1000, 100, NULL,
						    0 };
	static const struct shf_place site[] = { { "/home", NULL, 0 },
						 { "/tmp", NULL, 0 },
						 { "/var/tmp", NULL, 0 } };
	static const struct shf_node_accounts node;
	static const struct shf_mounts volumes;
	struct shf_config cfg;
	struct shf_plan plan = { 0 };
	struct shf_container_facts facts = {
		.config = &cfg,
		.account = &account,
		.node = &node,
		.shell = "/bin/sh",
		.resolv_conf = "",
		.stage_path = "/stage",
		.has_udi = true,
		.var = { "/var", NULL, 0 },
		.udi = { "/opt/udiImage", NULL, 0 },
		.site_places = site,
		.volumes = &volumes,
		.programs = own,
		.n_programs = 2,
		.first_volume_slot = SHF_SLOT_FREE,
	};
	int clone, udi, last;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *found = shf_find_udi_program(cases[i].path);

		CHECK_CASE(found == cases[i].udi_path ||
				   (found && cases[i].udi_path &&
				    strcmp(found, cases[i].udi_path) == 0),
			   cases[i].path);
	}
	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_NUMBER(shf_plan_container(&facts, &plan), 0);
	udi = find(&plan, SHF_STEP_ATTACH, "opt/udiImage", false);
	last = find(&plan, SHF_STEP_ATTACH, NULL, true);
	CHECK(udi >= 0 && last == udi + 2);
	for (int i = 0; i < 2 && last == udi + 2; i++) {
		const struct shf_step *s = &plan.steps[udi + 1 + i];

		clone = find(&plan, SHF_STEP_CLONE_FD, own[i].udi_path, false);
		CHECK_STRING(s->path, own[i].path + 1);
		CHECK(s->flags & SHF_STEP_LENIENT);
		CHECK(clone >= 0 && plan.steps[clone].slot == s->slot);
		CHECK(clone >= 0 && plan.steps[clone].base == SHF_SLOT_UDI);
		CHECK(clone >= 0 && plan.steps[clone].attributes & SHF_ATTR_RDONLY);
	}
	shf_plan_free(&plan);
	shf_config_free(&cfg);
}

/* The layer that is written to is there only when it was asked for, in the bounded tmpfs. */
static void writable(void)
{
	static const struct shf_account account = { "u", "/home/u", "/bin/sh", 1000, 100, NULL,
						    0 };
	static const struct shf_place site[] = { { "/home", NULL, 0 },
						 { "/tmp", NULL, 0 },
						 { "/var/tmp", NULL, 0 } };
	static const struct shf_node_accounts node;
	static const struct shf_mounts volumes;
	struct shf_config cfg;
	struct shf_container_facts facts = {
		.config = &cfg,
		.account = &account,
		.node = &node,
		.shell = "/bin/sh",
		.resolv_conf = "",
		.stage_path = "/stage",
		.var = { "/var", NULL, 0 },
		.site_places = site,
		.volumes = &volumes,
		.first_volume_slot = SHF_SLOT_FREE,
	};

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	for (int i = 0; i < 4; i++) {
		struct shf_plan plan = { 0 };
		bool is_writable = i % 2, is_unprivileged = i / 2;
		int upper, overlay;

		facts.is_writable = is_writable;
		facts.is_unprivileged = is_unprivileged;
		CHECK_NUMBER(shf_plan_container(&facts, &plan), 0);
		upper = find(&plan, SHF_STEP_DIRECTORY, "upper", false);
		overlay = find(&plan, SHF_STEP_OVERLAY, NULL, false);
		CHECK((upper >= 0 && upper < overlay) == is_writable);
		CHECK((find(&plan, SHF_STEP_DIRECTORY, "work", false) >= 0) == is_writable);
		if (overlay >= 0)
			CHECK_NUMBER(plan.steps[overlay].flags,
				     (is_writable ? SHF_STEP_WRITABLE : 0U) |
					     (is_unprivileged ? SHF_STEP_UNPRIVILEGED : 0U));
		if (upper >= 0) {
			CHECK_NUMBER(plan.steps[upper].base, SHF_SLOT_STAGE);
			CHECK_NUMBER(plan.steps[upper].owner, 0);
			CHECK_NUMBER(plan.steps[upper].mode, 0755);
		}
		shf_plan_free(&plan);
	}
	shf_config_free(&cfg);
}

static void homes(void)
{
	static const uint16_t there[] = { 0755, 0700 }, missing[] = { 0755, 0 };
	static const struct shf_place site = { "/home", NULL, 0 }, volume = { "/x/y", NULL, 0 };
	const struct shf_place *const mounts[] = { &site, &volume };
	static const struct {
		struct shf_place place;
		bool wanted;
	} cases[] = {
		{ { "/users/alice", missing, 2 }, true },
		{ { "/users/alice", NULL, 0 }, true },
		{ { "/users/alice", there, 2 }, false },
		{ { "/home", missing, 1 }, false },
		{ { "/home/alice", missing, 2 }, false },
		{ { "/home2/alice", missing, 2 }, true },
		{ { "/x", missing, 1 }, false },
		{ { "/x", missing + 1, 1 }, true },
		{ { "/x/y/z", missing + 1, 1 }, false },
		{ { "/", missing + 1, 1 }, false },
		{ { "/etc/alice", missing, 2 }, false },
		{ { "/run/user/1", missing + 1, 1 }, false },
		{ { "/var", missing + 1, 1 }, false },
		{ { "/var/lib/alice", missing + 1, 1 }, true },
		{ { "/opt/udiImage", missing, 2 }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_CASE(shf_wants_home(&cases[i].place, mounts, 2) == cases[i].wanted,
			   cases[i].place.path);
}

static const struct unit_test tests[] = {
	{ "order", order },
	{ "programs of udiImage", programs },
	{ "a writable root", writable },
	{ "homes", homes },
	{ 0 },
};

const struct unit_suite unit_plan = { "plan", tests };
