/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon_children.h - a daemon's own children, and whether each comes to its own
 */
#ifndef DAEMON_CHILDREN_H
#define DAEMON_CHILDREN_H

/*
 * Make one that outlives all others, so that who waits for any child does wait; and, with
 * is_waiting, a thread that collects whatever child ends.  Once.
 */
void children_begin(int is_waiting);

/*
 * Make a child that ends at once, one that ends without a signal for its parent, and, now and
 * then, one that lingers with all that the daemon had open when it was made.  Returns a text
 * that says what is wrong, or NULL.
 */
const char *children_make(void);

/* Make one that lingers; in any thread. */
void children_linger(void);

/* End those that linger. */
void children_end_lingering(void);

/*
 * End them all.  Writes to fd, a line each, whose status was lost or taken by somebody else,
 * and which were none of the daemon's.
 */
void children_end(int fd);

#endif
