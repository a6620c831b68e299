/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usher_syslog.h - a line of the node's system log per connection
 *
 * As syslog(3) writes it, but never waiting, without heap, and without a descriptor
 * that a syslogd could leave dead by restarting.  What it does not take now is kept
 * and offered again: neither a flood of somebody else's lines nor a restart loses any.
 */
#ifndef SHF_BIN_USHER_SYSLOG_H
#define SHF_BIN_USHER_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USHER_SYSLOG_KEPT = 64,
       USHER_SYSLOG_LINE = 256 };

struct usher_syslog {
	int fd;          /* or -1 */
	const char *id;  /* of the container */
	uint32_t uid;    /* whose it is */
	uint32_t pause;  /* ms until the next attempt, 0 if none is due */
	int64_t next_ms; /* when that is */
	uint32_t lost;   /* lines that found no room */
	size_t first, count;
	char lines[USHER_SYSLOG_KEPT][USHER_SYSLOG_LINE];
};

/* id is borrowed.  Without a socket nothing is written: nobody is stalled by that. */
void usher_syslog_open(struct usher_syslog *log, const char *id, uint32_t uid);

/* Log a connection, from a numeric address, now. */
void usher_syslog_connection(struct usher_syslog *log, const char *address, unsigned port);

/* Offer what was kept, if it is time.  Returns ms until it is to be called again, or -1. */
int usher_syslog_flush(struct usher_syslog *log);

#endif
