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
#include "verbs/context.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { KEEPER_MS = 2000 };

struct teardown {
	struct shifter_ctx *ctx;
	struct shf_state state;
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
static int open_usher(struct teardown *t)
{
	struct shf_keeper_answer answer;
	int pidfd = -1;
	size_t n_fds = 1;

	if (shf_ask_keeper(t->state.dir, SHF_KEEPER_USHER_FD, -1, 0, &answer, &pidfd, &n_fds,
			   shf_now_ms() + KEEPER_MS) == 0 &&
	    n_fds == 1)
		return pidfd;
	if (!t->has_record)
		return -ESRCH;
	return shf_open_process(t->record.usher_pid, t->record.usher_start);
}

static int end_usher(struct teardown *t)
{
	cleanup_fd int usher = open_usher(t);

	if (usher < 0)
		return 0;
	shf_sys_pidfd_send_signal(usher, SIGTERM);
	if (has_ended(usher, t->deadline_ms))
		return 0;
	/* its children then die of its death (PR_SET_PDEATHSIG), if they can */
	shf_sys_pidfd_send_signal(usher, SIGKILL);
	return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
			"cannot end all processes that came into container '%s' by ssh within %u s",
			t->state.id, t->ctx->config.teardown_timeout_s);
}

static int end_keeper(struct teardown *t)
{
	struct shf_keeper_answer answer;
	cleanup_fd int keeper = -1;
	int rc;

	/* before it quits: its pid is its own as long as it lives */
	if (t->has_record)
		keeper = shf_open_process(t->record.keeper_pid, t->record.keeper_start);
	rc = shf_ask_keeper(t->state.dir, SHF_KEEPER_QUIT, -1, 0, &answer, NULL, NULL,
			    shf_now_ms() + KEEPER_MS);
	if (keeper < 0)
		return 0;
	if (rc < 0)
		shf_sys_pidfd_send_signal(keeper, SIGKILL);
	if (has_ended(keeper, shf_now_ms() + KEEPER_MS))
		return 0;
	shf_sys_pidfd_send_signal(keeper, SIGKILL);
	if (has_ended(keeper, shf_now_ms() + KEEPER_MS))
		return 0;
	return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
			"cannot end the keeper, process %d, of container '%s'",
			(int)t->record.keeper_pid, t->state.id);
}

static int lock_state(struct teardown *t)
{
	int rc = shf_lock_state(&t->state, false, 0);

	if (rc != -EBUSY)
		return rc;
	/* whoever holds it, a set-up perhaps, sees this and gives up */
	rc = shf_place_tombstone(&t->state);
	return rc < 0 ? rc : shf_lock_state(&t->state, false, t->deadline_ms);
}

/* Name who is still inside: they entered by themselves, or came out of the usher's reach. */
static int name_survivors(struct teardown *t, uint64_t namespace)
{
	cleanup_text struct shf_text names = { 0 };
	unsigned count = namespace ? shf_list_survivors(namespace, &names) : 0;

	if (count)
		shf_log(t->ctx, SHIFTER_LOG_WARNING,
			"container '%s' is gone, but %u processes are still inside: %s",
			t->state.id, count, names.data ? names.data : "");
	return 0;
}

static uint64_t find_namespace(struct teardown *t)
{
	struct shf_keeper_answer answer;
	cleanup_fd int namespace = -1;
	size_t n_fds = 1;

	if (shf_ask_keeper(t->state.dir, SHF_KEEPER_ENTER, -1, 0, &answer, &namespace, &n_fds,
			   shf_now_ms() + KEEPER_MS) < 0)
		return 0;
	return shf_identify_namespace(namespace);
}

static int tear_down(struct teardown *t)
{
	struct shf_report damaged = { 0 };
	uint64_t namespace;
	char boot_id[37];
	int rc = lock_state(t);

	if (rc == -ENOENT)
		return 0;
	if (rc == -EBUSY)
		return shf_fail(&t->ctx->report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot tear down container '%s': another process works on it and "
				"does not end",
				t->state.id);
	if (rc < 0)
		return shf_fail_errno(&t->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot lock container '%s'", t->state.id);
	/* of a dead boot, its pids are other processes' now */
	t->has_record = shf_read_record(&t->state, &t->record, &damaged) == 0;
	if (t->has_record && (shf_get_boot_id(boot_id) < 0 ||
			      strcmp(boot_id, t->record.boot_id) != 0)) {
		shf_record_free(&t->record);
		t->has_record = false;
	}
	namespace = find_namespace(t);
	rc = end_usher(t);
	if (end_keeper(t) < 0 && rc == 0)
		rc = -ETIMEDOUT;
	name_survivors(t, namespace);
	if (rc == 0)
		rc = shf_remove_state(&t->state, &t->ctx->report);
	return rc;
}

int shifter_teardown(struct shifter_ctx *ctx, const char *id)
{
	struct teardown t = { .ctx = ctx, .state = SHF_NO_STATE };
	int rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "tear down a container");
	if (rc < 0)
		return rc;
	if (!shf_is_id(id))
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container id '%s'", id ? id : "");
	t.deadline_ms = shf_now_ms() + (int64_t)ctx->config.teardown_timeout_s * 1000;
	rc = shf_open_state(id, &t.state, &ctx->report);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = tear_down(&t);
	if (rc == 0)
		shf_log(ctx, SHIFTER_LOG_INFO, "tore down container '%s'", id);
	if (t.has_record)
		shf_record_free(&t.record);
	shf_close_state(&t.state);
	return rc;
}
