/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * greeting.h - does an ssh server answer, as a client sees it?
 */
#ifndef SHF_KERNEL_GREETING_H
#define SHF_KERNEL_GREETING_H

#include <stdint.h>

/*
 * Connect to the place where listener listens, exchange identifications with
 * the ssh server there (RFC 4253, 4.2) and read which kinds of host keys it
 * offers (7.1), which costs it no computation yet.  The comment of its
 * identification must be principal: sshd is given it as VersionAddendum, so that
 * one job's is told from another's.  algorithm must be among its host keys: one
 * that could not load its certificate answers as well, but lets nobody in.
 *
 * server is a pidfd: a connection to one that has ended would wait for ever.
 *
 * Returns 0, -ETIMEDOUT, -EPIPE if the server hung up first or ended, -EPROTO if
 * somebody else answered, -ENOKEY if it has no such host key, or another
 * negative errno value.
 */
int shf_check_greeting(int listener, const char *principal, const char *algorithm, int server,
		       int64_t deadline_ms);

#endif
