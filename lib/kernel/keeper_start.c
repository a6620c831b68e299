/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/keeper_start.h"

#include "base/cleanup.h"
#include "kernel/keeper_client.h"
#include "kernel/keeper_protocol.h"
#include "kernel/message.h"

#include <stdint.h>
#include <stdio.h>

static int start(struct shf_record *record, struct shf_worker *keeper)
{
	struct shf_child child = SHF_NO_CHILD;
	struct shf_worker_order order;
	char uid[16];
	int rc = shf_prepare_worker("shifter-keeper", keeper, &order);

	if (rc < 0)
		return rc;
	snprintf(uid, sizeof(uid), "%u", record->uid);
	order.argv[1] = (char *)(uintptr_t)SHF_KEEPER_START;
	order.argv[2] = record->id;
	order.argv[3] = uid;
	order.argv[4] = record->generation;
	rc = shf_start_daemon(&order.daemon, &child);
	return shf_finish_worker(keeper, &order, child, rc);
}

int shf_start_keeper(struct shf_record *record, struct shf_worker *keeper,
		     struct shf_report *report)
{
	int rc = start(record, keeper);

	if (rc < 0)
		return shf_fail_errno(report,
				      rc == -ENOENT ? SHIFTER_FAULT_SITE : SHIFTER_FAULT_NODE, -rc,
				      "cannot start 'shifter-keeper' of the library");
	record->keeper_pid = keeper->child.pid;
	rc = shf_process_start_time(keeper->child.pid, &record->keeper_start);
	if (rc == -ESRCH)
		return shf_fail_early_end(keeper, report);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot find the keeper of container '%s'", record->id);
	return 0;
}

int shf_commit_keeper(struct shf_worker *keeper, const struct shf_state *state, int namespace,
		      int live, const struct shf_listeners *listeners, int timeout_ms)
{
	int fds[SHF_COMMIT_LISTENERS + SHF_LISTENERS_MAX];
	cleanup_fd int control = shf_listen_keeper(state->dir);
	char byte;
	int rc;

	_Static_assert(sizeof(fds) / sizeof(*fds) <= SHF_MESSAGE_FDS, "all go in one packet");
	if (control < 0)
		return control;
	fds[SHF_COMMIT_NAMESPACE] = namespace;
	fds[SHF_COMMIT_LIVE] = live;
	fds[SHF_COMMIT_CONTROL] = control;
	for (size_t i = 0; i < listeners->count; i++)
		fds[SHF_COMMIT_LISTENERS + i] = listeners->fds[i];
	rc = shf_send(keeper->channel, "c", 1, fds, SHF_COMMIT_LISTENERS + listeners->count);
	/* that it was sent does not say that the keeper lived to see it */
	if (rc == 0)
		rc = (int)shf_receive(keeper->channel, &byte, 1, NULL, NULL,
				      shf_now_ms() + timeout_ms);
	if (rc == 0)
		rc = -EPIPE;
	if (rc < 0)
		return rc;
	shf_release_worker(keeper);
	return 0;
}
