/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-torque - prologue, prologue.parallel, epilogue, epilogue.parallel and
 * epilogue.precancel of pbs_mom, in one program
 *
 * Its exit status is 0 or 1, since pbs_mom runs a job again and again for others.  A
 * prologue of the first node that ends with 1 aborts the job; one of another node has the
 * job started anew and the node marked down, and so happens only for faults of the node.
 */
#include "common/scope.h"
#include "complain.h"
#include "mom.h"
#include "supervise.h"
#include "user.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_MS = 60000,
       WAIT_S = 60 };

/* ---- prologue ---- */

/* Returns 0 and the descriptor of the supervisor's report, or a negative errno value. */
static int begin(const struct shf_torque_hook *hook, int64_t deadline_ms,
		 char generation[SHF_TORQUE_GENERATION_SIZE], int *report)
{
	scope_record struct shf_torque_record record = SHF_TORQUE_NO_RECORD;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char why[SHF_TORQUE_WHY_SIZE];
	int rc;

	rc = shf_torque_record_lock(hook->key, true, deadline_ms, &record);
	if (rc == 0)
		rc = shf_torque_record_renew(&record, generation);
	if (rc < 0) {
		shf_torque_error("cannot begin: '%s-torque/%s': %s", SHF_RUN_DIR, hook->key,
				 strerror(-rc));
		return rc;
	}
	/*
	 * Of an earlier run, or of a prologue that still runs.  It must be gone when this
	 * one ends, for the first node takes whatever answers for ready.
	 */
	rc = shf_torque_context(false, &ctx, why);
	if (rc < 0)
		shf_torque_error("%s", why);
	if (rc == 0 && (rc = shifter_teardown(ctx, hook->container)) < 0)
		shf_torque_error("%s", shifter_get_error(ctx));
	if (rc == 0 &&
	    (rc = shf_torque_start_supervisor(hook, generation, &record, report)) < 0)
		shf_torque_error("cannot start the supervisor: %s", strerror(-rc));
	if (rc < 0)
		(void)shf_torque_record_remove(&record);
	return rc;
}

/* Seconds for the barrier: what the site wants, if there is as much time. */
static int barrier_seconds(int64_t deadline_ms)
{
	int64_t left_s = (deadline_ms - shf_torque_now_ms()) / 1000;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char why[SHF_TORQUE_WHY_SIZE];
	int seconds = WAIT_S;
	const char *value;

	if (shf_torque_context(false, &ctx, why) == 0 &&
	    shifter_get_setting(ctx, "sshReadyTimeout", &value) == 0 && atoi(value) > 0)
		seconds = atoi(value);
	if (left_s < 1)
		left_s = 1;
	return seconds < left_s ? seconds : (int)left_s;
}

struct run {
	const struct shf_torque_hook *hook;
	const char *generation;
};

static bool is_over(void *data)
{
	const struct run *run = data;

	return !shf_torque_record_is_current(run->hook->key, run->generation);
}

static int wait_for_hosts(const struct shf_torque_hook *hook, const char *generation,
			  int64_t deadline_ms, char why[SHF_TORQUE_WHY_SIZE])
{
	struct run run = { hook, generation };
	scope_account struct shf_wlm_account account = { .user = NULL };
	int rc = shf_wlm_account_find(hook->user, *hook->group ? hook->group : NULL, &account, why,
				      SHF_TORQUE_WHY_SIZE);

	if (rc < 0)
		return rc;
	return shf_torque_wait_for_hosts(&account, hook->container, barrier_seconds(deadline_ms),
					 is_over, &run, why);
}

static int abort_job(const struct shf_torque_hook *hook, const char *generation, const char *why)
{
	/* if the job was deleted meanwhile nobody wants to know */
	if (shf_torque_record_is_current(hook->key, generation)) {
		shf_torque_error("%s", why);
		shf_torque_complain(hook, why);
		(void)shf_torque_end_generation(hook, generation);
	}
	return 1;
}

/* On the first node: what is there when this returns is what the job's script finds. */
static int see_to_job(const struct shf_torque_hook *hook, const char *generation, int fd,
		      int64_t deadline_ms)
{
	struct shf_torque_report report;
	char why[SHF_TORQUE_WHY_SIZE];
	int rc = shf_torque_take_report(fd, deadline_ms, &report);

	if (rc == -ETIMEDOUT)
		return abort_job(hook, generation,
				 "cannot set up the container: it takes longer than the prologue "
				 "may ($prologalarm of pbs_mom)");
	if (rc < 0)
		return abort_job(hook, generation,
				 "cannot set up the container: its supervisor has ended");
	switch (report.outcome) {
	case SHF_TORQUE_NO_CONTAINER: return 0;
	case SHF_TORQUE_OVERTAKEN: return 1;
	case SHF_TORQUE_FAILED:
		/* logged and cleaned up already */
		shf_torque_complain(hook, report.text);
		return 1;
	case SHF_TORQUE_WITHOUT_SSH: shf_torque_complain(hook, report.text); return 0;
	case SHF_TORQUE_READY: break;
	}
	if (wait_for_hosts(hook, generation, deadline_ms, why) < 0)
		return abort_job(hook, generation, why);
	return 0;
}

static int run_prologue(const struct shf_torque_hook *hook)
{
	int64_t limit_ms = shf_torque_prologue_limit_ms(hook->job_file);
	int64_t deadline_ms = hook->started_ms + limit_ms;
	char generation[SHF_TORQUE_GENERATION_SIZE];
	scope_fd int report = -1;

	if (begin(hook, deadline_ms, generation, &report) < 0) {
		if (hook->is_first)
			shf_torque_complain(hook, "cannot set up the container: this node is at "
						  "fault; its system log says more");
		return 1;
	}
	return hook->is_first ? see_to_job(hook, generation, report, deadline_ms) : 0;
}

/* ---- epilogue ---- */

static int run_epilogue(const struct shf_torque_hook *hook)
{
	scope_record struct shf_torque_record record = SHF_TORQUE_NO_RECORD;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char why[SHF_TORQUE_WHY_SIZE];
	int rc, status = 0;

	rc = shf_torque_context(false, &ctx, why);
	if (rc < 0) {
		shf_torque_error("%s", why);
		return 1;
	}
	/* no prologue of the job begins, and no supervisor ends it, before we are done */
	rc = shf_torque_record_lock(hook->key, false, shf_torque_now_ms() + LOCK_MS, &record);
	if (rc < 0 && rc != -ENOENT)
		shf_torque_error("cannot lock '%s-torque/%s': %s", SHF_RUN_DIR, hook->key,
				 strerror(-rc));
	if (shifter_teardown(ctx, hook->container) < 0) {
		shf_torque_error("%s", shifter_get_error(ctx));
		dprintf(STDERR_FILENO, "shifter: %s\n", shifter_get_error(ctx));
		status = 1;
	}
	if (rc == 0 && (rc = shf_torque_record_remove(&record)) < 0) {
		shf_torque_error("cannot remove '%s-torque/%s': %s", SHF_RUN_DIR, hook->key,
				 strerror(-rc));
		status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	char why[SHF_TORQUE_WHY_SIZE];
	struct shf_torque_hook hook;
	int rc = shf_torque_hook_read(&hook, argc, argv, why, sizeof(why));

	/* epilogue.precancel is run as the user, and an epilogue follows */
	if (rc == 0 && hook.role == SHF_TORQUE_NOTHING)
		return 0;
	if (shf_torque_sanitise() < 0)
		return 1;
	shf_torque_open_log(hook.key);
	if (rc < 0) {
		shf_torque_error("%s", why);
		dprintf(STDERR_FILENO, "shifter: %s\n", why);
		return 1;
	}
	return hook.role == SHF_TORQUE_PROLOGUE ? run_prologue(&hook) : run_epilogue(&hook);
}
