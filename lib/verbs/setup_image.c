/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an image makes of the places where something is mounted, of the home and
 * of the shell: asked for as the user, before anything is built.
 */
#include "base/path.h"
#include "kernel/host_facts.h"
#include "kernel/volume_sources.h"
#include "model/home.h"
#include "verbs/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FALLBACK_SHELL "/opt/udiImage/libexec/udi-session"

/* Is it where the hostsfile or udiImage is in this image, below that or above? */
static bool is_over_own(const struct setup *s, const char *path)
{
	return shf_targets_overlap(path, s->hostsfile) ||
	       (s->udi.dir >= 0 && shf_targets_overlap(path, s->targets[TARGET_UDI].path));
}

static int check_target(struct setup *s, size_t index)
{
	const struct shf_target *target = &s->targets[index];
	size_t first_volume = TARGET_SITE + s->ctx->config.site_fs.count;
	struct shf_report reserved = { 0 };
	const struct shf_mount *volume;
	int rc;

	/* see check_own() */
	if (index < TARGET_SITE)
		return 0;
	if (index < first_volume) {
		/* as the site said, or, by links of the image, at least not over ours */
		const char *said = s->ctx->config.site_fs.list[index - TARGET_SITE].target;

		if ((strcmp(target->path, said) == 0 ||
		     shf_site_target_check(target->path, "", &reserved) == 0) &&
		    !is_over_own(s, target->path))
			return 0;
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EACCES,
				"cannot mount the site's '%s': in this image that is '%s', which "
				"is reserved",
				said, target->path);
	}
	volume = &s->volumes.list[index - first_volume];
	if (target->error)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_JOB, target->error,
				      "cannot mount volume '%s': cannot look up '%s' in the image",
				      volume->source, volume->target);
	rc = shf_target_check(target->path, &s->ctx->config, &reserved);
	if (rc < 0 && strcmp(target->path, volume->target) == 0)
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, -rc, "%s", reserved.text);
	if (rc == 0 && is_over_own(s, target->path))
		rc = -EACCES;
	if (rc < 0)
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, -rc,
				"cannot mount volume '%s' on '%s': in this image that is '%s', "
				"which is reserved",
				volume->source, volume->target, target->path);
	for (size_t i = TARGET_VAR; i < index && rc == 0; i++) {
		/* nothing is mounted there, or gives way */
		if (i == TARGET_VAR || i == TARGET_HOME || i == TARGET_JOB)
			continue;
		/* links of the image can make two targets one */
		if (shf_targets_overlap(target->path, s->targets[i].path))
			rc = shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EACCES,
				      "cannot mount volume '%s' on '%s': in this image that is "
				      "'%s', where something else is mounted",
				      volume->source, volume->target, target->path);
	}
	return rc;
}

/*
 * A root that the user may not enter, as squashfs files made of mktemp(1)'s directories
 * have: the container would have one to enter, but nothing could be looked up for it.
 */
static int check_root(struct setup *s)
{
	if (s->targets[TARGET_VAR].error != EACCES || s->targets[TARGET_UDI].error != EACCES)
		return 0;
	return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EACCES,
			"cannot use image '%s': user '%s' may not enter its root directory: make "
			"it anew with mode 0755 for '/', as 'shifterctl import' does",
			s->image.path, s->account.user);
}

/* path := directory/name */
static int append(struct setup *s, const char *directory, const char *name, char *path)
{
	size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	if (length + 1 + strlen(name) >= SHF_PATH_MAX)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_JOB, ENAMETOOLONG,
				      "cannot make '%s' where the links of image '%s' lead", name,
				      s->image.path);
	memmove(path, directory, length);
	path[length] = '/';
	strcpy(path + length + 1, name);
	return 0;
}

static int check_own(struct setup *s, const char *ours, const char *path)
{
	const char *other = shf_find_reserved_target(path);

	if (strcmp(path, ours) == 0 || !other)
		return 0;
	return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EACCES,
			"cannot use image '%s': '%s' in it is '%s', by links of the image, and "
			"'%s' is reserved",
			s->image.path, ours, path, other);
}

/*
 * What is ours goes where the image's /var and /opt are, whatever the image has there, but
 * not over other things that are ours.
 */
static int place_own(struct setup *s)
{
	char *udi = s->targets[TARGET_UDI].path;
	int rc = append(s, s->targets[TARGET_VAR].path, "hostsfile", s->hostsfile);

	if (rc == 0)
		rc = append(s, udi, "udiImage", udi);
	if (rc == 0)
		rc = check_own(s, "/var/hostsfile", s->hostsfile);
	if (rc == 0 && s->udi.dir >= 0)
		rc = check_own(s, "/opt/udiImage", udi);
	if (rc == 0 && s->udi.dir >= 0 && shf_targets_overlap(udi, s->hostsfile))
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EACCES,
				"cannot use image '%s': by links of the image '/var/hostsfile' is "
				"'%s' and '/opt/udiImage' is '%s'",
				s->image.path, s->hostsfile, udi);
	return rc;
}

/*
 * May the image's /job, wherever its links lead, have a hostfile?  It is a convenience: it
 * gives way to what the image has there, and to what is mounted.
 */
static bool has_room_for_hostfile(const struct setup *s)
{
	const struct shf_target *job = &s->targets[TARGET_JOB];
	size_t count = TARGET_SITE + s->ctx->config.site_fs.count + s->volumes.count;
	char path[SHF_PATH_MAX];

	if (job->error || job->is_file || strcmp(job->path, "/") == 0 ||
	    snprintf(path, sizeof(path), "%s/hostfile", job->path) >= (int)sizeof(path) ||
	    shf_find_reserved_target(path) || is_over_own(s, path))
		return false;
	for (size_t i = TARGET_SITE; i < count; i++)
		if (shf_targets_overlap(path, s->targets[i].path))
			return false;
	return !(s->needs_home && shf_targets_overlap(path, s->targets[TARGET_HOME].path));
}

/* Is there nothing on the node, or in the image, to be the user's home? */
static bool lacks_home(const struct setup *s)
{
	const struct shf_mounts *site = &s->ctx->config.site_fs;
	const struct shf_place *home = &s->places[TARGET_HOME];
	const struct shf_place *mounts[SHF_PLAN_SLOTS];
	size_t n = 0;

	/* something of the image's that the user may not see: let it be */
	if (s->targets[TARGET_HOME].error || is_over_own(s, home->path))
		return false;
	for (size_t i = 0; i < site->count + s->volumes.count && n < SHF_PLAN_SLOTS; i++)
		if (i >= site->count || s->are_there[i])
			mounts[n++] = &s->places[TARGET_SITE + i];
	return shf_wants_home(home, mounts, n);
}

/* Is nothing of ours, the site's or the job's mounted there, or on the way to it? */
static bool is_bare(const struct setup *s, const char *path)
{
	size_t count = TARGET_SITE + s->ctx->config.site_fs.count + s->volumes.count;

	if (shf_find_reserved_target(path) || is_over_own(s, path) ||
	    (s->needs_home && shf_targets_overlap(path, s->targets[TARGET_HOME].path)))
		return false;
	for (size_t i = TARGET_SITE; i < count; i++)
		if (shf_targets_overlap(path, s->targets[i].path))
			return false;
	return true;
}

/* Which of the image's files udiImage's programs go over. */
static void choose_programs(struct setup *s)
{
	for (size_t i = 0; i < s->view.n_files; i++) {
		const char *udi_path = shf_find_udi_program(s->files[i]);
		struct shf_ssh_program *program = &s->programs[s->n_programs];

		if (!udi_path || !is_bare(s, s->files[i]))
			continue;
		program->udi_path = udi_path;
		program->path = s->files[i];
		s->n_programs++;
	}
}

int shf_setup_ask_about_image(struct setup *s)
{
	const struct shf_mounts *site = &s->ctx->config.site_fs;
	size_t count = TARGET_SITE + site->count + s->volumes.count;
	int rc;

	s->targets = calloc(count, sizeof(*s->targets));
	s->places = calloc(count, sizeof(*s->places));
	s->are_there = calloc(site->count + 1, sizeof(*s->are_there));
	if (!s->targets || !s->places || !s->are_there)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot set up container '%s'", s->spec.id);
	strcpy(s->targets[TARGET_VAR].path, "/var");
	strcpy(s->targets[TARGET_UDI].path, "/opt");
	strcpy(s->targets[TARGET_JOB].path, "/job");
	shf_path_clean(s->account.home, s->targets[TARGET_HOME].path);
	for (size_t i = 0; i < count - TARGET_SITE; i++) {
		const struct shf_mount *mount =
			i < site->count ? &site->list[i] : &s->volumes.list[i - site->count];

		snprintf(s->targets[TARGET_SITE + i].path, SHF_PATH_MAX, "%s", mount->target);
	}
	s->shells[0] = s->account.shell;
	s->shells[1] = "/bin/bash";
	s->shells[2] = "/bin/sh";
	s->view = (struct shf_image_view){ .targets = s->targets,
					   .n_targets = count,
					   .programs = s->shells,
					   .files = s->files,
					   .max_files = SHF_SSH_PROGRAMS_MAX };
	/* a container without hosts to log in to keeps the image's own ssh */
	if (s->spec.flags & SHIFTER_SETUP_SSHD)
		s->view.wanted = shf_ssh_program_paths;
	rc = shf_ask_about_mounts(site, &s->session, &s->ctx->report);
	if (rc < 0)
		return rc;
	return shf_ask_about_image(s->slots[SHF_SLOT_IMAGE], &s->view, &s->session,
				   &s->ctx->report);
}

/* What the plan needs to know of the node. */
static void look_at_node(struct setup *s)
{
	s->tty_gid = shf_get_tty_gid();
	if (shf_read_resolv_conf(&s->resolv_conf) < 0)
		shf_log(s->ctx, SHIFTER_LOG_WARNING, "cannot read '/etc/resolv.conf'");
}

int shf_setup_hear_about_image(struct setup *s)
{
	int rc;

	/* the helper is still at it, and the image's disk is slow */
	look_at_node(s);
	rc = shf_hear_about_mounts(&s->ctx->config.site_fs, s->are_there, &s->session,
				   &s->ctx->report);
	if (rc == 0)
		rc = shf_hear_about_image(&s->view, &s->session, &s->ctx->report);
	shf_dismiss_user(&s->session);
	if (rc == 0)
		rc = check_root(s);
	if (rc == 0)
		rc = place_own(s);
	for (size_t i = 0; i < s->view.n_targets && rc == 0; i++) {
		rc = check_target(s, i);
		s->places[i] = (struct shf_place){ s->targets[i].path, s->targets[i].modes,
						   s->targets[i].depth };
	}
	if (rc < 0)
		return rc;
	s->needs_home = lacks_home(s);
	s->has_job = has_room_for_hostfile(s);
	choose_programs(s);
	if (s->needs_home)
		shf_log(s->ctx, SHIFTER_LOG_INFO,
			"this node has no home '%s': it is empty and goes with the container",
			s->account.home);
	s->shell = s->view.program ? s->view.program : FALLBACK_SHELL;
	return 0;
}
