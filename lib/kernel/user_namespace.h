/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_namespace.h - a user namespace in which the caller may mount
 *
 * Whoever makes one has every capability over what belongs to it, and none
 * over anything else (user_namespaces(7)).
 */
#ifndef SHF_KERNEL_USER_NAMESPACE_H
#define SHF_KERNEL_USER_NAMESPACE_H

#include "base/report.h"

/*
 * Move the calling process, which has one thread, to a new user namespace in
 * which its uid and gid are what they were, nobody else has a number
 * and setgroups(2) is denied, and to a mount namespace that belongs to it, all
 * of it private.  Supplementary groups stay in force.
 *
 * Returns 0; -EPERM or -ENOSPC where the system does not let users do so: the
 * sentence says which setting keeps them from it, as far as that can be told,
 * and the fault is the site's; or another negative errno value.
 */
int shf_enter_user_namespace(struct shf_report *report);

#endif
