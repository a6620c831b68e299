/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/container_plan.h"

#include "base/mount_attributes.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	GUARDED = SHF_ATTR_NOSUID | SHF_ATTR_NODEV,
	SEALED = GUARDED | SHF_ATTR_RDONLY,
};

static void make_directory(struct shf_plan *plan, int base, const char *path, uint32_t mode,
			   uint32_t owner, uint32_t group)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_DIRECTORY,
					       .base = base,
					       .path = path,
					       .mode = mode,
					       .owner = owner,
					       .group = group,
					       .fault = SHIFTER_FAULT_NODE });
}

static void make_file(struct shf_plan *plan, const char *path, const char *bytes)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_FILE,
					       .base = SHF_SLOT_SITE,
					       .path = path,
					       .mode = 0644,
					       .bytes = bytes,
					       .length = strlen(bytes),
					       .fault = SHIFTER_FAULT_NODE });
}

static void make_link(struct shf_plan *plan, const char *path, const char *target)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_LINK,
					       .base = SHF_SLOT_SITE,
					       .path = path,
					       .source = target,
					       .fault = SHIFTER_FAULT_NODE });
}

static void attach(struct shf_plan *plan, int slot, int base, const char *path, const char *source,
		   int fault, uint32_t flags)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ATTACH,
					       .slot = slot,
					       .base = base,
					       .path = path,
					       .source = source,
					       .flags = flags,
					       .fault = fault });
}

/* ---- what is taken from the host, while its mounts can still be seen ---- */

static int clone_path(struct shf_plan *plan, const char *source, uint32_t attributes,
		      uint32_t flags)
{
	int slot = shf_plan_new_slot(plan);

	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_PATH,
					       .slot = slot,
					       .source = source,
					       .flags = SHF_STEP_RECURSIVE | flags,
					       .attributes = attributes,
					       .fault = SHIFTER_FAULT_SITE });
	return slot;
}

static int clone_fd(struct shf_plan *plan, int given, const char *source, uint32_t attributes,
		    uint32_t flags)
{
	int slot = shf_plan_new_slot(plan);

	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_FD,
					       .slot = slot,
					       .base = given,
					       .source = source,
					       .flags = flags,
					       .attributes = attributes,
					       .fault = SHIFTER_FAULT_NODE });
	return slot;
}

struct clones {
	int dev, sys, proc, udi;
	int home_dir, home;
	int first_site, first_volume; /* one slot each from there on */
};

static void take_from_host(const struct shf_container_facts *f, struct shf_plan *plan,
			   struct clones *c)
{
	const struct shf_mounts *site = &f->config->site_fs;

	/* /dev/shm may be executed from: no noexec, below /dev or on it */
	c->dev = clone_path(plan, "/dev", SHF_ATTR_NOSUID, 0);
	c->sys = clone_path(plan, "/sys", SEALED | SHF_ATTR_NOEXEC, 0);
	/* the host's own: a fresh one would forget its hidepid */
	c->proc = clone_path(plan, "/proc", GUARDED | SHF_ATTR_NOEXEC, 0);
	c->udi = -1;
	if (f->has_udi)
		c->udi = clone_fd(plan, SHF_SLOT_UDI, "/opt/udiImage", SEALED, 0);
	c->home_dir = f->home ? shf_plan_new_slot(plan) : -1;
	c->home = f->home ? shf_plan_new_slot(plan) : -1;
	c->first_site = c->first_volume = -1;
	for (size_t i = 0; i < site->count; i++) {
		const struct shf_mount *mount = &site->list[i];
		int slot = clone_path(plan, mount->source,
				      mount->flags & SHF_MOUNT_RDONLY ? SEALED : GUARDED,
				      mount->optional ? SHF_STEP_OPTIONAL : 0);

		if (i == 0)
			c->first_site = slot;
	}
	for (size_t i = 0; i < f->volumes->count; i++) {
		const struct shf_mount *mount = &f->volumes->list[i];
		int slot = clone_fd(plan, f->first_volume_slot + (int)i, mount->source,
				    mount->flags & SHF_MOUNT_RDONLY ? SEALED : GUARDED,
				    SHF_STEP_RECURSIVE);

		if (i == 0)
			c->first_volume = slot;
	}
}

/* ---- the site layer ---- */

static void add_mount_point(struct shf_plan *plan, const struct shf_place *place, int slot,
			    uint32_t flags)
{
	shf_plan_add_parents(plan, SHF_SLOT_SITE, place->path, place->modes, place->depth);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_MOUNT_POINT,
					       .slot = slot,
					       .base = SHF_SLOT_SITE,
					       .path = place->path + 1,
					       .flags = flags,
					       .fault = SHIFTER_FAULT_NODE });
}

/*
 * The /etc/profile of most distributions sets PATH anew in a login shell, and reads
 * this then: what PATH had before, by udi-session or at least our ssh, comes back in
 * front of what it has now.
 */
static const char profile[] =
	"# of libshifter: the PATH of the container in login shells\n"
	"_shf_rest=${SHIFTER_PATH:-/opt/udiImage/bin}:\n"
	"_shf_new=\n"
	"while [ -n \"$_shf_rest\" ]; do\n"
	"\t_shf_part=${_shf_rest%%:*}\n"
	"\t_shf_rest=${_shf_rest#*:}\n"
	"\tcase \":$PATH:\" in\n"
	"\t*\":$_shf_part:\"*) ;;\n"
	"\t*) _shf_new=$_shf_new$_shf_part: ;;\n"
	"\tesac\n"
	"done\n"
	"PATH=$_shf_new$PATH\n"
	"export PATH\n"
	"unset SHIFTER_PATH _shf_rest _shf_part _shf_new\n";

/* What the user's helper saw: root may not be able to look. */
static uint32_t kind_of(const struct shf_mount *volume)
{
	return volume->is_file ? SHF_STEP_IS_FILE : SHF_STEP_IS_DIRECTORY;
}

static int make_etc(const struct shf_container_facts *f, struct shf_plan *plan)
{
	cleanup_text struct shf_text passwd = { 0 };
	cleanup_text struct shf_text group = { 0 };
	cleanup_text struct shf_text nsswitch = { 0 };

	shf_render_passwd(f->account, f->shell, f->node, &passwd);
	shf_render_group(f->account, f->tty_gid, f->config->max_group_count, f->node, &group);
	shf_render_nsswitch(&nsswitch);
	if (passwd.failed || group.failed || nsswitch.failed)
		return -ENOMEM;
	make_directory(plan, SHF_SLOT_SITE, "etc", 0755, 0, 0);
	make_file(plan, "etc/passwd", passwd.data);
	make_file(plan, "etc/group", group.data);
	make_file(plan, "etc/nsswitch.conf", nsswitch.data);
	make_file(plan, "etc/resolv.conf", f->resolv_conf);
	make_link(plan, "etc/hosts", "../run/shifter/hosts");
	if (f->has_udi) {
		make_directory(plan, SHF_SLOT_SITE, "etc/profile.d", 0755, 0, 0);
		make_file(plan, "etc/profile.d/zz-shifter.sh", profile);
	}
	/* an image that is "shutting down" would keep everybody out */
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_WHITEOUT,
					       .base = SHF_SLOT_SITE,
					       .path = "etc/nologin",
					       .fault = SHIFTER_FAULT_NODE });
	return 0;
}

/* /var/hostsfile, wherever /var is: a relative link to the live directory */
static void link_hostsfile(const struct shf_place *var, struct shf_plan *plan)
{
	char path[SHF_PATH_MAX + 16];
	cleanup_text struct shf_text target = { 0 };

	snprintf(path, sizeof(path), "%s/hostsfile", var->path);
	shf_plan_add_parents(plan, SHF_SLOT_SITE, path, var->modes, var->depth);
	for (const char *c = path + 1; *c; c++)
		if (*c == '/')
			shf_text_add(&target, "../");
	shf_text_add(&target, "run/shifter/hostsfile");
	if (target.failed)
		plan->failed = true;
	else
		make_link(plan, path + 1, target.data);
}

/*
 * An empty home for the user, a part of the stage: so it has its bounds.  Slots
 * are filled when the stage is there.
 */
static void make_home(const struct shf_container_facts *f, struct shf_plan *plan,
		      const struct clones *c)
{
	const struct shf_mounts *site = &f->config->site_fs;
	size_t n = site->count + f->volumes->count;

	make_directory(plan, SHF_SLOT_STAGE, "home", 0700, f->account->uid, f->account->gid);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_OPEN,
					       .slot = c->home_dir,
					       .base = SHF_SLOT_STAGE,
					       .path = "home",
					       .fault = SHIFTER_FAULT_NODE });
	add_mount_point(plan, f->home, c->home_dir, SHF_STEP_IS_DIRECTORY);
	/* it hides the mount points for what is mounted inside of it */
	for (size_t i = 0; i < n; i++) {
		bool is_site = i < site->count;
		size_t at = is_site ? i : i - site->count;
		const struct shf_place *place = is_site ? &f->site_places[at]
							: &f->volume_places[at];
		struct shf_step point = {
			.kind = SHF_STEP_MOUNT_POINT,
			.slot = (is_site ? c->first_site : c->first_volume) + (int)at,
			.base = c->home_dir,
			.flags = is_site ? 0 : kind_of(&f->volumes->list[at]),
			.fault = SHIFTER_FAULT_NODE,
		};

		if (!shf_path_is_within(place->path, f->home->path))
			continue;
		point.path = place->path + strlen(f->home->path) + 1;
		shf_plan_add_parents(plan, c->home_dir, point.path - 1, NULL, 0);
		shf_plan_add(plan, &point);
	}
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_FD,
					       .slot = c->home,
					       .base = c->home_dir,
					       .source = f->account->home,
					       .attributes = GUARDED,
					       .fault = SHIFTER_FAULT_NODE });
}

static int make_site_layer(const struct shf_container_facts *f, struct shf_plan *plan,
			   const struct clones *c)
{
	static const char *const own[] = { "dev", "proc", "sys", "run" };
	int rc = make_etc(f, plan);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		make_directory(plan, SHF_SLOT_SITE, own[i], 0755, 0, 0);
	link_hostsfile(&f->var, plan);
	if (f->has_udi)
		add_mount_point(plan, &f->udi, c->udi, 0);
	for (size_t i = 0; i < f->config->site_fs.count; i++)
		add_mount_point(plan, &f->site_places[i], c->first_site + (int)i, 0);
	for (size_t i = 0; i < f->volumes->count; i++)
		add_mount_point(plan, &f->volume_places[i], c->first_volume + (int)i,
				kind_of(&f->volumes->list[i]));
	if (f->home)
		make_home(f, plan, c);
	return 0;
}

/* ---- the layers, and what is mounted on them ---- */

static void make_overlay(struct shf_plan *plan, int slot, uint32_t flags)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_OVERLAY,
					       .slot = slot,
					       .base = SHF_SLOT_STAGE,
					       .flags = flags,
					       .fault = SHIFTER_FAULT_NODE });
}

/*
 * An overlay reads its layers with the rights of who made it, and that is root for a
 * writable one: it gets the directory of a user by one that reads as the user.
 */
static void attach_image(const struct shf_container_facts *f, struct shf_plan *plan)
{
	int slot = SHF_SLOT_IMAGE;

	if (f->reads_as_user && f->is_writable) {
		make_directory(plan, SHF_SLOT_STAGE, "nothing", 0755, 0, 0);
		make_directory(plan, SHF_SLOT_STAGE, "source", 0755, 0, 0);
		attach(plan, slot, SHF_SLOT_STAGE, "source", "image", SHIFTER_FAULT_NODE, 0);
		slot = shf_plan_new_slot(plan);
		make_overlay(plan, slot, SHF_STEP_AS_READER | SHF_STEP_IMAGE_ALONE);
	}
	attach(plan, slot, SHF_SLOT_STAGE, "image", "image", SHIFTER_FAULT_NODE, 0);
}

static uint32_t root_flags(const struct shf_container_facts *f)
{
	uint32_t flags = f->is_unprivileged ? SHF_STEP_UNPRIVILEGED : 0;

	if (f->is_writable)
		return flags | SHF_STEP_WRITABLE;
	return f->reads_as_user ? flags | SHF_STEP_AS_READER : flags;
}

static void make_stage(const struct shf_container_facts *f, struct shf_plan *plan)
{
	char size[32];

	snprintf(size, sizeof(size), "%um", f->config->tmpfs_size_mb);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ISOLATE,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_TMPFS,
					       .slot = SHF_SLOT_STAGE,
					       .options = size,
					       .mode = 0755,
					       .fault = SHIFTER_FAULT_NODE });
	/* an overlay takes layers by path: they must hang somewhere for a moment */
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_PLACE,
					       .slot = SHF_SLOT_STAGE,
					       .path = f->stage_path,
					       .source = "tmpfs",
					       .fault = SHIFTER_FAULT_NODE });
	make_directory(plan, SHF_SLOT_STAGE, "site", 0755, 0, 0);
	make_directory(plan, SHF_SLOT_STAGE, "image", 0755, 0, 0);
	make_directory(plan, SHF_SLOT_STAGE, "root", 0755, 0, 0);
	/* within the size of the stage; the upper directory is the container's "/" */
	if (f->is_writable) {
		make_directory(plan, SHF_SLOT_STAGE, "upper", 0755, 0, 0);
		make_directory(plan, SHF_SLOT_STAGE, "work", 0700, 0, 0);
	}
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_OPEN,
					       .slot = SHF_SLOT_SITE,
					       .base = SHF_SLOT_STAGE,
					       .path = "site",
					       .fault = SHIFTER_FAULT_NODE });
	attach_image(f, plan);
}

static void make_run(const struct shf_container_facts *f, struct shf_plan *plan)
{
	char size[32], user[32];

	snprintf(size, sizeof(size), "%um", f->config->tmpfs_size_mb);
	snprintf(user, sizeof(user), "user/%u", f->account->uid);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_TMPFS,
					       .slot = SHF_SLOT_RUN,
					       .options = size,
					       .mode = 0755,
					       .fault = SHIFTER_FAULT_NODE });
	attach(plan, SHF_SLOT_RUN, SHF_SLOT_ROOT, "run", "tmpfs",
	       f->reads_as_user ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_NODE, 0);
	make_directory(plan, SHF_SLOT_RUN, "lock", 01777, 0, 0);
	make_directory(plan, SHF_SLOT_RUN, "user", 0755, 0, 0);
	make_directory(plan, SHF_SLOT_RUN, user, 0700, f->account->uid, f->account->gid);
	make_directory(plan, SHF_SLOT_RUN, "shifter", 0755, 0, 0);
	attach(plan, SHF_SLOT_LIVE, SHF_SLOT_RUN, "shifter", "live directory", SHIFTER_FAULT_NODE,
	       0);
}

static void mount_all(const struct shf_container_facts *f, struct shf_plan *plan,
		      const struct clones *c)
{
	const struct shf_mounts *site = &f->config->site_fs;
	/* what the user may not enter in an image of their own keeps no node from working */
	const int node_fault = f->reads_as_user ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_NODE;
	const int site_fault = f->reads_as_user ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_SITE;

	attach(plan, c->dev, SHF_SLOT_ROOT, "dev", "/dev", node_fault, 0);
	attach(plan, c->sys, SHF_SLOT_ROOT, "sys", "/sys", node_fault, 0);
	attach(plan, c->proc, SHF_SLOT_ROOT, "proc", "/proc", node_fault, 0);
	make_run(f, plan);
	if (f->home)
		attach(plan, c->home, SHF_SLOT_ROOT, f->home->path + 1, f->account->home,
		       node_fault, 0);
	for (size_t i = 0; i < site->count; i++)
		attach(plan, c->first_site + (int)i, SHF_SLOT_ROOT, f->site_places[i].path + 1,
		       site->list[i].source, site_fault,
		       site->list[i].optional ? SHF_STEP_OPTIONAL : 0);
	for (size_t i = 0; i < f->volumes->count; i++)
		attach(plan, c->first_volume + (int)i, SHF_SLOT_ROOT,
		       f->volume_places[i].path + 1, f->volumes->list[i].source,
		       SHIFTER_FAULT_JOB, 0);
	/* last: nothing may cover it */
	if (f->has_udi)
		attach(plan, c->udi, SHF_SLOT_ROOT, f->udi.path + 1, "/opt/udiImage",
		       node_fault, 0);
}

int shf_plan_container(const struct shf_container_facts *facts, struct shf_plan *plan)
{
	struct clones clones;
	int rc;

	/* the slots that the caller fills come first */
	plan->next_slot = facts->first_volume_slot + (int)facts->volumes->count;
	take_from_host(facts, plan, &clones);
	make_stage(facts, plan);
	rc = make_site_layer(facts, plan, &clones);
	if (rc < 0)
		return rc;
	make_overlay(plan, SHF_SLOT_ROOT, root_flags(facts));
	attach(plan, SHF_SLOT_ROOT, SHF_SLOT_STAGE, "root", "overlay", SHIFTER_FAULT_NODE, 0);
	mount_all(facts, plan, &clones);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ENTER,
					       .slot = SHF_SLOT_ROOT,
					       .fault = SHIFTER_FAULT_NODE });
	return plan->failed ? -ENOMEM : 0;
}
