/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_collect_garbage() - remove what crashes left on this node
 *
 * Only what nobody works on, and what nobody holds and nobody can enter any more or whose
 * job is gone; in doubt it stays, and is shifter_teardown()'s.
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/keeper_client.h"
#include "kernel/udi_stage.h"
#include "verbs/teardown.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { KEEPER_MS = 2000,
       GONE_MS = 2000,
       LOOK_MS = 100 };

struct collection {
	struct shifter_ctx *ctx;
	bool is_dry;
	shifter_garbage_fn found;
	void *data;
	int stop;                 /* what the callback returned */
	struct shf_report failed; /* the first failure */
};

static void tell(struct collection *c, const char *kind, const char *name, const char *reason,
		 int rc)
{
	struct shf_report *report = &c->ctx->report;
	const struct shifter_garbage_info info = { .size = sizeof(info),
						   .kind = kind,
						   .name = name,
						   .reason = reason,
						   .failure = rc < 0 ? report->text : NULL };

	if (c->found)
		c->stop = c->found(&info, c->data);
	if (rc < 0 && !c->failed.error)
		c->failed = *report;
	shf_report_clear(report);
}

/* A file that is just being rewritten is not gone. */
static bool is_gone(const char *path)
{
	int64_t end_ms = shf_now_ms() + GONE_MS;

	while (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR)) {
		if (shf_now_ms() >= end_ms)
			return true;
		poll(NULL, 0, LOOK_MS);
	}
	return false;
}

/* Why a container that nobody works on is of no use any more, or NULL. */
static const char *find_reason(struct shf_state *state)
{
	struct shf_report damaged = { 0 };
	struct shf_keeper_answer answer;
	struct shf_record record;
	char boot_id[37];
	bool is_old, is_over;
	int rc = shf_read_record(state, &record, &damaged);

	if (rc == 0) {
		if (shf_get_boot_id(boot_id) < 0)
			boot_id[0] = '\0';
		is_old = boot_id[0] && strcmp(boot_id, record.boot_id) != 0;
		is_over = !is_old && *record.job_file && is_gone(record.job_file);
		shf_record_free(&record);
		if (is_old)
			return "the node was booted since it was set up";
		if (is_over)
			return "the file of its job is gone";
	}
	/* whatever its record is like: with a keeper it can be entered */
	if (shf_ask_keeper(state->dir, SHF_KEEPER_INFO, -1, 0, &answer, NULL, NULL,
			   shf_now_ms() + KEEPER_MS) != -ESRCH)
		return NULL;
	return rc == 0 ? "its keeper is gone" : "its set-up was not finished";
}

static void look_at(struct collection *c, const char *id)
{
	cleanup_state struct shf_state state = SHF_NO_STATE;
	struct shf_report ignored = { 0 };
	const char *reason;
	int64_t timeout_ms = 1000 * (int64_t)c->ctx->config.teardown_timeout_s;
	int rc = shf_open_state(id, &state, &ignored);

	/* who holds the lock knows what it does */
	if (rc < 0 || shf_lock_state(&state, false, 0) < 0)
		return;
	reason = find_reason(&state);
	if (!reason)
		return;
	if (!c->is_dry)
		rc = shf_remove_container(c->ctx, &state, shf_now_ms() + timeout_ms);
	tell(c, "container", id, reason, rc);
}

static void found_stage(const char *name, int error, void *data)
{
	struct collection *c = data;
	int rc = 0;

	if (error)
		rc = shf_fail_errno(&c->ctx->report, SHIFTER_FAULT_NODE, error,
				    "cannot remove '%s/%s/%s'", SHF_RUN_DIR, SHF_STAGES_NAME, name);
	tell(c, "stage", name, "no container uses this copy of udiImage", rc);
}

static int is_container(const struct dirent *entry)
{
	return shf_is_id(entry->d_name);
}

int shifter_collect_garbage(struct shifter_ctx *ctx, uint32_t flags, shifter_garbage_fn found,
			    void *data)
{
	struct collection c = { .ctx = ctx,
				.is_dry = flags & SHIFTER_GARBAGE_DRY_RUN,
				.found = found,
				.data = data };
	struct dirent **entries = NULL;
	cleanup_fd int dir = -1;
	int count, rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "collect garbage");
	if (rc < 0)
		return rc;
	if (flags & ~(uint32_t)SHIFTER_GARBAGE_DRY_RUN)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot collect garbage: unknown flags");
	dir = shf_open_run_dir(false, &ctx->report);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	count = scandirat(dir, ".", &entries, is_container, alphasort);
	if (count < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, errno, "cannot read '%s'",
				      SHF_RUN_DIR);
	for (int i = 0; i < count; i++) {
		if (!c.stop)
			look_at(&c, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (!c.stop) {
		rc = shf_sweep_udi_stages(dir, c.is_dry, found_stage, &c);
		if (rc < 0 && !c.failed.error)
			shf_fail_errno(&c.failed, SHIFTER_FAULT_NODE, -rc, "cannot look at '%s/%s'",
				       SHF_RUN_DIR, SHF_STAGES_NAME);
	}
	if (c.failed.error)
		ctx->report = c.failed;
	return c.stop ? c.stop : -c.failed.error;
}
