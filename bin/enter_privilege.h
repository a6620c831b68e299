/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter_privilege.h - why shifter-enter is not root
 */
#ifndef SHF_ENTER_PRIVILEGE_H
#define SHF_ENTER_PRIVILEGE_H

/*
 * For a process that execve(2) should have made root, and did not: say which of
 * its reasons it was, and what to do, and exit with 125.  It has no privilege,
 * so nothing here needs to be proof against the user.
 */
_Noreturn void shf_die_unprivileged(void);

#endif
