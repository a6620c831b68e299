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
#include "base/parse.h"
#include "kernel/builder.h"
#include "kernel/host_facts.h"
#include "kernel/image_source.h"
#include "kernel/keeper_start.h"
#include "kernel/listener.h"
#include "kernel/live_dir.h"
#include "kernel/message.h"
#include "kernel/mounts.h"
#include "kernel/udi_stage.h"
#include "kernel/user_paths.h"
#include "model/account.h"
#include "model/container_plan.h"
#include "model/home.h"
#include "model/image.h"
#include "model/sessionenv.h"
#include "model/volume.h"
#include "verbs/claim_state.h"
#include "verbs/image_environment.h"
#include "verbs/job_hosts.h"
#include "verbs/node_accounts.h"
#include "verbs/setup.h"

#include <arpa/inet.h>
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

#define FALLBACK_SHELL "/opt/udiImage/libexec/udi-session"

enum { TARGET_VAR,
       TARGET_UDI,
       TARGET_HOME,
       TARGET_SITE };

void shf_setup_init(struct setup *s, struct shifter_ctx *ctx)
{
	*s = (struct setup){
		.ctx = ctx,
		.as = &s->identity,
		.state = SHF_NO_STATE,
		.image = SHF_NO_IMAGE_SOURCE,
		.udi = SHF_NO_UDI_STAGE,
		.live_dir = -1,
		.namespace = -1,
		.commit = -1,
	};
	memset(s->slots, 0xff, sizeof(s->slots));
}

/* ---- the request ---- */

int shf_setup_check(struct setup *s)
{
	struct shf_report *report = &s->ctx->report;
	const struct shifter_container_spec *spec = &s->spec;
	int rc;

	if (!shf_is_id(spec->id))
		return shf_fail(
			report, SHIFTER_FAULT_CALLER, EINVAL,
			"malformed container id '%s': 1 to 64 of A-Z a-z 0-9 . _ -, first a "
			"letter or digit",
			spec->id ? spec->id : "");
	if (spec->flags & ~(uint32_t)(SHIFTER_SETUP_SSHD | SHIFTER_SETUP_WRITABLE |
				      SHIFTER_SETUP_REPLACE))
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: unknown flags");
	if ((spec->flags & SHIFTER_SETUP_WRITABLE) && !s->ctx->config.allow_writable)
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot make the root of a container writable: this site does not "
				"allow it (allowWritable)");
	if (spec->n_groups && !spec->groups)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: groups are missing");
	if (spec->sshd_port > 65535)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: %u is no port", spec->sshd_port);
	s->account = (struct shf_account){
		.user = spec->user,
		.home = spec->home,
		.shell = spec->shell && *spec->shell ? spec->shell : "/bin/sh",
		.uid = spec->uid,
		.gid = spec->gid,
		.groups = spec->groups,
		.n_groups = spec->n_groups,
	};
	rc = shf_account_check(&s->account, s->ctx->config.minimum_uid, report);
	if (rc < 0)
		return rc;
	if (!shf_is_shell(s->account.shell)) {
		shf_log(s->ctx, SHIFTER_LOG_WARNING,
			"took '/bin/sh' for the shell of user '%s', '%.100s': it is no absolute "
			"path of at most %d bytes without '..', ':' and control characters",
			s->account.user, s->account.shell, SHF_ACCOUNT_PATH_MAX);
		s->account.shell = "/bin/sh";
	}
	s->identity = (struct shf_identity){ .uid = spec->uid,
					     .gid = spec->gid,
					     .n_groups = spec->n_groups,
					     .groups = spec->groups };
	rc = shf_image_parse(spec->image ? spec->image : "", &s->ref, report);
	if (rc < 0)
		return rc;
	rc = shf_volumes_parse(spec->volumes, &s->ctx->config, &s->volumes, report);
	return rc < 0 ? rc : shf_read_node_accounts(s->ctx, &s->account, &s->node);
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
	shf_image_format(&s->ref, &image);
	record->image = image.data;
	record->groups = malloc(size ? size : 1);
	if (!record->user || !record->home || !record->shell || image.failed || !record->groups)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot set up container '%s'", s->spec.id);
	if (size)
		memcpy(record->groups, s->spec.groups, size);
	record->n_groups = s->spec.n_groups;
	return 0;
}

/* ---- what must be had ---- */

static int parse_listen_address(const char *text, struct shf_network *network)
{
	if (inet_pton(AF_INET, text, network->address) == 1) {
		network->family = AF_INET;
		network->prefix = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, text, network->address) == 1) {
		network->family = AF_INET6;
		network->prefix = 128;
		return 0;
	}
	return -EINVAL;
}

static int open_port(struct setup *s)
{
	const struct shf_config *config = &s->ctx->config;
	const struct shf_network *networks = config->sshd_listen;
	size_t n_networks = config->n_sshd_listen;
	struct shf_network one = { 0 };
	uint32_t port = s->spec.sshd_port ? s->spec.sshd_port : config->sshd_port;
	int rc;

	if (!(s->spec.flags & SHIFTER_SETUP_SSHD))
		return 0;
	if (s->spec.listen_address) {
		if (parse_listen_address(s->spec.listen_address, &one) < 0)
			return shf_fail(&s->ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
					"malformed listen address '%s': it is not numeric",
					s->spec.listen_address);
		networks = &one;
		n_networks = 1;
	}
	rc = shf_open_listeners(port, networks, n_networks, &s->listeners, &s->ctx->report);
	if (rc == 0)
		s->record.port = port;
	return rc;
}

static int open_udi(struct setup *s)
{
	struct shf_report ignored = { 0 };
	bool is_needed = s->spec.flags & SHIFTER_SETUP_SSHD;
	int rc;

	/* a site without sshd may do without udiImage */
	rc = shf_open_udi_stage(s->state.root, s->ctx->config.udiimage_path, &s->udi,
				is_needed ? &s->ctx->report : &ignored);
	if (rc < 0 && !is_needed && rc == -ENOENT) {
		shf_log(s->ctx, SHIFTER_LOG_DEBUG, "no udiImage: %s", ignored.text);
		return 0;
	}
	if (rc < 0)
		return is_needed
			       ? rc
			       : shf_fail(&s->ctx->report, ignored.fault, -rc, "%s", ignored.text);
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
	int rc = shf_open_image(&s->ctx->config, &s->ref, &s->identity, &s->image, &s->ctx->report);

	if (rc == 0)
		rc = shf_mount_image(&s->ctx->config, &s->image, &s->ctx->report);
	if (rc < 0)
		return rc;
	s->slots[SHF_SLOT_IMAGE] = rc;
	return shf_setup_open_volumes(s);
}

int shf_setup_open_volumes(struct setup *s)
{
	return shf_open_volume_sources(&s->volumes, s->as,
				       (int)s->ctx->config.helper_timeout_s * 1000,
				       s->slots + SHF_SLOT_FREE, &s->ctx->report);
}

/* ---- what the image makes of it ---- */

static int check_target(struct setup *s, size_t index)
{
	const struct shf_target *target = &s->targets[index];
	size_t first_volume = TARGET_SITE + s->ctx->config.site_fs.count;
	struct shf_report reserved = { 0 };
	const struct shf_mount *volume;
	int rc;

	/* ours go where they go, whatever the image hides there */
	if (index < TARGET_SITE)
		return 0;
	if (index < first_volume) {
		/* as the site said, or, by links of the image, at least not over ours */
		const char *said = s->ctx->config.site_fs.list[index - TARGET_SITE].target;

		if (strcmp(target->path, said) == 0 ||
		    shf_site_target_check(target->path, "", &reserved) == 0)
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
	if (rc < 0)
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, -rc,
				"cannot mount volume '%s' on '%s': in this image that is '%s', "
				"which "
				"is reserved",
				volume->source, volume->target, target->path);
	for (size_t i = TARGET_VAR; i < index && rc == 0; i++) {
		/* nothing is mounted there, or gives way */
		if (i == TARGET_VAR || i == TARGET_HOME)
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

/* Where the image's /opt is, by our own name: a link of that name leads nowhere. */
static int place_udi(struct setup *s)
{
	char *path = s->targets[TARGET_UDI].path;
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);

	if (length + sizeof("/udiImage") > SHF_PATH_MAX)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_JOB, ENAMETOOLONG,
				      "cannot mount udiImage in the image's '/opt'");
	memcpy(path + length, "/udiImage", sizeof("/udiImage"));
	return 0;
}

/* Is there nothing on the node, or in the image, to be the user's home? */
static bool lacks_home(const struct setup *s)
{
	const struct shf_mounts *site = &s->ctx->config.site_fs;
	const struct shf_place *mounts[SHF_PLAN_SLOTS];
	size_t n = 0;

	/* something of the image's that the user may not see: let it be */
	if (s->targets[TARGET_HOME].error)
		return false;
	for (size_t i = 0; i < site->count + s->volumes.count && n < SHF_PLAN_SLOTS; i++)
		if (i >= site->count || !site->list[i].optional ||
		    faccessat(AT_FDCWD, site->list[i].source, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			mounts[n++] = &s->places[TARGET_SITE + i];
	return shf_wants_home(&s->places[TARGET_HOME], mounts, n);
}

int shf_setup_look_into_image(struct setup *s)
{
	const struct shf_mounts *site = &s->ctx->config.site_fs;
	int timeout_ms = (int)s->ctx->config.helper_timeout_s * 1000;
	size_t count = TARGET_SITE + site->count + s->volumes.count;
	const char *const shells[] = { s->account.shell, "/bin/bash", "/bin/sh", NULL };
	int rc;

	s->targets = calloc(count, sizeof(*s->targets));
	s->places = calloc(count, sizeof(*s->places));
	if (!s->targets || !s->places)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot set up container '%s'", s->spec.id);
	strcpy(s->targets[TARGET_VAR].path, "/var");
	strcpy(s->targets[TARGET_UDI].path, "/opt");
	shf_path_clean(s->account.home, s->targets[TARGET_HOME].path);
	for (size_t i = 0; i < count - TARGET_SITE; i++) {
		const struct shf_mount *mount =
			i < site->count ? &site->list[i] : &s->volumes.list[i - site->count];

		snprintf(s->targets[TARGET_SITE + i].path, SHF_PATH_MAX, "%s", mount->target);
	}
	rc = shf_resolve_targets(s->slots[SHF_SLOT_IMAGE], s->targets, count, s->as,
				 timeout_ms, &s->ctx->report);
	if (rc == 0)
		rc = check_root(s);
	if (rc == 0)
		rc = place_udi(s);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = check_target(s, i);
		s->places[i] = (struct shf_place){ s->targets[i].path, s->targets[i].modes,
						   s->targets[i].depth };
	}
	if (rc < 0)
		return rc;
	s->needs_home = lacks_home(s);
	if (s->needs_home)
		shf_log(s->ctx, SHIFTER_LOG_INFO,
			"this node has no home '%s': it is empty and goes with the container",
			s->account.home);
	rc = shf_find_executable(s->slots[SHF_SLOT_IMAGE], shells, s->as, timeout_ms,
				 &s->ctx->report);
	if (rc < 0)
		return rc;
	s->shell = shells[rc] ? shells[rc] : FALLBACK_SHELL;
	return 0;
}

/* ---- the building ---- */

int shf_setup_build(struct setup *s, const char *stage)
{
	cleanup_text struct shf_text resolv_conf = { 0 };
	struct shf_container_facts facts = {
		.config = &s->ctx->config,
		.account = &s->account,
		.node = &s->node,
		.shell = s->shell,
		.tty_gid = shf_get_tty_gid(),
		.stage_path = stage,
		.is_writable = s->spec.flags & SHIFTER_SETUP_WRITABLE,
		.is_unprivileged = geteuid() != 0,
		/* users change directories at any time; files are trusted, and whole */
		.reads_as_user = geteuid() == 0 && s->image.is_directory,
		.has_udi = s->udi.dir >= 0,
		.var = s->places[TARGET_VAR],
		.udi = s->places[TARGET_UDI],
		.home = s->needs_home ? &s->places[TARGET_HOME] : NULL,
		.site_places = s->places + TARGET_SITE,
		.volumes = &s->volumes,
		.volume_places = s->places + TARGET_SITE + s->ctx->config.site_fs.count,
		.first_volume_slot = SHF_SLOT_FREE,
	};
	int rc = shf_read_resolv_conf(&resolv_conf);

	if (rc < 0)
		shf_log(s->ctx, SHIFTER_LOG_WARNING, "cannot read '/etc/resolv.conf'");
	facts.resolv_conf = resolv_conf.data ? resolv_conf.data : "";
	rc = shf_plan_container(&facts, &s->plan);
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot plan container '%s'", s->spec.id);
	s->namespace = shf_build_namespace(&s->plan, s->slots, s->as, BUILD_MS, &s->ctx->report);
	return s->namespace < 0 ? s->namespace : 0;
}

static int build(struct setup *s)
{
	char stage[SHF_PATH_MAX];

	snprintf(stage, sizeof(stage), "%s/%s/%s", SHF_RUN_DIR, s->spec.id, SHF_STATE_STAGE);
	if (mkdirat(s->state.dir, SHF_STATE_STAGE, 0700) < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, errno,
				      "cannot make '%s'", stage);
	return shf_setup_build(s, stage);
}

/* A teardown that came meanwhile wins, and is waiting for us to give up. */
static int check_overtaken(struct setup *s)
{
	return shf_check_overtaken(&s->ctx->report, &s->state, s->asked_ns);
}

static int commit(struct setup *s)
{
	char byte;
	int rc = shf_start_keeper(&s->state, &s->record, s->namespace, s->live_dir, &s->listeners,
				  &s->commit, &s->ctx->report);

	if (rc == 0)
		rc = shf_write_record(&s->state, &s->record, &s->ctx->report);
	if (rc < 0)
		return rc;
	rc = check_overtaken(s);
	if (rc < 0)
		return rc;
	rc = shf_send(s->commit, "c", 1, NULL, 0);
	/* that it was sent does not say that the keeper lived to see it */
	if (rc == 0)
		rc = (int)shf_receive(s->commit, &byte, 1, NULL, NULL, shf_now_ms() + COMMIT_MS);
	if (rc == 0)
		rc = -EPIPE;
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot start the keeper of container '%s'", s->spec.id);
	s->is_committed = true;
	return 0;
}

static int set_up(struct setup *s)
{
	int rc = shf_setup_check(s);

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
		rc = fill_record(s);
	if (rc == 0)
		rc = check_overtaken(s);
	if (rc == 0)
		rc = open_port(s);
	if (rc == 0)
		rc = open_udi(s);
	if (rc == 0)
		rc = shf_setup_open_live_directory(s);
	if (rc == 0)
		rc = shf_setup_look_into_image(s);
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
	shf_close_fd(&s->commit);
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
	shf_node_accounts_free(&s->node);
	shf_close_state(&s->state);
	shf_record_free(&s->record);
	free(s->targets);
	free(s->places);
}

/* Remove what a failed set-up made. */
static void finish(struct setup *s)
{
	if (s->owns_state && !s->is_committed) {
		struct shf_report ignored = { 0 };

		/* without a commit, closing it ends the keeper */
		shf_close_fd(&s->commit);
		if (shf_remove_state(&s->state, &ignored) < 0)
			shf_log(s->ctx, SHIFTER_LOG_WARNING, "%s", ignored.text);
	}
	shf_setup_release(s);
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
		shf_log(ctx, SHIFTER_LOG_INFO, "set up container '%s' of image '%s' for '%s'",
			s->spec.id, s->record.image, s->account.user);
		if (out)
			rc = shf_new_container(ctx, &s->state, &s->record, out);
	}
	finish(s);
	free(s);
	return rc;
}
