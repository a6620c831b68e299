/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_open_container(), shifter_enter_container() and the keeper behind a
 * handle
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/credentials.h"
#include "verbs/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

int shf_ask(struct shifter_container *container, enum shf_keeper_verb verb, int give,
	    int32_t usher_pid, struct shf_keeper_answer *answer, int *fds, size_t *n_fds)
{
	struct shifter_ctx *ctx = container->ctx;
	int rc;

	rc = shf_ask_keeper(container->state.dir, verb, give, usher_pid, answer, fds, n_fds,
			    shf_now_ms() + SHF_KEEPER_MS);
	if (rc == -ESRCH)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, ESTALE,
				"container '%s' has been torn down", container->record.id);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot ask the keeper of container '%s'",
				      container->record.id);
	if (strcmp(answer->generation, container->record.generation) != 0) {
		while (n_fds && *n_fds)
			close(fds[--*n_fds]);
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, ESTALE,
				"container '%s' has been torn down and set up anew",
				container->record.id);
	}
	return 0;
}

static int open_state(struct shifter_ctx *ctx, const char *id, struct shf_state *state)
{
	int rc = shf_open_state(id, state, &ctx->report);

	if (rc == -ENOENT)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, ENOENT,
				"there is no container '%s' on this node", id);
	if (rc < 0)
		return rc;
	/* whoever sets it up or tears it down holds the lock; we do not keep it */
	rc = shf_lock_state(state, true, 0);
	if (rc == -EBUSY)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, EBUSY,
				"container '%s' is being set up or torn down", id);
	if (rc == -ENOENT)
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, ENOENT,
				"there is no container '%s' on this node", id);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot lock container '%s'", id);
	return 0;
}

int shifter_open_container(struct shifter_ctx *ctx, const char *id, struct shifter_container **out)
{
	cleanup_state struct shf_state state = SHF_NO_STATE;
	struct shf_record record = { 0 };
	struct shf_keeper_answer answer;
	char boot_id[37];
	int rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "open a container");
	if (rc < 0)
		return rc;
	if (!shf_is_id(id))
		return shf_fail(&ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container id '%s'", id ? id : "");
	rc = open_state(ctx, id, &state);
	if (rc == 0)
		rc = shf_read_record(&state, &record, &ctx->report);
	if (rc < 0)
		return rc;
	if (shf_get_boot_id(boot_id) == 0 && strcmp(boot_id, record.boot_id) != 0) {
		shf_record_free(&record);
		return shf_fail(&ctx->report, SHIFTER_FAULT_NODE, EUCLEAN,
				"container '%s' is damaged: the node was booted since it was set "
				"up; tear it down",
				id);
	}
	rc = shf_ask_keeper(state.dir, SHF_KEEPER_INFO, -1, 0, &answer, NULL, NULL,
			    shf_now_ms() + SHF_KEEPER_MS);
	if (rc < 0 || strcmp(answer.generation, record.generation) != 0)
		rc = shf_fail(&ctx->report, SHIFTER_FAULT_NODE, EUCLEAN,
			      "container '%s' is damaged: its keeper is gone; tear it down", id);
	if (rc == 0) {
		shf_unlock_state(&state);
		rc = shf_new_container(ctx, &state, &record, out);
		if (rc == 0)
			(*out)->sshd_pid = answer.usher_pid;
	}
	shf_record_free(&record);
	return rc;
}

int32_t shifter_get_sshd_pid(struct shifter_container *container)
{
	return container->sshd_pid;
}

/* setns(2) refuses a mount namespace to a process of several threads; say so. */
static bool has_one_thread(void)
{
	DIR *dir = opendir("/proc/self/task");
	int count = 0;

	if (!dir)
		return true;
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count == 1;
}

int shifter_enter_container(struct shifter_container *container, uint32_t flags)
{
	struct shf_report *report = &container->ctx->report;
	const struct shf_record *record = &container->record;
	const struct shf_identity identity = { record->uid, record->gid, record->n_groups,
					       record->groups };
	struct shf_keeper_answer answer;
	cleanup_fd int namespace = -1;
	size_t n_fds = 1;
	int rc;

	shf_begin(container->ctx);
	if (flags & ~(uint32_t)SHIFTER_ENTER_KEEP_CREDENTIALS)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot enter container '%s': unknown flags", record->id);
	rc = shf_require_root(report, "enter a container");
	if (rc < 0)
		return rc;
	if (!has_one_thread())
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot enter container '%s': the process has several threads",
				record->id);
	rc = shf_ask(container, SHF_KEEPER_ENTER, -1, 0, &answer, &namespace, &n_fds);
	if (rc < 0)
		return rc;
	if (n_fds != 1 || unshare(CLONE_FS) < 0 || setns(namespace, CLONE_NEWNS) < 0 ||
	    chdir("/") < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, n_fds == 1 ? errno : EIO,
				      "cannot enter container '%s'", record->id);
	if (flags & SHIFTER_ENTER_KEEP_CREDENTIALS)
		return 0;
	rc = shf_become_user(&identity, 0);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot become user '%s' of container '%s'", record->user,
				      record->id);
	return 0;
}
