/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/container_plan.h"

#include "base/path.h"
#include "model/site_layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void shf_plan_add_directory(struct shf_plan *plan, int base, const char *path, uint32_t mode,
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

static void clone_program(struct shf_plan *plan, const char *udi_path)
{
	char source[SHF_PATH_MAX];

	snprintf(source, sizeof(source), "/opt/udiImage/%s", udi_path);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_FD,
					       .slot = shf_plan_new_slot(plan),
					       .base = SHF_SLOT_UDI,
					       .path = udi_path,
					       .source = source,
					       .flags = SHF_STEP_OPTIONAL,
					       .attributes = SHF_SEALED,
					       .fault = SHIFTER_FAULT_NODE });
}

static void take_from_host(const struct shf_container_facts *f, struct shf_plan *plan,
			   struct shf_clones *c)
{
	const struct shf_mounts *site = &f->config->site_fs;

	/* /dev/shm may be executed from: no noexec, below /dev or on it */
	c->dev = clone_path(plan, "/dev", SHF_ATTR_NOSUID, 0);
	c->sys = clone_path(plan, "/sys", SHF_SEALED | SHF_ATTR_NOEXEC, 0);
	/* the host's own: a fresh one would forget its hidepid */
	c->proc = clone_path(plan, "/proc", SHF_GUARDED | SHF_ATTR_NOEXEC, 0);
	c->udi = -1;
	if (f->has_udi)
		c->udi = clone_fd(plan, SHF_SLOT_UDI, "/opt/udiImage", SHF_SEALED, 0);
	c->home_dir = f->home ? shf_plan_new_slot(plan) : -1;
	c->home = f->home ? shf_plan_new_slot(plan) : -1;
	c->first_site = c->first_volume = -1;
	for (size_t i = 0; i < site->count; i++) {
		const struct shf_mount *mount = &site->list[i];
		int slot = clone_path(plan, mount->source,
				      mount->flags & SHF_MOUNT_RDONLY ? SHF_SEALED : SHF_GUARDED,
				      mount->optional ? SHF_STEP_OPTIONAL : 0);

		if (i == 0)
			c->first_site = slot;
	}
	for (size_t i = 0; i < f->volumes->count; i++) {
		const struct shf_mount *mount = &f->volumes->list[i];
		int slot = clone_fd(plan, f->first_volume_slot + (int)i, mount->source,
				    mount->flags & SHF_MOUNT_RDONLY ? SHF_SEALED : SHF_GUARDED,
				    SHF_STEP_RECURSIVE);

		if (i == 0)
			c->first_volume = slot;
	}
	c->first_program = plan->next_slot;
	for (size_t i = 0; i < f->n_programs; i++)
		clone_program(plan, f->programs[i].udi_path);
}

/* ---- the layers, and what is mounted on them ---- */

static void make_overlay(const struct shf_container_facts *f, struct shf_plan *plan, int slot,
			 uint32_t flags)
{
	/* not every file system that a user's directory may be on can be a layer */
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_OVERLAY,
					       .slot = slot,
					       .base = SHF_SLOT_STAGE,
					       .flags = flags,
					       .fault = f->reads_as_user ? SHIFTER_FAULT_JOB
									 : SHIFTER_FAULT_NODE });
}

/*
 * An overlay reads its layers with the rights of who made it, and that is root for a
 * writable one: it gets the directory of a user by one that reads as the user.
 */
static void attach_image(const struct shf_container_facts *f, struct shf_plan *plan)
{
	int slot = SHF_SLOT_IMAGE;

	if (f->reads_as_user && f->is_writable) {
		shf_plan_add_directory(plan, SHF_SLOT_STAGE, "nothing", 0755, 0, 0);
		shf_plan_add_directory(plan, SHF_SLOT_STAGE, "source", 0755, 0, 0);
		attach(plan, slot, SHF_SLOT_STAGE, "source", "image", SHIFTER_FAULT_NODE, 0);
		slot = shf_plan_new_slot(plan);
		make_overlay(f, plan, slot, SHF_STEP_AS_READER | SHF_STEP_IMAGE_ALONE);
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
	shf_plan_add_directory(plan, SHF_SLOT_STAGE, "site", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_STAGE, "image", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_STAGE, "root", 0755, 0, 0);
	/* within the size of the stage; the upper directory is the container's "/" */
	if (f->is_writable) {
		shf_plan_add_directory(plan, SHF_SLOT_STAGE, "upper", 0755, 0, 0);
		shf_plan_add_directory(plan, SHF_SLOT_STAGE, "work", 0700, 0, 0);
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
	shf_plan_add_directory(plan, SHF_SLOT_RUN, "lock", 01777, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_RUN, "user", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_RUN, user, 0700, f->account->uid, f->account->gid);
	shf_plan_add_directory(plan, SHF_SLOT_RUN, "shifter", 0755, 0, 0);
	attach(plan, SHF_SLOT_LIVE, SHF_SLOT_RUN, "shifter", "live directory", SHIFTER_FAULT_NODE,
	       0);
}

static void mount_all(const struct shf_container_facts *f, struct shf_plan *plan,
		      const struct shf_clones *c)
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
	/* somebody may have changed the image meanwhile: its own programs stay then */
	for (size_t i = 0; i < f->n_programs; i++)
		attach(plan, c->first_program + (int)i, SHF_SLOT_ROOT, f->programs[i].path + 1,
		       f->programs[i].udi_path, node_fault, SHF_STEP_OPTIONAL | SHF_STEP_LENIENT);
}

int shf_plan_container(const struct shf_container_facts *facts, struct shf_plan *plan)
{
	struct shf_clones clones;
	int rc;

	/* the slots that the caller fills come first */
	plan->next_slot = facts->first_volume_slot + (int)facts->volumes->count;
	take_from_host(facts, plan, &clones);
	make_stage(facts, plan);
	rc = shf_plan_site_layer(facts, plan, &clones);
	if (rc < 0)
		return rc;
	make_overlay(facts, plan, SHF_SLOT_ROOT, root_flags(facts));
	attach(plan, SHF_SLOT_ROOT, SHF_SLOT_STAGE, "root", "overlay", SHIFTER_FAULT_NODE, 0);
	mount_all(facts, plan, &clones);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ENTER,
					       .slot = SHF_SLOT_ROOT,
					       .fault = SHIFTER_FAULT_NODE });
	return plan->failed ? -ENOMEM : 0;
}
