/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cleanup.h - resources that are released when their variable leaves scope
 *
 * Every variable marked so is initialised where it is declared: a descriptor
 * to -1, a pointer to NULL.  Closing keeps errno, so that a function may
 * return -errno while its resources go.
 */
#ifndef SHF_BASE_CLEANUP_H
#define SHF_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void shf_close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		*fd = -1;
		errno = saved;
	}
}

static inline void shf_free_ptr(void *pp)
{
	void **p = pp;
	int saved = errno;

	free(*p);
	*p = NULL;
	errno = saved;
}

#define cleanup_fd __attribute__((cleanup(shf_close_fd)))
#define cleanup_free __attribute__((cleanup(shf_free_ptr)))

/* Hand a descriptor on: the variable forgets it. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Hand a heap pointer on: the variable forgets it. */
static inline void *shf_steal_ptr(void *pp)
{
	void **p = pp;
	void *stolen = *p;

	*p = NULL;
	return stolen;
}

#define steal_ptr(pp) ((__typeof__(*(pp)))shf_steal_ptr(pp))

#endif
