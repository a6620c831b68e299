/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/locale_name.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_MAX_LENGTH = 128,
	ARCHIVE_MAGIC = (int)0xde020109,
	SLOTS_MAX = 1 << 20, /* glibc makes about a thousand */
};

/* The head of a locale-archive, in the processor's byte order, and a slot of its table. */
struct archive_head {
	uint32_t magic, serial;
	uint32_t table_offset, table_used, table_size;
	uint32_t rest[9];
};

struct archive_slot {
	uint32_t hash, name_offset, record_offset;
};

/* "en_US.UTF-8@x" -> "en_US.utf8@x".  name is no longer than NAME_MAX_LENGTH. */
static void normalise(const char *name, char normal[NAME_MAX_LENGTH + 4])
{
	size_t head = strcspn(name, ".@"), n = 0;
	const char *codeset = name + head + (name[head] == '.');
	size_t length = name[head] == '.' ? strcspn(codeset, "@") : 0;
	bool has_letter = false;

	memcpy(normal, name, head);
	n = head;
	for (size_t i = 0; i < length; i++)
		has_letter |= isalpha((unsigned char)codeset[i]) != 0;
	if (length) {
		normal[n++] = '.';
		if (!has_letter) {
			memcpy(normal + n, "iso", 3);
			n += 3;
		}
	}
	for (size_t i = 0; i < length; i++)
		if (isalnum((unsigned char)codeset[i]))
			normal[n++] = (char)tolower((unsigned char)codeset[i]);
	strcpy(normal + n, codeset + length);
}

static bool has_directory(int directory, const char *name)
{
	char path[NAME_MAX_LENGTH + 32];
	struct stat st;

	snprintf(path, sizeof(path), "%s/LC_CTYPE", name);
	return fstatat(directory, path, &st, 0) == 0 && S_ISREG(st.st_mode);
}

static uint32_t hash_name(const char *name)
{
	uint32_t hash = (uint32_t)strlen(name);

	for (; *name; name++)
		hash = (hash << 9 | hash >> 23) + (unsigned char)*name;
	return hash ? hash : ~0u;
}

/* A file that is shorter than it says ends the search; nothing is mapped that may vanish. */
static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool is_slot_of(int fd, const struct archive_slot *slot, uint32_t hash, const char *name)
{
	size_t size = strlen(name) + 1;
	char found[NAME_MAX_LENGTH + 4];

	return slot->hash == hash && slot->record_offset &&
	       read_at(fd, found, size, slot->name_offset) && memcmp(found, name, size) == 0;
}

static bool archive_has(int fd, const struct archive_head *head, const char *name)
{
	uint32_t hash = hash_name(name), size = head->table_size;
	uint32_t at = hash % size, step = 1 + hash % (size - 2);

	for (uint32_t i = 0; i < size; i++) {
		struct archive_slot slot;

		if (!read_at(fd, &slot, sizeof(slot),
			     head->table_offset + (uint64_t)at * sizeof(slot)) ||
		    !slot.name_offset)
			return false;
		if (is_slot_of(fd, &slot, hash, name))
			return true;
		at = (uint32_t)(((uint64_t)at + step) % size);
	}
	return false;
}

static bool has_archived(int directory, const char *name, const char *normal)
{
	struct archive_head head;
	struct stat st;
	bool found;
	int fd = openat(directory, "locale-archive",
			O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	found = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		read_at(fd, &head, sizeof(head), 0) && head.magic == (uint32_t)ARCHIVE_MAGIC &&
		head.table_size > 2 && head.table_size <= SLOTS_MAX &&
		(archive_has(fd, &head, normal) || archive_has(fd, &head, name));
	close(fd);
	return found;
}

bool shf_locale_exists(const char *path, const char *name)
{
	char normal[NAME_MAX_LENGTH + 4];
	int directory;
	bool found;

	if (strlen(name) > NAME_MAX_LENGTH - 3 || strchr(name, '/'))
		return false;
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return false;
	normalise(name, normal);
	found = has_directory(directory, normal) || has_directory(directory, name) ||
		has_archived(directory, name, normal);
	close(directory);
	return found;
}

static bool is_everywhere(const char *name)
{
	static const char *const names[] = { "", "C", "POSIX", "C.UTF-8", "C.utf8" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void shf_env_settle_locale(struct shf_environ *env)
{
	static const char *const elsewhere[] = { "LOCPATH", "LOCALE_ARCHIVE", "GUIX_LOCPATH",
						 "MUSL_LOCPATH" };
	static const char *const names[] = {
		"LANG",
		"LC_ALL",
		"LC_CTYPE",
		"LC_NUMERIC",
		"LC_TIME",
		"LC_COLLATE",
		"LC_MONETARY",
		"LC_MESSAGES",
		"LC_PAPER",
		"LC_NAME",
		"LC_ADDRESS",
		"LC_TELEPHONE",
		"LC_MEASUREMENT",
		"LC_IDENTIFICATION",
	};
	const char *good = "C"; /* most say the same: it is looked up once */

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		if (shf_environ_get(env, elsewhere[i]))
			return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = shf_environ_get(env, names[i]);

		if (!value || is_everywhere(value) || strcmp(value, good) == 0)
			continue;
		if (shf_locale_exists("/usr/lib/locale", value))
			good = value;
		else
			shf_environ_set(env, names[i], "C.UTF-8");
	}
}
