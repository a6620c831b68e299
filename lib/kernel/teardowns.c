/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/teardowns.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/process.h"
#include "kernel/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SETS = 128,
	WAYS = 8,
	LINE = 128, /* "ID TIME", spaces, newline */
	SET = WAYS * LINE,
	LOCK_MS = 2000,
};

struct note {
	char id[65]; /* "" for none */
	uint64_t when_ns;
};

uint64_t shf_boot_time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int shf_get_start_ns(pid_t pid, uint64_t *start_ns)
{
	uint64_t now = shf_boot_time_ns();
	uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t ticks;
	int rc = shf_process_start_time(pid, &ticks);

	if (rc < 0)
		return rc;
	*start_ns = (ticks + 1) * tick_ns - 1;
	if (*start_ns > now)
		*start_ns = now;
	return 0;
}

static off_t set_offset(const char *id)
{
	uint32_t hash = 0x811c9dc5u;

	/* FNV-1a of 32 bits */
	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x01000193u;
	/* the first line is the header, alone in its place */
	return LINE + (off_t)((hash ^ hash >> 16) % SETS) * SET;
}

static void format_line(char line[LINE + 1], const char *text)
{
	snprintf(line, LINE + 1, "%-*s\n", LINE - 1, text);
}

static int format_header(char line[LINE + 1])
{
	char boot_id[37], text[LINE];
	int rc = shf_get_boot_id(boot_id);

	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "shifter-teardowns 1 %s", boot_id);
	format_line(line, text);
	return 0;
}

static struct note parse_note(const char *bytes)
{
	struct note note = { .id = "" };
	char line[LINE], *time;

	memcpy(line, bytes, LINE);
	line[LINE - 1] = '\0';
	time = strchr(line, ' ');
	if (!time)
		return note;
	*time++ = '\0';
	time[strcspn(time, " ")] = '\0';
	if (shf_is_id(line) && shf_parse_u64(time, 0, UINT64_MAX, &note.when_ns))
		strcpy(note.id, line);
	return note;
}

/* The notes of a set; those of a place that was never written are empty. */
static int read_set(int fd, off_t offset, struct note notes[WAYS])
{
	char bytes[SET] = { 0 };

	if (pread(fd, bytes, sizeof(bytes), offset) < 0)
		return -errno;
	for (size_t i = 0; i < WAYS; i++)
		notes[i] = parse_note(bytes + i * LINE);
	return 0;
}

static bool is_current(int fd)
{
	char header[LINE + 1], found[LINE];

	return format_header(header) == 0 && pread(fd, found, LINE, 0) == LINE &&
	       memcmp(header, found, LINE) == 0;
}

static int write_line(int fd, const char *line, off_t offset)
{
	ssize_t written = pwrite(fd, line, LINE, offset);

	if (written < 0)
		return -errno;
	/* a full file system takes a part */
	return written == LINE ? 0 : -ENOSPC;
}

static int start_anew(int fd)
{
	char header[LINE + 1];
	int rc = format_header(header);

	if (rc < 0)
		return rc;
	if (ftruncate(fd, 0) < 0)
		return -errno;
	return write_line(fd, header, 0);
}

static int put_note(int fd, const char *id, uint64_t when_ns)
{
	off_t offset = set_offset(id);
	char text[LINE], line[LINE + 1];
	struct note notes[WAYS];
	size_t place = 0;
	int rc = read_set(fd, offset, notes);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < WAYS; i++) {
		if (strcmp(notes[i].id, id) == 0) {
			place = i;
			break;
		}
		if (notes[i].when_ns < notes[place].when_ns)
			place = i;
	}
	if (strcmp(notes[place].id, id) == 0 && notes[place].when_ns >= when_ns)
		return 0;
	snprintf(text, sizeof(text), "%s %" PRIu64, id, when_ns);
	format_line(line, text);
	return write_line(fd, line, offset + (off_t)place * LINE);
}

int shf_note_teardown(int run_dir, const char *id, uint64_t when_ns)
{
	cleanup_lock int fd = -1;
	int rc;

	fd = openat(run_dir, SHF_TEARDOWNS_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = shf_lock_directory(fd, false, shf_now_ms() + LOCK_MS);
	if (rc == 0 && !is_current(fd))
		rc = start_anew(fd);
	return rc < 0 ? rc : put_note(fd, id, when_ns);
}

bool shf_was_torn_down(int run_dir, const char *id, uint64_t asked_ns)
{
	struct note notes[WAYS];
	cleanup_lock int fd = -1;

	fd = openat(run_dir, SHF_TEARDOWNS_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	/* a teardown whose note cannot be had still waits for the lock of the state */
	if (fd < 0 || shf_lock_directory(fd, true, shf_now_ms() + LOCK_MS) < 0 ||
	    !is_current(fd) || read_set(fd, set_offset(id), notes) < 0)
		return false;
	for (size_t i = 0; i < WAYS; i++)
		if (strcmp(notes[i].id, id) == 0)
			return asked_ns <= notes[i].when_ns;
	return false;
}
