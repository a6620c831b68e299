/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_list_containers() - what is on this node
 */
#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/keeper_client.h"
#include "verbs/context.h"

#include <dirent.h>
#include <string.h>

enum { KEEPER_MS = 2000 };

static int is_container(const struct dirent *entry)
{
	return shf_is_id(entry->d_name);
}

static int list_one(struct shifter_ctx *ctx, const char *id, shifter_list_fn list, void *data)
{
	cleanup_state struct shf_state state = SHF_NO_STATE;
	struct shifter_container_info info = {
		.size = sizeof(info), .id = id, .image = "", .user = "", .state = "damaged"
	};
	struct shf_record record = { 0 };
	struct shf_report ignored = { 0 };
	struct shf_keeper_answer answer;
	int rc = shf_open_state(id, &state, &ignored);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = shf_lock_state(&state, true, 0);
	if (rc == -ENOENT)
		return 0;
	if (rc == -EBUSY)
		info.state = "busy";
	if (shf_read_record(&state, &record, &ignored) == 0) {
		info.image = record.image;
		info.user = record.user;
		info.uid = record.uid;
		info.sshd_port = record.port;
		info.created = record.created;
		if (shf_ask_keeper(state.dir, SHF_KEEPER_INFO, -1, 0, &answer, NULL, NULL,
				   shf_now_ms() + KEEPER_MS) == 0) {
			info.keeper_pid = record.keeper_pid;
			info.sshd_pid = answer.usher_pid;
			if (rc == 0)
				info.state = answer.usher_pid ? "serving" : "ready";
		}
	}
	(void)ctx;
	rc = list(&info, data);
	shf_record_free(&record);
	return rc;
}

int shifter_list_containers(struct shifter_ctx *ctx, shifter_list_fn list, void *data)
{
	struct dirent **entries = NULL;
	cleanup_fd int dir = -1;
	int count, rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "list containers");
	if (rc < 0)
		return rc;
	dir = shf_open_run_dir(false, &ctx->report);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	count = scandirat(dir, ".", &entries, is_container, alphasort);
	if (count < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, errno, "cannot read '%s'",
				      SHF_RUN_DIR);
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = list_one(ctx, entries[i]->d_name, list, data);
		free(entries[i]);
	}
	free(entries);
	return rc;
}
