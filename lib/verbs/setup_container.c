/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_setup_container() - build a container and hand it to a keeper
 *
 * Everything that can be asked for is asked for first, as the user where it is
 * the user's; then comes a plan; a child walks it; the keeper takes the result.
 * Until the last step, the commit, nothing but a locked directory exists that
 * would outlive this process.
 */
#include "base/cleanup.h"
#include "kernel/builder.h"
#include "kernel/host_facts.h"
#include "kernel/image_source.h"
#include "kernel/keeper_start.h"
#include "kernel/listener.h"
#include "kernel/live_dir.h"
#include "kernel/mounts.h"
#include "kernel/udi_stage.h"
#include "kernel/volume_sources.h"
#include "model/account.h"
#include "model/container_plan.h"
#include "model/image.h"
#include "model/sessionenv.h"
#include "model/volume.h"
#include "verbs/claim_state.h"
#include "verbs/image_environment.h"
#include "verbs/job_hosts.h"
#include "verbs/setup.h"
#include "verbs/teardown.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUILD_MS = 60000,
       COMMIT_MS = 10000,
       LIVE_SIZE_MB = 64 };

void shf_setup_init(struct setup *s, struct shifter_ctx *ctx)
{
	s->ctx = ctx;
	s->session =
		SHF_USER_SESSION(&s->identity, (int)ctx->config.helper_timeout_s * 1000);
	s->state = SHF_NO_STATE;
	s->image.fd = -1;
	s->udi = SHF_NO_UDI_STAGE;
	s->live_dir = -1;
	s->build = SHF_NO_BUILD;
	s->namespace = -1;
	memset(s->slots, 0xff, sizeof(s->slots));
}

/* ---- the record ---- */

static int fill_record(struct setup *s)
{
	static const char hex[] = "0123456789abcdef";
	struct shf_record *record = &s->record;
	struct shf_text image = { 0 };
	unsigned char random[16];
	size_t size = s->spec.n_groups * sizeof(*record->groups);
	int rc = shf_get_boot_id(record->boot_id);

	if (rc < 0 || getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, rc < 0 ? -rc : EIO,
				      "cannot name the set-up of container '%s'", s->spec.id);
	for (size_t i = 0; i < sizeof(random); i++) {
		record->generation[2 * i] = hex[random[i] >> 4];
		record->generation[2 * i + 1] = hex[random[i] & 15];
	}
	record->version = SHF_RECORD_VERSION;
	snprintf(record->id, sizeof(record->id), "%s", s->spec.id);
	record->uid = s->spec.uid;
	record->gid = s->spec.gid;
	record->created = (uint64_t)time(NULL);
	record->asked = s->asked_ns;
	record->user = strdup(s->account.user);
	record->home = strdup(s->account.home);
	record->shell = strdup(s->account.shell);
	record->job_file = strdup(s->spec.job_file ? s->spec.job_file : "");
	shf_image_format(&s->ref, &image);
	record->image = image.data;
	record->groups = malloc(size ? size : 1);
	if (!record->user || !record->home || !record->shell || !record->job_file ||
	    image.failed || !record->groups)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot set up container '%s'", s->spec.id);
	if (size)
		memcpy(record->groups, s->spec.groups, size);
	record->n_groups = s->spec.n_groups;
	return 0;
}

/* ---- what must be had ---- */

static int open_udi(struct setup *s)
{
	struct shf_report ignored = { 0 };
	bool is_needed = s->spec.flags & SHIFTER_SETUP_SSHD;
	int rc;

	/* a site without sshd may do without udiImage */
	rc = shf_open_udi_stage(s->state.root, s->ctx->config.udiimage_path, &s->udi,
				is_needed ? &s->ctx->report : &ignored);
	if (rc < 0 && !is_needed && (rc == -ENOENT || rc == -EBADMSG)) {
		shf_log(s->ctx, rc == -ENOENT ? SHIFTER_LOG_DEBUG : SHIFTER_LOG_WARNING,
			"no udiImage: %s", ignored.text);
		return 0;
	}
	if (rc < 0)
		return is_needed
			       ? rc
			       : shf_fail(&s->ctx->report, ignored.fault, -rc, "%s", ignored.text);
	if (s->udi.warning[0])
		shf_log(s->ctx, SHIFTER_LOG_WARNING, "%s: the last good copy of udiImage is used",
			s->udi.warning);
	s->slots[SHF_SLOT_UDI] = s->udi.dir;
	snprintf(s->record.stage, sizeof(s->record.stage), "%s", s->udi.name);
	return 0;
}

/* What shifter-enter and udi-session do to the environment of each command. */
static int write_site_env(struct setup *s)
{
	cleanup_text struct shf_text text = { 0 };
	int rc;

	shf_render_site_env(&s->ctx->config, &text);
	rc = text.failed ? -ENOMEM
			 : shf_put_live_file(s->live_dir, SHF_LIVE_SITE_ENV, 0644, 0, 0,
					     text.data ? text.data : "", text.length);
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write the site's environment for container '%s'",
				      s->spec.id);
	return 0;
}

int shf_setup_open_live_directory(struct setup *s)
{
	char size[16];
	int rc;

	snprintf(size, sizeof(size), "%dm", LIVE_SIZE_MB);
	rc = shf_new_tmpfs(size, 0755, NULL, 0);
	if (rc >= 0) {
		s->slots[SHF_SLOT_LIVE] = rc;
		s->live_dir = openat(rc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = s->live_dir < 0 ? -errno : 0;
	}
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot make the live directory of container '%s'",
				      s->spec.id);
	rc = write_site_env(s);
	if (rc == 0)
		rc = shf_write_image_environment(s->ctx, s->live_dir, &s->image, s->spec.id);
	return rc < 0 ? rc : shf_write_etc_hosts(s->ctx, s->live_dir, NULL);
}

static int open_image(struct setup *s)
{
	int rc = shf_open_image(&s->ctx->config, &s->ref, &s->session, &s->image, &s->ctx->report);

	if (rc == 0)
		rc = shf_mount_image(&s->ctx->config, &s->image, &s->ctx->report);
	if (rc < 0)
		return rc;
	s->slots[SHF_SLOT_IMAGE] = rc;
	return shf_setup_open_volumes(s);
}

int shf_setup_open_volumes(struct setup *s)
{
	return shf_open_volume_sources(&s->volumes, &s->session, s->slots + SHF_SLOT_FREE,
				       &s->ctx->report);
}

/* ---- the building ---- */

int shf_setup_start_build(struct setup *s, const char *stage)
{
	struct shf_container_facts facts = {
		.config = &s->ctx->config,
		.account = &s->account,
		.node = &s->node,
		.shell = s->shell,
		.tty_gid = s->tty_gid,
		.resolv_conf = s->resolv_conf.data ? s->resolv_conf.data : "",
		.stage_path = stage,
		.is_writable = s->spec.flags & SHIFTER_SETUP_WRITABLE,
		.is_unprivileged = geteuid() != 0,
		/* users change directories at any time; files are trusted, and whole */
		.reads_as_user = geteuid() == 0 && s->image.is_directory,
		.has_udi = s->udi.dir >= 0,
		.var = s->places[TARGET_VAR],
		.udi = s->places[TARGET_UDI],
		.home = s->needs_home ? &s->places[TARGET_HOME] : NULL,
		.job = s->has_job ? &s->places[TARGET_JOB] : NULL,
		.site_places = s->places + TARGET_SITE,
		.volumes = &s->volumes,
		.volume_places = s->places + TARGET_SITE + s->ctx->config.site_fs.count,
		.programs = s->programs,
		.n_programs = s->n_programs,
		.first_volume_slot = SHF_SLOT_FREE,
	};
	int rc = shf_plan_container(&facts, &s->plan);

	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot plan container '%s'", s->spec.id);
	return shf_start_build(&s->plan, s->slots, s->session.identity, BUILD_MS, &s->build,
			       &s->ctx->report);
}

int shf_setup_finish_build(struct setup *s)
{
	s->namespace = shf_finish_build(&s->build, &s->ctx->report);
	return s->namespace < 0 ? s->namespace : 0;
}

static int build(struct setup *s)
{
	char stage[SHF_PATH_MAX];
	int rc;

	snprintf(stage, sizeof(stage), "%s/%s/%s", SHF_RUN_DIR, s->spec.id, SHF_STATE_STAGE);
	if (mkdirat(s->state.dir, SHF_STATE_STAGE, 0700) < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, errno,
				      "cannot make '%s'", stage);
	rc = shf_setup_start_build(s, stage);
	return rc < 0 ? rc : shf_setup_finish_build(s);
}

/* A teardown that came meanwhile wins, and is waiting for us to give up. */
static int check_overtaken(struct setup *s)
{
	return shf_check_overtaken(&s->ctx->report, &s->state, s->asked_ns);
}

static int commit(struct setup *s)
{
	int rc = shf_write_record(&s->state, &s->record, &s->ctx->report);

	if (rc == 0)
		rc = check_overtaken(s);
	if (rc < 0)
		return rc;
	rc = shf_commit_keeper(&s->build.worker, &s->state, s->namespace, s->live_dir,
			       &s->listeners, COMMIT_MS);
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot start the keeper of container '%s'", s->spec.id);
	s->is_committed = true;
	return 0;
}

static int set_up(struct setup *s)
{
	int rc = shf_setup_check(s);

	/* to become the user takes a while; if it fails, the first question says so */
	if (rc == 0)
		(void)shf_start_user_session(&s->session);
	if (rc == 0)
		rc = shf_check_kernel(&s->ctx->report);
	if (rc == 0)
		rc = shf_find_asked_ns(&s->ctx->report, s->spec.id, s->spec.hook_pid,
				       &s->asked_ns);
	if (rc == 0)
		rc = shf_claim_state(s->ctx, s->spec.id, s->asked_ns,
				     s->spec.flags & SHIFTER_SETUP_REPLACE, &s->state,
				     &s->owns_state);
	if (rc < 0)
		return rc;
	/* first of all what a reference means: the record says so */
	rc = open_image(s);
	if (rc == 0)
		rc = shf_setup_ask_about_image(s);
	if (rc == 0)
		rc = fill_record(s);
	if (rc == 0)
		/* it builds, then keeps; it gets ready while the image is looked into */
		rc = shf_start_keeper(&s->record, &s->build.worker, &s->ctx->report);
	if (rc == 0)
		rc = check_overtaken(s);
	if (rc == 0)
		rc = shf_setup_open_port(s);
	if (rc == 0)
		rc = open_udi(s);
	if (rc == 0)
		rc = shf_setup_open_live_directory(s);
	if (rc == 0)
		rc = shf_setup_hear_about_image(s);
	if (rc == 0)
		rc = check_overtaken(s);
	if (rc == 0)
		rc = build(s);
	if (rc == 0)
		rc = commit(s);
	return rc;
}

void shf_setup_release(struct setup *s)
{
	shf_end_user_session(&s->session);
	shf_end_build(&s->build);
	shf_close_fd(&s->namespace);
	shf_close_fd(&s->live_dir);
	shf_close_udi_stage(&s->udi);
	s->slots[SHF_SLOT_UDI] = -1;
	for (size_t i = 0; i < SHF_PLAN_SLOTS; i++)
		shf_close_fd(&s->slots[i]);
	shf_close_image(&s->image);
	shf_close_listeners(&s->listeners);
	shf_plan_free(&s->plan);
	shf_mounts_free(&s->volumes);
	shf_text_free(&s->resolv_conf);
	shf_node_accounts_free(&s->node);
	shf_release_state(&s->state);
	shf_record_free(&s->record);
	for (size_t i = 0; i < s->view.n_files; i++)
		free(s->files[i]);
	free(s->targets);
	free(s->places);
	free(s->are_there);
}

/* Remove what a failed set-up made. */
static void finish(struct setup *s)
{
	if (s->owns_state && !s->is_committed) {
		struct shf_report ignored = { 0 };

		shf_end_build(&s->build);
		shf_shut_listeners(&s->listeners);
		if (shf_remove_state(&s->state, &ignored) < 0)
			shf_log(s->ctx, SHIFTER_LOG_WARNING, "%s", ignored.text);
	}
	shf_setup_release(s);
}

/* What nobody gets a handle of is not to stay, either: the caller takes it for a failure. */
static int hand_over(struct setup *s, struct shifter_container **out)
{
	unsigned timeout_ms = s->ctx->config.teardown_timeout_s * 1000;
	int rc = shf_new_container(s->ctx, &s->state, &s->record, out);
	struct shf_report why = s->ctx->report;
	char number[32];
	int removed;

	if (rc == 0)
		return 0;
	removed = shf_lock_state(&s->state, false, 0);
	if (removed == 0)
		removed = shf_remove_container(s->ctx, &s->state, shf_now_ms() + timeout_ms);
	if (removed < 0)
		shf_log(s->ctx, SHIFTER_LOG_WARNING, "cannot remove container '%s' again: %s",
			s->record.id, shf_error_text(-removed, number));
	s->ctx->report = why;
	return rc;
}

int shifter_setup_container(struct shifter_ctx *ctx, const struct shifter_container_spec *spec,
			    struct shifter_container **out)
{
	struct setup *s;
	int rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "set up a container");
	if (rc < 0)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot set up a container");
	shf_setup_init(s, ctx);
	rc = shf_copy_spec(&ctx->report, "container spec", spec, &s->spec, sizeof(s->spec));
	if (rc == 0)
		rc = set_up(s);
	if (rc == 0) {
		/* a handle takes the state along, but it is nobody's to work on any more */
		shf_unlock_state(&s->state);
		shf_log(ctx, SHIFTER_LOG_INFO, "set up container '%s' of image '%s' for '%s'",
			s->spec.id, s->record.image, s->account.user);
		if (out)
			rc = hand_over(s, out);
	}
	finish(s);
	free(s);
	return rc;
}
