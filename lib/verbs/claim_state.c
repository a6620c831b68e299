/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/claim_state.h"

#include "kernel/teardowns.h"
#include "verbs/teardown.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* somebody may be just looking at it */
enum { LOOK_MS = 200 };

int shf_find_asked_ns(struct shf_report *report, const char *id, int32_t hook_pid,
		      uint64_t *asked_ns)
{
	int rc;

	if (hook_pid < 0)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: %d is no process", (int)hook_pid);
	if (hook_pid == 0) {
		*asked_ns = shf_boot_time_ns();
		return 0;
	}
	rc = shf_get_start_ns(hook_pid, asked_ns);
	if (rc == -ESRCH)
		return shf_fail(report, SHIFTER_FAULT_JOB, ECANCELED,
				"gave up container '%s': process %d, which asked for it, has ended",
				id, (int)hook_pid);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot tell when process %d was started", (int)hook_pid);
	return 0;
}

int shf_check_overtaken(struct shf_report *report, struct shf_state *state, uint64_t asked_ns)
{
	if (!shf_was_torn_down(state->root, state->id, asked_ns))
		return 0;
	return shf_fail(report, SHIFTER_FAULT_JOB, ECANCELED,
			"gave up container '%s': its teardown has come first", state->id);
}

/* Is what is there younger than what was asked for then? */
static bool is_younger(struct shf_state *state, uint64_t asked_ns)
{
	struct shf_report ignored = { 0 };
	struct shf_record record;
	char boot_id[37];
	bool answer;

	/* one without a record was never finished */
	if (shf_read_record(state, &record, &ignored) < 0)
		return false;
	answer = shf_get_boot_id(boot_id) == 0 && strcmp(record.boot_id, boot_id) == 0 &&
		 record.asked > asked_ns;
	shf_record_free(&record);
	return answer;
}

static int make_way(struct shifter_ctx *ctx, struct shf_state *state, uint64_t asked_ns,
		    int64_t deadline_ms)
{
	if (is_younger(state, asked_ns))
		return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, ECANCELED,
				"gave up container '%s': one that was asked for later is there",
				state->id);
	shf_log(ctx, SHIFTER_LOG_INFO, "replacing container '%s'", state->id);
	return shf_remove_container(ctx, state, deadline_ms);
}

int shf_claim_state(struct shifter_ctx *ctx, const char *id, uint64_t asked_ns, bool replace,
		    struct shf_state *state, bool *is_made)
{
	int64_t patience_ms = replace ? 1000 * (int64_t)ctx->config.teardown_timeout_s : LOOK_MS;
	int64_t deadline_ms = shf_now_ms() + patience_ms;
	int rc;

	if (replace) {
		int root = shf_open_run_dir(true, &ctx->report);

		if (root < 0)
			return root;
		/* an earlier set-up that still runs sees it and gives up */
		rc = shf_note_teardown(root, id, asked_ns - 1);
		close(root);
		if (rc < 0)
			return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
					      "cannot write '%s/%s'", SHF_RUN_DIR,
					      SHF_TEARDOWNS_NAME);
	}
	while ((rc = shf_create_state(id, deadline_ms, state, &ctx->report)) == -EEXIST &&
	       replace) {
		shf_report_clear(&ctx->report);
		rc = make_way(ctx, state, asked_ns, deadline_ms);
		shf_release_state(state);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	*is_made = true;
	/* now that a teardown would find us: one that came before has left its note */
	return shf_check_overtaken(&ctx->report, state, asked_ns);
}
