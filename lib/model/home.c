/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/home.h"

#include "base/path.h"
#include "model/volume.h"

bool shf_wants_home(const struct shf_place *home, const struct shf_place *const *mounts,
		    size_t n_mounts)
{
	if (shf_find_reserved_target(home->path))
		return false;
	for (size_t i = 0; i < n_mounts; i++)
		if (shf_path_is_within(home->path, mounts[i]->path))
			return false;
	return !home->depth || !home->modes[home->depth - 1];
}
