/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "common/private_dir.h"
#include "common/scope.h"
#include "hook.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { POLL_MS = 20 };

static const char base_path[] = SHF_RUN_DIR "-torque";

static int open_record(const char *key, bool make, struct shf_torque_record *record)
{
	int rc = make ? shf_wlm_make_private_dir(AT_FDCWD, base_path) : 0;

	if (rc == 0)
		rc = shf_wlm_open_private_dir(AT_FDCWD, base_path, &record->base);
	if (rc < 0)
		return rc;
	record->file = openat(record->base, key,
			      O_RDWR | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
	return record->file < 0 ? -errno : 0;
}

static int lock_file(int file, int64_t deadline_ms)
{
	while (flock(file, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (shf_torque_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
	return 0;
}

static bool has_name(int file)
{
	struct stat st;

	return fstat(file, &st) == 0 && st.st_nlink > 0;
}

int shf_torque_record_lock(const char *key, bool make, int64_t deadline_ms,
			   struct shf_torque_record *out)
{
	for (;;) {
		scope_record struct shf_torque_record record = SHF_TORQUE_NO_RECORD;
		int rc;

		snprintf(record.key, sizeof(record.key), "%s", key);
		rc = open_record(key, make, &record);
		if (rc == 0)
			rc = lock_file(record.file, deadline_ms);
		if (rc == 0 && has_name(record.file)) {
			*out = record;
			record.base = record.file = -1;
			return 0;
		}
		/* who had it has removed it, or somebody the empty directory */
		if (rc != 0 && !(rc == -ENOENT && make))
			return rc;
		if (shf_torque_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
	}
}

int shf_torque_record_renew(struct shf_torque_record *record,
			    char generation[SHF_TORQUE_GENERATION_SIZE])
{
	unsigned char bytes[(SHF_TORQUE_GENERATION_SIZE - 1) / 2];
	size_t length = SHF_TORQUE_GENERATION_SIZE - 1;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(generation + 2 * i, "%02x", bytes[i]);
	if (pwrite(record->file, generation, length, 0) != (ssize_t)length)
		return errno ? -errno : -EIO;
	return 0;
}

int shf_torque_record_remove(struct shf_torque_record *record)
{
	if (unlinkat(record->base, record->key, 0) < 0 && errno != ENOENT)
		return -errno;
	/* leave nothing where no job is left */
	if (rmdir(base_path) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		return -errno;
	return 0;
}

void shf_torque_record_forget(struct shf_torque_record *record)
{
	shf_wlm_close(&record->file);
	shf_wlm_close(&record->base);
}

void shf_torque_record_unlock(struct shf_torque_record *record)
{
	/* children may have the same description of the file */
	if (record->file >= 0)
		flock(record->file, LOCK_UN);
	shf_torque_record_forget(record);
}

bool shf_torque_record_holds(const struct shf_torque_record *record, const char *generation)
{
	char found[SHF_TORQUE_GENERATION_SIZE];
	size_t length = SHF_TORQUE_GENERATION_SIZE - 1;

	return pread(record->file, found, length, 0) == (ssize_t)length &&
	       memcmp(found, generation, length) == 0;
}

bool shf_torque_record_is_current(const char *key, const char *generation)
{
	struct shf_torque_record record = SHF_TORQUE_NO_RECORD;
	bool answer = open_record(key, false, &record) == 0 &&
		      shf_torque_record_holds(&record, generation);

	shf_torque_record_forget(&record);
	return answer;
}
