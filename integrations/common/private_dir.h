/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * private_dir.h - directories that hooks keep their notes in
 */
#ifndef SHF_WLM_PRIVATE_DIR_H
#define SHF_WLM_PRIVATE_DIR_H

/* Make one, mode 0700, unless there is something of that name.  Returns 0 or a negative errno. */
int shf_wlm_make_private_dir(int dir, const char *path);

/*
 * Open one.  A directory that somebody else made or may look into is none of ours: -EPERM.
 * Returns 0 and a descriptor to close, or a negative errno value.
 */
int shf_wlm_open_private_dir(int dir, const char *path, int *out);

#endif
