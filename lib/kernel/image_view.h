/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_view.h - what paths mean inside the image, looked up as the user
 */
#ifndef SHF_KERNEL_IMAGE_VIEW_H
#define SHF_KERNEL_IMAGE_VIEW_H

#include "base/path.h"
#include "base/report.h"
#include "kernel/user_session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHF_TARGET_DEPTH = 64 };

/* A place in the container, and what the image makes of it. */
struct shf_target {
	char path[SHF_PATH_MAX];          /* in: clean; out: canonical */
	uint16_t modes[SHF_TARGET_DEPTH]; /* of each component in the image; 0: none there */
	size_t depth;                     /* components */
	bool is_file;                     /* the image has something there, but no directory */
	int error;                        /* errno value: out of the user's reach */
};

/* What is asked of an image, and its answers. */
struct shf_image_view {
	struct shf_target *targets;
	size_t n_targets;
	const char *const *programs; /* absolute paths, the last one NULL */
	const char *program;         /* out: the first that the user may execute, or NULL */
	const char *const *wanted;   /* absolute paths, the last one NULL; or NULL */
	/* out: what is a file of them, through links, each once: canonical paths, to be freed */
	char **files;
	size_t n_files, max_files;
	/* private: the mount, and how many targets have been asked for */
	int image;
	size_t n_asked;
};

/*
 * Resolve the links of the image in the path of each target, so that what is
 * made there hides nothing else: /opt may be a link to usr/opt.  Components
 * that the image lacks are taken as they are.  Find the first program that is
 * a file in the image, and the files that are wanted.  image is a mount; there
 * is at least one target.  All of these stay until the answers have been heard.
 *
 * A target that the user cannot look up keeps its path and has error set.
 * Return 0, -ETIMEDOUT, or another negative errno value.
 */
int shf_ask_about_image(int image, struct shf_image_view *view, struct shf_user_session *session,
			struct shf_report *report);
int shf_hear_about_image(struct shf_image_view *view, struct shf_user_session *session,
			 struct shf_report *report);

/* In the helper: answer SHF_ASK_TARGETS, SHF_ASK_PROGRAMS and SHF_ASK_FILES, paths in image. */
void shf_answer_targets(int channel, const struct shf_question *question, int image);
void shf_answer_programs(int channel, const struct shf_question *question, int image);
void shf_answer_files(int channel, const struct shf_question *question, int image);

#endif
