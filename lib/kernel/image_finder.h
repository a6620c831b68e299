/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_finder.h - look for an image and its metadata, as the user
 */
#ifndef SHF_KERNEL_IMAGE_FINDER_H
#define SHF_KERNEL_IMAGE_FINDER_H

#include "base/path.h"
#include "kernel/user_session.h"
#include "model/image.h"
#include "model/image_format.h"

#include <stdint.h>

/* Where to look, in this order. */
struct shf_image_search {
	char paths[SHF_IMAGE_CANDIDATES][SHF_PATH_MAX];
	unsigned count;
	char store[SHF_PATH_MAX]; /* the directory of the store, or "" */
};

/* What is there.  Zeroed: nothing was found yet.  store is the last: its end need not be sent. */
struct shf_image_finding {
	int32_t error;      /* of the image: then the rest is of no meaning */
	int32_t meta_error; /* of its metadata; ENOENT if it has none */
	uint32_t mode;
	uint64_t size;
	uint64_t fs_type; /* of a directory: f_type of statfs(2) */
	uint32_t head_length;
	unsigned char head[SHF_IMAGE_HEAD]; /* of a file */
	char volume[SHF_IMAGE_VOLUME_LENGTH];
	char path[SHF_PATH_MAX];  /* without links, as the kernel knows it */
	char store[SHF_PATH_MAX]; /* likewise, or "" if it can't be entered */
};

/*
 * Look as the user of the session.  *fd is the image: a directory or special file (O_PATH), or a
 * file for reading.  *meta is a copy in memory of its metadata, or -1.
 * Returns 0, whatever finding->error says, or -ETIMEDOUT, -EIO if the process
 * ended early, or another negative errno value.
 */
int shf_find_image(const struct shf_image_search *search, struct shf_user_session *session,
		   struct shf_image_finding *finding, int *fd, int *meta);

/*
 * In any process: fill in a finding, but for the metadata and the store, for
 * what the O_PATH descriptor fd refers to.  Returns fd, or another one for
 * reading, or a negative errno value; -ESTALE for what has just been removed.
 */
int shf_examine_image(int fd, struct shf_image_finding *finding);

/* In the helper: answers SHF_ASK_IMAGE, the store and the paths. */
void shf_answer_image(int channel, const struct shf_question *question, int fd);

#endif
