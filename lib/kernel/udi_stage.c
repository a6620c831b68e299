/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_stage.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/process.h"
#include "kernel/state.h"
#include "kernel/trust.h"
#include "kernel/udi_copy.h"
#include "kernel/udi_trial.h"
#include "kernel/udi_verdict.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FRESH ".new"

enum { LOCK_MS = 60000 };

/* What a stage is made of. */
struct source {
	int dir;
	const char *path;
	char failed_name[SHF_UDI_NAME];
};

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* ---- old copies ---- */

static bool is_in_use(int run_dir, const char *stage)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	cleanup_fd int again = openat(run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return true;
	steal_fd(&again);
	while ((entry = readdir(dir))) {
		struct shf_state state = { .root = -1, .id = entry->d_name };
		struct shf_report ignored = { 0 };
		struct shf_record record;
		bool is_same;

		if (entry->d_name[0] == '.')
			continue;
		state.dir = openat(run_dir, entry->d_name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (state.dir < 0)
			continue;
		/* one without a record is being set up, and holds the lock that we have */
		if (shf_read_record(&state, &record, &ignored) == 0) {
			is_same = strcmp(record.stage, stage) == 0;
			shf_record_free(&record);
		} else {
			is_same = false;
		}
		close(state.dir);
		if (is_same)
			return true;
	}
	return false;
}

static void remove_unused(int run_dir, int stages)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	cleanup_fd int again = openat(stages, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char good[SHF_STAGE_NAME];
	struct dirent *entry;

	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return;
	steal_fd(&again);
	shf_last_good_udi(stages, good);
	while ((entry = readdir(dir)))
		/* the last good one is what there is if the new one is not */
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, good) != 0 &&
		    !is_in_use(run_dir, entry->d_name))
			/* memory, no more: the next new stage tries again */
			(void)shf_remove_udi_copy(stages, entry->d_name);
}

/* ---- finding and making ---- */

static int lock(int fd, bool shared)
{
	int rc = shf_lock_directory(fd, shared, shf_now_ms() + LOCK_MS);

	return rc == -EBUSY ? -ETIMEDOUT : rc;
}

static int open_stage(int stages, const char *name)
{
	int fd = openat(stages, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Try the copy, and put it in its place or on record as refused. */
static int judge(int stages, int fresh, const char *name, const struct source *source,
		 struct shf_report *report)
{
	int rc = shf_try_udi(fresh, source->path, report);

	if (rc == 0 && renameat(stages, FRESH, stages, name) < 0)
		return -errno;
	if (rc == 0)
		return shf_accept_udi(stages, name);
	if (rc == -EBADMSG && shf_refuse_udi(stages, name, report) < 0)
		/* it is tried again next time: slower, no more */
		return rc;
	return rc;
}

static int make_stage(int run_dir, int stages, const char *name, struct source *source,
		      struct shf_report *report)
{
	cleanup_fd int fresh = -1;
	int rc;

	remove_unused(run_dir, stages);
	rc = shf_remove_udi_copy(stages, FRESH);
	if (rc < 0)
		return rc;
	if (mkdirat(stages, FRESH, 0700) < 0)
		return -errno;
	if (fchmodat(stages, FRESH, 0755, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = fresh = open_stage(stages, FRESH);
	if (rc >= 0)
		rc = shf_copy_udi(source->dir, fresh, source->failed_name);
	if (rc == 0)
		rc = judge(stages, fresh, name, source, report);
	if (rc < 0)
		(void)shf_remove_udi_copy(stages, FRESH);
	return rc;
}

/* What report says is wrong with the new one: is there an older one? */
static int fall_back(struct shf_udi_stage *stage, struct shf_report *report)
{
	char good[SHF_STAGE_NAME];

	shf_last_good_udi(stage->lock, good);
	stage->dir = good[0] ? open_stage(stage->lock, good) : -ENOENT;
	if (stage->dir < 0)
		return -EBADMSG;
	snprintf(stage->name, sizeof(stage->name), "%s", good);
	snprintf(stage->warning, sizeof(stage->warning), "%s", report->text);
	shf_report_clear(report);
	return 0;
}

/* With the lock for all: the stage, or one instead; -ENOENT if it is to be made. */
static int find(struct shf_udi_stage *stage, struct shf_report *report)
{
	stage->dir = open_stage(stage->lock, stage->name);
	if (stage->dir == -ENOENT && shf_udi_was_refused(stage->lock, stage->name, report))
		return fall_back(stage, report);
	return stage->dir < 0 ? stage->dir : 0;
}

static int find_or_make(int run_dir, struct source *source, struct shf_udi_stage *stage,
			struct shf_report *report)
{
	int rc;

	if (mkdirat(run_dir, SHF_STAGES_NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	stage->lock =
		openat(run_dir, SHF_STAGES_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (stage->lock < 0)
		return -errno;
	rc = lock(stage->lock, true);
	if (rc == 0)
		rc = find(stage, report);
	if (rc != -ENOENT)
		return rc;
	/* not atomic (flock(2)): somebody may have made it before we have the lock */
	rc = lock(stage->lock, false);
	if (rc < 0)
		return rc;
	rc = find(stage, report);
	if (rc == -ENOENT) {
		rc = make_stage(run_dir, stage->lock, stage->name, source, report);
		if (rc == -EBADMSG)
			rc = fall_back(stage, report);
		else if (rc == 0)
			rc = find(stage, report);
	}
	return rc < 0 ? rc : lock(stage->lock, true);
}

int shf_open_udi_source(const char *path, uint64_t *fingerprint, char failed_name[SHF_UDI_NAME],
			struct shf_report *report)
{
	cleanup_fd int source = -1;
	int rc;

	failed_name[0] = '\0';
	source = shf_open_trusted(path, O_RDONLY | O_DIRECTORY, (struct shf_owners){ NULL, 0 },
				  "udiImage", SHIFTER_FAULT_SITE, report);
	if (source < 0)
		return source;
	rc = shf_fingerprint_udi(source, fingerprint, failed_name);
	if (rc == -EPERM)
		return shf_fail(report, SHIFTER_FAULT_SITE, EPERM,
				"refusing udiImage '%s': '%s' in it can be changed by others than "
				"root",
				path, failed_name);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read udiImage '%s', at '%s'", path, failed_name);
	return steal_fd(&source);
}

int shf_open_udi_stage(int run_dir, const char *path, struct shf_udi_stage *stage,
		       struct shf_report *report)
{
	struct source source = { .dir = -1, .path = path };
	cleanup_fd int dir = -1;
	uint64_t fingerprint;
	int rc;

	*stage = SHF_NO_UDI_STAGE;
	dir = source.dir = shf_open_udi_source(path, &fingerprint, source.failed_name, report);
	if (dir < 0)
		return dir;
	snprintf(stage->name, sizeof(stage->name), "%016" PRIx64, fingerprint);
	rc = find_or_make(run_dir, &source, stage, report);
	if (rc < 0) {
		shf_close_udi_stage(stage);
		if (report->error)
			return rc;
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot copy udiImage '%s' to the node, at '%s'", path,
				      source.failed_name);
	}
	return 0;
}

int shf_sweep_udi_stages(int run_dir, bool dry_run,
			 void (*found)(const char *name, int error, void *data), void *data)
{
	struct dirent **entries = NULL;
	char kept[SHF_STAGE_NAME] = "";
	cleanup_lock int stages = -1;
	int count, rc;

	stages = openat(run_dir, SHF_STAGES_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (stages < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = shf_lock_directory(stages, false, 0);
	if (rc < 0)
		return rc == -EBUSY ? 0 : rc;
	count = scandirat(stages, ".", &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	/* set-ups fall back on it until udiImage is in order again */
	if (shf_udi_has_refusal(stages))
		shf_last_good_udi(stages, kept);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		bool is_fresh = strcmp(name, FRESH) == 0;

		/* nobody is making one while we have the lock */
		if (is_fresh || (name[0] != '.' && strcmp(name, kept) != 0 &&
				 !is_in_use(run_dir, name)))
			found(name, dry_run ? 0 : -shf_remove_udi_copy(stages, name), data);
		free(entries[i]);
	}
	free(entries);
	if (!dry_run)
		shf_forget_udi_verdicts(stages);
	return 0;
}

void shf_close_udi_stage(struct shf_udi_stage *stage)
{
	shf_close_fd(&stage->dir);
	shf_close_lock(&stage->lock);
}
