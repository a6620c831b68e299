/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/state.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/new_file.h"
#include "kernel/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define RECORD "record"

void shf_close_state(struct shf_state *state)
{
	shf_close_fd(&state->dir);
	shf_close_fd(&state->root);
}

void shf_close_lock(int *dir)
{
	int saved = errno;

	if (*dir >= 0)
		flock(*dir, LOCK_UN);
	errno = saved;
	shf_close_fd(dir);
}

void shf_release_state(struct shf_state *state)
{
	shf_close_lock(&state->dir);
	shf_close_fd(&state->root);
}

int shf_open_run_dir(bool create, struct shf_report *report)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (create && mkdir(SHF_RUN_DIR, 0700) < 0 && errno != EEXIST)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot make '%s'",
				      SHF_RUN_DIR);
	fd = open(SHF_RUN_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !create)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot open '%s'",
				      SHF_RUN_DIR);
	if (st.st_uid != 0 || (st.st_mode & 077))
		return shf_fail(report, SHIFTER_FAULT_SITE, EPERM,
				"refusing state directory '%s': it must belong to root with mode "
				"0700, not to uid %u with mode %04o",
				SHF_RUN_DIR, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
	return steal_fd(&fd);
}

int shf_lock_directory(int dir, bool shared, int64_t deadline_ms)
{
	int kind = shared ? LOCK_SH : LOCK_EX;
	struct timespec pause = { .tv_nsec = 2000000 };

	/* flock() has no deadline and interrupting it needs a signal handler */
	while (flock(dir, kind | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (shf_remaining_ms(deadline_ms) == 0)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int shf_lock_state(struct shf_state *state, bool shared, int64_t deadline_ms)
{
	struct stat st;
	int rc = shf_lock_directory(state->dir, shared, deadline_ms);

	if (rc < 0)
		return rc;
	/* its last holder may have removed it */
	if (fstat(state->dir, &st) < 0)
		return -errno;
	return st.st_nlink == 0 ? -ENOENT : 0;
}

void shf_unlock_state(struct shf_state *state)
{
	flock(state->dir, LOCK_UN);
}

static int open_state_dir(struct shf_state *state, struct shf_report *report)
{
	state->dir = openat(state->root, state->id,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir >= 0)
		return 0;
	if (errno == ENOENT)
		return -ENOENT;
	return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot open '%s/%s'", SHF_RUN_DIR,
			      state->id);
}

/* One try: -ENOENT if the directory went while we waited for its lock. */
static int try_create(struct shf_state *state, int64_t deadline_ms, struct shf_report *report)
{
	bool existed = mkdirat(state->root, state->id, 0700) < 0;
	int rc;

	if (existed && errno != EEXIST)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot make '%s/%s'",
				      SHF_RUN_DIR, state->id);
	rc = open_state_dir(state, report);
	if (rc == 0)
		rc = shf_lock_state(state, false, deadline_ms);
	if (rc == -ENOENT)
		shf_close_fd(&state->dir);
	if (rc == -EBUSY)
		return shf_fail(report, SHIFTER_FAULT_NODE, EBUSY,
				"cannot set up container '%s': another process is setting it up or "
				"tearing it down",
				state->id);
	if (rc < 0 && rc != -ENOENT) {
		if (!existed)
			unlinkat(state->root, state->id, AT_REMOVEDIR);
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot lock '%s/%s'",
				      SHF_RUN_DIR, state->id);
	}
	return rc == 0 && existed ? -EEXIST : rc;
}

int shf_create_state(const char *id, int64_t deadline_ms, struct shf_state *state,
		     struct shf_report *report)
{
	int rc = -ENOENT;

	state->id = id;
	state->root = shf_open_run_dir(true, report);
	if (state->root < 0)
		return state->root;
	/* whoever removes it under our hands makes progress: no fairness is needed */
	for (int i = 0; rc == -ENOENT && (i < 100 || shf_remaining_ms(deadline_ms) > 0); i++)
		rc = try_create(state, deadline_ms, report);
	if (rc == -ENOENT)
		return shf_fail(report, SHIFTER_FAULT_NODE, EBUSY,
				"cannot set up container '%s': others keep removing it", id);
	if (rc == -EEXIST)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EEXIST,
				"cannot set up container '%s': there is one of that id; tear it "
				"down first",
				id);
	return rc;
}

int shf_open_state(const char *id, struct shf_state *state, struct shf_report *report)
{
	state->id = id;
	state->root = shf_open_run_dir(false, report);
	if (state->root < 0)
		return state->root;
	return open_state_dir(state, report);
}

int shf_get_boot_id(char boot_id[37])
{
	cleanup_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, boot_id, 36);
	if (length != 36)
		return length < 0 ? -errno : -EIO;
	boot_id[36] = '\0';
	return 0;
}

int shf_write_record(struct shf_state *state, const struct shf_record *record,
		     struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	int rc = shf_record_render(record, &text);

	if (rc == 0)
		rc = shf_replace_file(state->dir, RECORD, 0600, text.data, text.length);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write the record of container '%s'", state->id);
	return 0;
}

int shf_read_record(struct shf_state *state, struct shf_record *record,
		    struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_fd int fd = -1;
	int rc;

	fd = openat(state->dir, RECORD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return shf_fail(report, SHIFTER_FAULT_NODE, EUCLEAN,
				"container '%s' is damaged: it has no record; tear it down",
				state->id);
	rc = fd < 0 ? -errno : shf_read_all(fd, SHF_RECORD_MAX, &text);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read the record of container '%s'", state->id);
	return shf_record_parse(text.data ? text.data : "", text.length, record, report);
}

/* Append the entries of dir, a few of them. */
static void name_entries(int dir, struct shf_text *names)
{
	cleanup_fd int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!entries)
		return;
	steal_fd(&again);
	while ((entry = readdir(entries)) && names->length < 200)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			shf_text_addf(names, "%s'%s'", names->length ? ", " : "", entry->d_name);
	closedir(entries);
}

int shf_remove_state(struct shf_state *state, struct shf_report *report)
{
	static const char *const names[] = { SHF_STATE_SOCKET, RECORD, "." RECORD ".new",
					     SHF_STATE_HOSTS, "." SHF_STATE_HOSTS ".new" };
	cleanup_text struct shf_text left = { 0 };
	int rc = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (unlinkat(state->dir, names[i], 0) < 0 && errno != ENOENT && rc == 0)
			rc = -errno;
	if (unlinkat(state->dir, SHF_STATE_STAGE, AT_REMOVEDIR) < 0 && errno != ENOENT && rc == 0)
		rc = -errno;
	if (rc == 0 && unlinkat(state->root, state->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc == 0)
		return 0;
	/* never more than is known: what somebody put there may be a mount, or a link */
	name_entries(state->dir, &left);
	if (left.data)
		return shf_fail(report, SHIFTER_FAULT_NODE, -rc,
				"cannot remove '%s/%s': it holds what is not the library's: %s",
				SHF_RUN_DIR, state->id, left.data);
	return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot remove '%s/%s'",
			      SHF_RUN_DIR, state->id);
}
