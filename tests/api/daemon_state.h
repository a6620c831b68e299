/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon_state.h - all of a process that a library could change
 */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

/*
 * What the calling process is now, a line for each fact, with "NAME: " in front: umask, working
 * directory, root, signals, environment, credentials, namespaces, limits, mounts, descriptors
 * with their flags, and children; for each thread what is a thread's.  To be freed.
 */
char *state_take(void);

/* Write each line that only one of the two has to fd, at most 20.  Returns how many differ. */
int state_compare(const char *before, const char *after, int fd);

/* What it has of the machine's memory; bytes of its heap that are in use. */
long state_memory_kb(void);
long state_heap(void);

#endif
