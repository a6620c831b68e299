/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ssh, sshd and udi-host-key, with -Wl,--wrap=explicit_bzero,
 * --wrap=__explicit_bzero_chk (its name with _FORTIFY_SOURCE), --wrap=recallocarray.
 *
 * OpenSSH makes room for 256 kB before its first read from a connection, of which a login fills a
 * page or two, and writes zeros over all of it when it makes it and when it gives it back.  Every
 * page costs a page fault then, and is copied for each child: a noticeable part of a login.  Pages
 * that nobody wrote to are zero as they come from the kernel, and those that are given back to it
 * are gone (madvise(2), MADV_DONTNEED), which is as good as zeros.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Nothing of this size is anywhere but in memory from malloc(), which is private and anonymous. */
enum { LARGE = 128 * 1024 };

void __real_explicit_bzero(void *start, size_t size);
void __wrap_explicit_bzero(void *start, size_t size);
void __real___explicit_bzero_chk(void *start, size_t size, size_t room);
void __wrap___explicit_bzero_chk(void *start, size_t size, size_t room);
void *__real_recallocarray(void *old, size_t old_count, size_t count, size_t size);
void *__wrap_recallocarray(void *old, size_t old_count, size_t count, size_t size);

/* Gives the whole pages of a large piece of memory back, and wipes what is around them. */
static bool give_back(char *start, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *first = (char *)(((uintptr_t)start + page - 1) & ~(page - 1));
	char *last = (char *)((uintptr_t)(start + size) & ~(page - 1));

	if (madvise(first, (size_t)(last - first), MADV_DONTNEED) < 0)
		return false;
	__real_explicit_bzero(start, (size_t)(first - start));
	__real_explicit_bzero(last, (size_t)(start + size - last));
	return true;
}

void __wrap_explicit_bzero(void *start, size_t size)
{
	if (size < LARGE || !give_back(start, size))
		__real_explicit_bzero(start, size);
}

void __wrap___explicit_bzero_chk(void *start, size_t size, size_t room)
{
	if (size > room) /* which ends the program */
		__real___explicit_bzero_chk(start, size, room);
	__wrap_explicit_bzero(start, size);
}

/* calloc() knows what of its memory is the kernel's, and fresh. */
void *__wrap_recallocarray(void *old, size_t old_count, size_t count, size_t size)
{
	size_t old_length, length;
	void *new;

	if (!old || __builtin_mul_overflow(old_count, size, &old_length) ||
	    __builtin_mul_overflow(count, size, &length) || length < LARGE || length <= old_length)
		return __real_recallocarray(old, old_count, count, size);
	new = calloc(count, size);
	if (!new)
		return NULL;
	memcpy(new, old, old_length);
	__wrap_explicit_bzero(old, old_length);
	free(old);
	return new;
}
