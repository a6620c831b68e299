/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_lookup.h - from a tag, "docker:R/N:TAG", to the id it stands for now
 */
#ifndef SHF_KERNEL_IMAGE_LOOKUP_H
#define SHF_KERNEL_IMAGE_LOOKUP_H

#include "base/report.h"
#include "kernel/user_session.h"
#include "model/config.h"
#include "model/image.h"

/*
 * Look up a "docker:" or "custom:" reference, as the user of the
 * session: ask the program imageLookup, or, without one, the index of the
 * store.  Returns 0 with a reference to an id, -ENOENT if it is not known,
 * -EACCES, -ETIMEDOUT, -EINVAL for an answer that is no id, or another
 * negative errno value.
 */
int shf_look_up_image(const struct shf_config *config, const struct shf_image_ref *ref,
		      struct shf_user_session *session, struct shf_image_ref *id,
		      struct shf_report *report);

/* In the helper: answers SHF_ASK_TAG, the path of a tag in the index of the store. */
void shf_answer_tag(int channel, const struct shf_question *question, int fd);

#endif
