/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * volume_sources.h - sources of volumes, looked up as the user
 */
#ifndef SHF_KERNEL_VOLUME_SOURCES_H
#define SHF_KERNEL_VOLUME_SOURCES_H

#include "base/report.h"
#include "kernel/user_session.h"
#include "model/volume.h"

/*
 * Open the source of each volume (O_PATH) into fds, which has room for all and
 * is filled with descriptors or -1, and find out which are files: root may not
 * be able to (FUSE).  Returns 0, -ENOENT, -EACCES, -ETIMEDOUT,
 * or another negative errno value; fds are to be closed in every case.
 */
int shf_open_volume_sources(struct shf_mounts *volumes, struct shf_user_session *session, int *fds,
			    struct shf_report *report);

/*
 * Find out which of the optional ones of mounts the node has, those that need not be
 * there: ask, which takes the helper a while, and hear, before the answers to what is
 * asked later.  are_there has room for all.  Return 0 or a negative errno value with a
 * sentence.
 */
int shf_ask_about_mounts(const struct shf_mounts *mounts, struct shf_user_session *session,
			 struct shf_report *report);
int shf_hear_about_mounts(const struct shf_mounts *mounts, bool *are_there,
			  struct shf_user_session *session, struct shf_report *report);

/* In the helper: answer SHF_ASK_SOURCES and SHF_ASK_PRESENCE, paths. */
void shf_answer_sources(int channel, const struct shf_question *question, int fd);
void shf_answer_presence(int channel, const struct shf_question *question, int fd);

#endif
