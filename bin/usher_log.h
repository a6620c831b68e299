/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usher_log.h - what the job's sshds say, in the job's live directory
 *
 * The user reads it as /run/shifter/sshd.log, and what is older as sshd.log.1.
 * Peers that nobody knows choose some of its words, and how many there are: it is
 * printable text, of bounded length, and the latest is always there.
 */
#ifndef SHF_BIN_USHER_LOG_H
#define SHF_BIN_USHER_LOG_H

#include <stddef.h>

struct usher_log {
	int live;           /* directory */
	int reader, writer; /* a pipe; the writer is the standard error of sshds */
	int file;           /* or -1 */
	size_t size;        /* bytes */
};

/* Begin a log in a directory, which stays the caller's.  0 or a negative errno value. */
int usher_log_open(struct usher_log *log, int live);

/*
 * Write down what came since.  *text is that, whole lines of sshd's with "\n" at their
 * ends, valid until the next call; returns its length.
 */
size_t usher_log_take(struct usher_log *log, const char **text);

#endif
