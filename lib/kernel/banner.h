/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * banner.h - does it answer, as a client sees it?
 */
#ifndef SHF_KERNEL_BANNER_H
#define SHF_KERNEL_BANNER_H

#include <stdint.h>

enum { SHF_ADDRESS_TEXT = 64 };

/*
 * Write to text the numeric address at which a client of this node reaches
 * listener.  0 or a negative errno value.
 */
int shf_format_address(int listener, char text[SHF_ADDRESS_TEXT]);

/*
 * Connect to the place where listener listens and read the identification of
 * the ssh server there (RFC 4253, 4.2).  Its comment must be principal: sshd
 * is given it as VersionAddendum, so that one job's is told from another's.
 *
 * server is a pidfd: a connection to one that has ended would wait for ever.
 *
 * Returns 0, -ETIMEDOUT, -EPIPE if the server hung up first or ended, -EPROTO if
 * somebody else answered, or another negative errno value.
 */
int shf_check_banner(int listener, const char *principal, int server, int64_t deadline_ms);

#endif
