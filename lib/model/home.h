/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * home.h - does the user need a home that the node does not have?
 */
#ifndef SHF_MODEL_HOME_H
#define SHF_MODEL_HOME_H

#include "model/container_plan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a home lies: home, and mounts that will be there, canonical in the
 * container.  A private one is wanted where none is mounted, the image has no
 * such directory, and it would not be at, above or below what is reserved
 * (volume.h): one that exists is never hidden.
 */
bool shf_wants_home(const struct shf_place *home, const struct shf_place *const *mounts,
		    size_t n_mounts);

#endif
