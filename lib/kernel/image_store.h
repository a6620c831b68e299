/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_store.h - a store that users cannot read
 *
 * Sites that ran Shifter have stores of mode 0700: root opened the images for
 * the users, and the access lists in their metadata said for whom.  Root opens
 * nothing else by a name of the user's, and here only what is in the store by
 * a name without slash, out of reach of all but root and trustedImageOwners,
 * and no symbolic link.
 */
#ifndef SHF_KERNEL_IMAGE_STORE_H
#define SHF_KERNEL_IMAGE_STORE_H

#include "base/report.h"
#include "base/text.h"
#include "kernel/image_finder.h"
#include "model/config.h"

#include <stdbool.h>

/*
 * Is it a directory of mode 0700, of somebody else's than the caller's?  One with
 * any other mode says by it who may read it, and root has no say in that.
 */
bool shf_is_private_store(const struct shf_config *config);

/*
 * As root: what shf_find_image() does as the user, in the private store; the
 * paths of search are in it.  Returns 0, whatever finding->error says, or a
 * negative errno value with a report for what is not to be trusted.
 */
int shf_find_private_image(const struct shf_config *config, const struct shf_image_search *search,
			   struct shf_image_finding *finding, int *fd, struct shf_report *report);

/*
 * Read a regular file at most limit bytes long that only root and
 * trustedImageOwners can change; what names it for the report.  0, -ENOENT in
 * silence, or another negative errno value with a report.
 */
int shf_read_trusted_file(const struct shf_config *config, const char *path, const char *what,
			  size_t limit, struct shf_text *out, struct shf_report *report);

#endif
