/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trust.h - files that nobody but root, or those root trusts, can change
 */
#ifndef SHF_KERNEL_TRUST_H
#define SHF_KERNEL_TRUST_H

#include "base/report.h"

#include <stddef.h>
#include <stdint.h>

/* Who besides root may own what is trusted. */
struct shf_owners {
	const uint32_t *uids;
	size_t count;
};

/*
 * Open what path names, with flags for openat(2), after a walk from the root
 * on which every directory, and the object itself, belongs to root or one of
 * owners and is writable by nobody else.  Links on the way are followed where
 * they stand in a trusted directory; the last component must not be one.
 * O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC are added to flags.
 *
 * what names the object for the report ("configuration"), fault who has to
 * act on it.  Returns a descriptor, -ENOENT, -EPERM for one that others can
 * change, -ELOOP for a link, or another negative errno value.
 */
int shf_open_trusted(const char *path, int flags, struct shf_owners owners, const char *what,
		     int fault, struct shf_report *report);

/*
 * The same question for an open descriptor: is it, by the path that the
 * kernel knows it by, out of reach of everybody but root and owners?  Returns
 * 0, -EPERM with a sentence, or another negative errno value.
 */
int shf_check_trusted_fd(int fd, struct shf_owners owners, const char *what, int fault,
			 struct shf_report *report);

#endif
