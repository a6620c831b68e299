/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_source.h - from an image reference to an image that can be mounted
 */
#ifndef SHF_KERNEL_IMAGE_SOURCE_H
#define SHF_KERNEL_IMAGE_SOURCE_H

#include "base/path.h"
#include "base/report.h"
#include "kernel/user_session.h"
#include "model/config.h"
#include "model/image.h"
#include "model/image_meta.h"

#include <stdbool.h>

/* An image that the user may use. */
struct shf_image_source {
	int fd; /* of a directory (O_PATH) or of a squashfs file (for reading) */
	bool is_directory;
	char path[SHF_PATH_MAX];    /* without links, as the kernel knows it */
	char store[SHF_PATH_MAX];   /* of the image store, likewise, or "" */
	struct shf_image_meta meta; /* empty for an image without */
};

#define SHF_NO_IMAGE_SOURCE ((struct shf_image_source){ .fd = -1 })

/*
 * Open the image that *ref means, as the user of the session, and make
 * sure that it is one: a directory the user may enter, on a file system that
 * can be a lower layer, or a whole squashfs file; and that the access list of
 * its metadata, if it has one, admits the user.  In a store that only root may
 * read, root opens it (kernel/image_store.h).
 *
 * A reference that is a tag, and a name that is no file of the store but is a
 * tag, is looked up: *ref is then "id:HASH", for good.
 *
 * Returns 0, -ENOENT, -EACCES if the user may not read it or the site forbids
 * local images, -EINVAL if it is no image, -ENOTSUP for a directory on a network
 * file system, -ETIMEDOUT, or another negative errno value.
 */
int shf_open_image(const struct shf_config *config, struct shf_image_ref *ref,
		   struct shf_user_session *session, struct shf_image_source *out,
		   struct shf_report *report);

void shf_close_image(struct shf_image_source *source);

#define cleanup_image __attribute__((cleanup(shf_close_image)))

/*
 * Mount it, read-only, nosuid, nodev, and attached nowhere.  The kernel parses
 * only files that nobody but root and the site's trustedImageOwners could have
 * written.  Returns a descriptor, -EPERM for such a file, -EINVAL if the kernel
 * finds it damaged, or another negative errno value.
 */
int shf_mount_image(const struct shf_config *config, const struct shf_image_source *source,
		    struct shf_report *report);

#endif
