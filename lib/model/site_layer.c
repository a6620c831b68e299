/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/site_layer.h"

#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	shf_plan_add_directory(plan, SHF_SLOT_SITE, "etc", 0755, 0, 0);
	make_file(plan, "etc/passwd", passwd.data);
	make_file(plan, "etc/group", group.data);
	make_file(plan, "etc/nsswitch.conf", nsswitch.data);
	make_file(plan, "etc/resolv.conf", f->resolv_conf);
	make_link(plan, "etc/hosts", "../run/shifter/hosts");
	if (f->has_udi) {
		shf_plan_add_directory(plan, SHF_SLOT_SITE, "etc/profile.d", 0755, 0, 0);
		make_file(plan, "etc/profile.d/zz-shifter.sh", profile);
	}
	/* an image that is "shutting down" would keep everybody out */
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_WHITEOUT,
					       .base = SHF_SLOT_SITE,
					       .path = "etc/nologin",
					       .fault = SHIFTER_FAULT_NODE });
	return 0;
}

/* name in a directory, wherever that is: a relative link to the live directory's hostsfile */
static void link_hostsfile(const struct shf_place *directory, const char *name,
			   struct shf_plan *plan)
{
	char path[SHF_PATH_MAX + 16];
	cleanup_text struct shf_text target = { 0 };

	snprintf(path, sizeof(path), "%s/%s",
		 strcmp(directory->path, "/") == 0 ? "" : directory->path, name);
	shf_plan_add_parents(plan, SHF_SLOT_SITE, path, directory->modes, directory->depth);
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
		      const struct shf_clones *c)
{
	const struct shf_mounts *site = &f->config->site_fs;
	size_t n = site->count + f->volumes->count;

	shf_plan_add_directory(plan, SHF_SLOT_STAGE, "home", 0700, f->account->uid,
			       f->account->gid);
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
					       .attributes = SHF_GUARDED,
					       .fault = SHIFTER_FAULT_NODE });
}

int shf_plan_site_layer(const struct shf_container_facts *f, struct shf_plan *plan,
			const struct shf_clones *c)
{
	static const char *const own[] = { "dev", "proc", "sys", "run" };
	int rc = make_etc(f, plan);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		shf_plan_add_directory(plan, SHF_SLOT_SITE, own[i], 0755, 0, 0);
	link_hostsfile(&f->var, "hostsfile", plan);
	if (f->job)
		link_hostsfile(f->job, "hostfile", plan);
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
