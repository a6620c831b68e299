/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mount_attributes.h"
#include "model/container_plan.h"
#include "model/flat_plan.h"
#include "model/home.h"
#include "unit.h"

#include <errno.h>
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

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* As it comes out in another process. */
static void flat(void)
{
	static const struct shf_step steps[] = {
		{ .kind = SHF_STEP_ISOLATE, .fault = 1 },
		{ .kind = SHF_STEP_CLONE_PATH,
		  .slot = 9,
		  .flags = SHF_STEP_RECURSIVE,
		  .attributes = 7,
		  .source = "/dev" },
		{ .kind = SHF_STEP_TMPFS, .mode = 01755, .options = "64m" },
		{ .kind = SHF_STEP_FILE,
		  .base = SHF_SLOT_SITE,
		  .path = "etc/x",
		  .mode = 0644,
		  .owner = 4294967294u,
		  .group = 100,
		  .bytes = "a\0b",
		  .length = 3 },
		{ .kind = SHF_STEP_FILE, .path = "empty", .bytes = "", .length = 0 },
		{ .kind = SHF_STEP_LINK, .path = "", .source = "" },
	};
	enum { N = sizeof(steps) / sizeof(*steps) };
	static const uint32_t groups[] = { 100, 4000000000u, 7 };
	struct shf_plan plan = { 0 };
	struct shf_text text = { 0 };
	const struct shf_flat_plan *flat;
	int slots[SHF_PLAN_SLOTS];

	memset(slots, 0xff, sizeof(slots));
	slots[SHF_SLOT_IMAGE] = 0;
	slots[SHF_SLOT_FREE + 1] = 70;
	/* the plan does not know of it: it is nobody's */
	slots[SHF_SLOT_FREE + 2] = 71;
	for (size_t i = 0; i < N; i++)
		shf_plan_add(&plan, &steps[i]);
	shf_plan_new_slot(&plan);
	shf_plan_new_slot(&plan);
	shf_flatten_plan(&plan, slots, 1000, 100, groups, 3, &text);
	CHECK(!text.failed);
	flat = (const struct shf_flat_plan *)(const void *)text.data;
	CHECK(flat && flat->size == text.length);
	if (!flat)
		return;
	CHECK_NUMBER(flat->n_steps, N);
	CHECK_NUMBER(flat->n_slots, SHF_SLOT_FREE + 2);
	CHECK_NUMBER(flat->n_given, 2);
	CHECK_NUMBER(shf_get_given_slots(flat)[0], SHF_SLOT_IMAGE);
	CHECK_NUMBER(shf_get_given_slots(flat)[1], SHF_SLOT_FREE + 1);
	CHECK_NUMBER(flat->reader_uid, 1000);
	CHECK_NUMBER(flat->reader_gid, 100);
	CHECK_NUMBER(flat->n_reader_groups, 3);
	CHECK(memcmp(shf_get_reader_groups(flat), groups, sizeof(groups)) == 0);
	for (uint32_t i = 0; i < N; i++) {
		const struct shf_step *in = &steps[i];
		const struct shf_step out = shf_get_flat_step(flat, i);

		CHECK(out.kind == in->kind && out.slot == in->slot && out.base == in->base);
		CHECK(out.flags == in->flags && out.attributes == in->attributes);
		CHECK(out.mode == in->mode && out.owner == in->owner && out.group == in->group);
		CHECK(is_same(out.path, in->path) && is_same(out.source, in->source));
		CHECK(is_same(out.options, in->options) && out.length == in->length);
		CHECK(!in->bytes == !out.bytes);
		CHECK(!in->length || memcmp(out.bytes, in->bytes, in->length) == 0);
	}
	shf_text_free(&text);
	/* nobody reads as a user, and nothing is given */
	memset(slots, 0xff, sizeof(slots));
	shf_flatten_plan(&plan, slots, 0, 0, NULL, 0, &text);
	flat = (const struct shf_flat_plan *)(const void *)text.data;
	CHECK(flat && flat->size == text.length && flat->n_given == 0);
	CHECK(flat && is_same(shf_get_flat_step(flat, N - 1).source, ""));
	shf_text_free(&text);
	shf_plan_free(&plan);
}

/* What the image's links and names can do to a step is not the node's fault; all else is. */
static void blames(void)
{
	static const struct {
		enum shf_step_kind kind;
		int fault, error, blamed;
	} cases[] = {
		{ SHF_STEP_LINK, SHIFTER_FAULT_NODE, ENOTDIR, SHIFTER_FAULT_JOB },
		{ SHF_STEP_DIRECTORY, SHIFTER_FAULT_NODE, ELOOP, SHIFTER_FAULT_JOB },
		{ SHF_STEP_MOUNT_POINT, SHIFTER_FAULT_NODE, ENAMETOOLONG, SHIFTER_FAULT_JOB },
		{ SHF_STEP_ATTACH, SHIFTER_FAULT_NODE, ENOENT, SHIFTER_FAULT_JOB },
		{ SHF_STEP_ATTACH, SHIFTER_FAULT_SITE, ENOENT, SHIFTER_FAULT_SITE },
		{ SHF_STEP_LINK, SHIFTER_FAULT_NODE, ENOSPC, SHIFTER_FAULT_NODE },
		{ SHF_STEP_DIRECTORY, SHIFTER_FAULT_NODE, EPERM, SHIFTER_FAULT_NODE },
		{ SHF_STEP_FILE, SHIFTER_FAULT_NODE, ENOENT, SHIFTER_FAULT_NODE },
		{ SHF_STEP_TMPFS, SHIFTER_FAULT_NODE, ENOENT, SHIFTER_FAULT_NODE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_plan struct shf_plan plan = { 0 };
		struct shf_report report = { 0 };

		shf_plan_add(&plan, &(struct shf_step){ .kind = cases[i].kind,
							.path = "a/b",
							.source = "s",
							.options = "64m",
							.fault = cases[i].fault });
		CHECK(shf_plan_explain(&plan, 0, cases[i].error, "", &report) == -cases[i].error);
		CHECK_NUMBER(report.fault, cases[i].blamed);
	}
}

static const struct unit_test tests[] = {
	{ "flat", flat },
	{ "order", order },
	{ "programs of udiImage", programs },
	{ "a writable root", writable },
	{ "homes", homes },
	{ "blames", blames },
	{ 0 },
};

const struct unit_suite unit_plan = { "plan", tests };
