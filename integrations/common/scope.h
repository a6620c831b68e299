/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scope.h - resources that are released when their variable leaves scope
 *
 * The library's own helpers are not for integrations, which build on the public
 * header alone; these are the few that they need.
 */
#ifndef SHF_WLM_SCOPE_H
#define SHF_WLM_SCOPE_H

#include <shifter/shifter.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void shf_wlm_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void shf_wlm_free(void *pp)
{
	void **p = pp;
	int saved = errno;

	free(*p);
	*p = NULL;
	errno = saved;
}

static inline void shf_wlm_free_ctx(struct shifter_ctx **ctx)
{
	shifter_free(*ctx);
	*ctx = NULL;
}

static inline void shf_wlm_close_container(struct shifter_container **container)
{
	shifter_close_container(*container);
	*container = NULL;
}

#define scope_fd __attribute__((cleanup(shf_wlm_close)))
#define scope_free __attribute__((cleanup(shf_wlm_free)))
#define scope_ctx __attribute__((cleanup(shf_wlm_free_ctx)))
#define scope_container __attribute__((cleanup(shf_wlm_close_container)))

#endif
