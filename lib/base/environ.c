/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/environ.h"

#include <string.h>
#include <sys/mman.h>

enum { ROOM_MIN = 128,
       CHUNK = 64 << 10 };

/*
 * Zeroed; alignment is a power of 2.  Piece behind piece, so that what most environments
 * need is on a page or two: each takes the kernel as long as all that is done to it.
 */
static void *allocate(struct shf_environ *env, size_t size, size_t alignment)
{
	size_t gap = -(uintptr_t)env->memory & (alignment - 1);
	char *piece;

	if (gap > env->memory_left || size > env->memory_left - gap) {
		size_t chunk = size > CHUNK ? size : CHUNK;

		piece = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
		if (piece == MAP_FAILED) {
			env->failed = true;
			return NULL;
		}
		env->memory = piece;
		env->memory_left = chunk;
		gap = 0;
	}
	piece = env->memory + gap;
	env->memory = piece + size;
	env->memory_left -= gap + size;
	return piece;
}

char *shf_environ_new_text(struct shf_environ *env, size_t size)
{
	return allocate(env, size, 1);
}

static size_t hash_name(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* The slot of the variable, or the free one where it would be. */
static uint32_t *find_slot(const struct shf_environ *env, const char *name, size_t length)
{
	size_t at = hash_name(name, length) & (env->n_slots - 1);

	for (; env->table[at]; at = (at + 1) & (env->n_slots - 1)) {
		const char *entry = env->list[env->table[at] - 1];

		if (entry && strncmp(entry, name, length) == 0 && entry[length] == '=')
			break;
	}
	return &env->table[at];
}

static char **find(const struct shf_environ *env, const char *name, size_t length)
{
	uint32_t slot = env->count ? *find_slot(env, name, length) : 0;

	return slot ? &env->list[slot - 1] : NULL;
}

/* Make room for one more. */
static bool grow(struct shf_environ *env)
{
	size_t room = env->room ? 2 * env->room : ROOM_MIN;
	size_t n_slots = 4 * room, count = 0;
	uint32_t *table;
	char **list;

	if (env->failed || env->count < env->room)
		return !env->failed;
	list = allocate(env, (room + 1) * sizeof(*list), _Alignof(char *));
	table = allocate(env, n_slots * sizeof(*table), _Alignof(uint32_t));
	if (!list || !table)
		return false;
	for (size_t i = 0; i < env->count; i++)
		if (env->list[i])
			list[count++] = env->list[i];
	env->list = list;
	env->table = table;
	env->n_slots = n_slots;
	env->room = room;
	env->count = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t *slot = find_slot(env, list[i], shf_environ_name_length(list[i]));

		*slot = (uint32_t)++env->count;
	}
	return true;
}

size_t shf_environ_name_length(const char *entry)
{
	size_t length = strcspn(entry, "=");

	return entry[length] ? length : 0;
}

bool shf_environ_put(struct shf_environ *env, char *entry)
{
	size_t length = shf_environ_name_length(entry);
	uint32_t *slot;

	if (!length)
		return false;
	if (!grow(env))
		return true;
	slot = find_slot(env, entry, length);
	if (!*slot)
		*slot = (uint32_t)++env->count;
	env->list[*slot - 1] = entry;
	return true;
}

const char *shf_environ_get(const struct shf_environ *env, const char *name)
{
	char **entry = find(env, name, strlen(name));

	return entry ? *entry + strlen(name) + 1 : NULL;
}

/* Put NAME=FIRST:SECOND, or NAME=FIRST if second is NULL. */
static void join(struct shf_environ *env, const char *name, size_t length, const char *first,
		 const char *second)
{
	size_t n_first = strlen(first), n_second = second ? strlen(second) + 1 : 0;
	char *entry = shf_environ_new_text(env, length + 1 + n_first + n_second + 1), *end;

	if (!entry)
		return;
	end = mempcpy(entry, name, length);
	*end++ = '=';
	end = mempcpy(end, first, n_first);
	if (second) {
		*end++ = ':';
		end = mempcpy(end, second, n_second - 1);
	}
	*end = '\0';
	shf_environ_put(env, entry);
}

void shf_environ_set(struct shf_environ *env, const char *name, const char *value)
{
	join(env, name, strlen(name), value, NULL);
}

void shf_environ_unset(struct shf_environ *env, const char *name)
{
	char **entry = find(env, name, strlen(name));

	/* its slot stays taken, so that the ones behind it are found */
	if (entry)
		*entry = NULL;
}

bool shf_environ_apply(struct shf_environ *env, char *record)
{
	size_t length = *record ? shf_environ_name_length(record + 1) : 0;
	char *entry = record + 1, **old;
	const char *value = entry + length + 1, *was = NULL;

	if (*record == '-' || *record == '@') {
		if (!*entry || strchr(entry, '='))
			return false;
		if (*record == '-')
			shf_environ_unset(env, entry);
		return true;
	}
	if (!*record || !strchr("=+^?", *record) || !length)
		return false;
	old = find(env, entry, length);
	if (old)
		was = *old + length + 1;
	if (*record == '?' && was)
		return true;
	if (*record == '=' || *record == '?' || !was || !*was)
		return shf_environ_put(env, entry);
	if (*record == '+')
		join(env, entry, length, was, value);
	else
		join(env, entry, length, value, was);
	return true;
}

char **shf_environ_finish(struct shf_environ *env)
{
	size_t count = 0;

	if (!grow(env))
		return NULL;
	for (size_t i = 0; i < env->count; i++)
		if (env->list[i])
			env->list[count++] = env->list[i];
	env->list[count] = NULL;
	/* the table knows other places: nothing more may be looked up */
	env->count = 0;
	env->n_slots = 0;
	return env->list;
}
