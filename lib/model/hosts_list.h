/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts_list.h - host lists as people and node files write them
 */
#ifndef SHF_MODEL_HOSTS_LIST_H
#define SHF_MODEL_HOSTS_LIST_H

#include "model/hosts.h"

/*
 * Add the hosts of text, "nid1/24 nid2=10.0.0.2/24": separated by blanks, commas or
 * newlines; without "/N" one slot, "=ADDRESS" if it is known; a host named twice
 * has the slots of both.
 * -EINVAL, also for a text without any host; else as shf_hosts_add().
 */
int shf_hosts_from_list(struct shifter_hosts *hosts, const char *text);

/*
 * Add the hosts of a node file's n bytes: one name per line and slot.  Blanks
 * around it and empty lines are skipped.  name is the file's, for messages,
 * which have the line's number.  Errors as above.
 */
int shf_hosts_from_nodefile(struct shifter_hosts *hosts, const char *name, const char *bytes,
			    size_t n);

#endif
