/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_memory.c - malloc() and the like for shifter, where that is linked with musl
 *
 * shifter runs for each rank and command, and lives until it execs the next program.
 * A heap of its own would be far away from all else that it has, and the page tables
 * that lead there take longer than everything that shifter does.  So its memory comes
 * from among its variables, and is given back by the exec.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA = 64 * 1024 };

/* Before each piece, and a unit of what is handed out. */
struct header {
	_Alignas(max_align_t) size_t size;
};

static struct header arena[ARENA / sizeof(struct header)];
static size_t used;

/* What comes from here is zero, and never was anybody else's. */
static void *hand_out(size_t size)
{
	const size_t unit = sizeof(struct header);
	struct header *header;
	size_t units;

	if (size > PTRDIFF_MAX - 2 * unit) {
		errno = ENOMEM;
		return NULL;
	}
	units = 1 + (size + unit - 1) / unit;
	if (units <= sizeof(arena) / unit - used) {
		header = arena + used;
		used += units;
	} else {
		header = mmap(NULL, units * unit, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (header == MAP_FAILED)
			return NULL;
	}
	header->size = size;
	return header + 1;
}

void *malloc(size_t size)
{
	return hand_out(size);
}

void *calloc(size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return hand_out(all);
}

void *realloc(void *old, size_t size)
{
	const struct header *header = old;
	void *new;

	if (old && header[-1].size >= size)
		return old;
	new = hand_out(size);
	if (old && new)
		memcpy(new, old, header[-1].size);
	return new;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (alignment > _Alignof(max_align_t)) {
		errno = ENOMEM;
		return NULL;
	}
	return hand_out(size);
}

void free(void *piece)
{
	(void)piece;
}
