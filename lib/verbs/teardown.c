/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_teardown() - end what came in by ssh, then let the kernel clean up
 *
 * Nothing is unmounted path by path and nothing removed by its look: the usher
 * kills its descendants, the keeper lets go of the namespace, known names go.
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/keeper_client.h"
#include "kernel/process.h"
#include "kernel/survivors.h"
#include "kernel/syscalls.h"
#include "kernel/teardowns.h"
#include "verbs/teardown.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { KEEPER_MS = 2000 };

struct teardown {
	struct shifter_ctx *ctx;
	struct shf_state *state; /* locked */
	struct shf_record record;
	bool has_record;
	int64_t deadline_ms;
};

static bool has_ended(int pidfd, int64_t deadline_ms)
{
	struct pollfd pollfd = { .fd = pidfd, .events = POLLIN };
	int rc;

	do
		rc = poll(&pollfd, 1, shf_remaining_ms(deadline_ms));
	while (rc < 0 && errno == EINTR);
	return rc > 0;
}

/* The keeper knows the usher by descriptor; without a keeper, the record by pid. */
static int open_usher(struct teardown *t, pid_t *pid)
{
	struct shf_keeper_answer answer;
	int pidfd = -1;
	size_t n_fds = 1;

	if (shf_ask_keeper(t->state->dir, SHF_KEEPER_USHER_FD, -1, 0, &answer, &pidfd, &n_fds,
			   shf_now_ms() + KEEPER_MS) == 0 &&
	    n_fds == 1) {
		*pid = answer.usher_pid;
		return pidfd;
	}
	if (!t->has_record)
		return -ESRCH;
	*pid = t->record.usher_pid;
	return shf_open_process(t->record.usher_pid, t->record.usher_start);
}

static int end_usher(struct teardown *t)
{
	const char *id = t->state->id;
	unsigned seconds = t->ctx->config.teardown_timeout_s;
	cleanup_text struct shf_text names = { 0 };
	pid_t pid = 0;
	cleanup_fd int usher = open_usher(t, &pid);
	unsigned count;

	if (usher == -ESRCH)
		return 0;
	if (usher < 0)
		return shf_fail_errno(&t->ctx->report, SHIFTER_FAULT_NODE, -usher,
				      "cannot find the usher, process %d, of container '%s'",
				      (int)pid, id);
	shf_sys_pidfd_send_signal(usher, SIGTERM);
	/* a job that is suspended, say */
	shf_sys_pidfd_send_signal(usher, SIGCONT);
	if (has_ended(usher, t->deadline_ms))
		return 0;
	/* it lives on and goes on trying, and whoever tries again finds them by it */
	count = shf_list_descendants(pid, &names);
	if (count)
		return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot end processes that came into container '%s' by ssh within "
				"%u s, %u of them: %s; look for a file system that does not answer",
				id, seconds, count, names.data ? names.data : "");
	if (has_ended(usher, shf_now_ms() + KEEPER_MS))
		return 0;
	shf_sys_pidfd_send_signal(usher, SIGKILL);
	return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
			"cannot end the usher, process %d, of container '%s' within %u s", (int)pid,
			id, seconds);
}

/*
 * A keeper that is known by nothing but its socket (the record is damaged, or a
 * later version's) is asked to end, in words that all versions understand.
 */
static int end_unknown_keeper(struct teardown *t)
{
	int rc = shf_quit_keeper(t->state->dir, shf_now_ms() + KEEPER_MS);

	if (rc == 0 || rc == -ESRCH)
		return 0;
	/* its state stays: without it nobody could reach the keeper any more */
	return shf_fail_errno(&t->ctx->report, SHIFTER_FAULT_NODE, -rc,
			      "cannot end the keeper of container '%s', whose record cannot be "
			      "read",
			      t->state->id);
}

static int end_keeper(struct teardown *t)
{
	cleanup_fd int keeper = -1;
	int rc;

	/* before it quits: its pid is its own as long as it lives */
	if (t->has_record)
		keeper = shf_open_process(t->record.keeper_pid, t->record.keeper_start);
	if (keeper < 0)
		return end_unknown_keeper(t);
	rc = shf_quit_keeper(t->state->dir, shf_now_ms() + KEEPER_MS);
	if (rc < 0)
		shf_sys_pidfd_send_signal(keeper, SIGKILL);
	if (has_ended(keeper, shf_now_ms() + KEEPER_MS))
		return 0;
	shf_sys_pidfd_send_signal(keeper, SIGKILL);
	if (has_ended(keeper, shf_now_ms() + KEEPER_MS))
		return 0;
	return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
			"cannot end the keeper, process %d, of container '%s'",
			(int)t->record.keeper_pid, t->state->id);
}

/* Name who is still inside: they entered by themselves, or came out of the usher's reach. */
static void name_survivors(struct teardown *t, uint64_t namespace)
{
	cleanup_text struct shf_text names = { 0 };
	unsigned count = namespace ? shf_list_survivors(namespace, &names) : 0;

	if (count)
		shf_log(t->ctx, SHIFTER_LOG_WARNING,
			"container '%s' is gone, but %u processes are still inside: %s",
			t->state->id, count, names.data ? names.data : "");
}

/* call: a keeper that was asked for it */
static uint64_t find_namespace(int call)
{
	struct shf_keeper_answer answer;
	cleanup_fd int namespace = -1;
	size_t n_fds = 1;

	if (call < 0 || shf_hear_keeper(call, &answer, &namespace, &n_fds,
					shf_now_ms() + KEEPER_MS) < 0)
		return 0;
	return shf_identify_namespace(namespace);
}

int shf_remove_container(struct shifter_ctx *ctx, struct shf_state *state, int64_t deadline_ms)
{
	struct teardown t = { .ctx = ctx, .state = state, .deadline_ms = deadline_ms };
	struct shf_report damaged = { 0 };
	cleanup_fd int call = -1;
	uint64_t namespace;
	char boot_id[37];
	int rc;

	t.has_record = shf_read_record(state, &t.record, &damaged) == 0;
	/* of a dead boot, its pids are other processes' now */
	if (t.has_record &&
	    (shf_get_boot_id(boot_id) < 0 || strcmp(boot_id, t.record.boot_id) != 0)) {
		shf_record_free(&t.record);
		t.has_record = false;
	}
	/* it answers while the usher is looked for */
	call = shf_call_keeper(state->dir, SHF_KEEPER_ENTER, -1, 0);
	rc = end_usher(&t);
	namespace = find_namespace(call);
	/* what nobody but the keeper knows would be lost with it */
	if ((rc == 0 || t.has_record) && end_keeper(&t) < 0 && rc == 0)
		rc = -ETIMEDOUT;
	if (rc == 0)
		rc = shf_remove_state(state, &ctx->report);
	if (rc == 0)
		name_survivors(&t, namespace);
	if (t.has_record)
		shf_record_free(&t.record);
	return rc;
}

static int lock_and_remove(struct shifter_ctx *ctx, struct shf_state *state)
{
	int64_t deadline_ms = shf_now_ms() + (int64_t)ctx->config.teardown_timeout_s * 1000;
	int rc = shf_lock_state(state, false, deadline_ms);

	if (rc == -ENOENT)
		return 0;
	if (rc == -EBUSY)
		return shf_fail(&ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot tear down container '%s': another process works on it and "
				"does not end",
				state->id);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot lock container '%s'", state->id);
	return shf_remove_container(ctx, state, deadline_ms);
}

int shifter_teardown(struct shifter_ctx *ctx, const char *id)
{
	cleanup_state struct shf_state state = SHF_NO_STATE;
	int rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "tear down a container");
	if (rc < 0)
		return rc;
	if (!shf_is_id(id))
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container id '%s'", id ? id : "");
	state.root = shf_open_run_dir(true, &ctx->report);
	if (state.root < 0)
		return state.root;
	/* first of all: a set-up that is on its way must see it, wherever it is */
	rc = shf_note_teardown(state.root, id, shf_boot_time_ns());
	if (rc < 0)
		shf_log(ctx, SHIFTER_LOG_WARNING,
			"cannot note the teardown of container '%s' in '%s/%s'", id,
			SHF_RUN_DIR, SHF_TEARDOWNS_NAME);
	shf_close_fd(&state.root);
	rc = shf_open_state(id, &state, &ctx->report);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = lock_and_remove(ctx, &state);
	if (rc == 0)
		shf_log(ctx, SHIFTER_LOG_INFO, "tore down container '%s'", id);
	return rc;
}
