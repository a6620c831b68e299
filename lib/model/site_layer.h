/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site_layer.h - the part of a container's plan that makes the layer over the image
 *
 * Generated files and every mount point: it is complete before the overlay is mounted,
 * for what is added to a lower layer later stays out of sight.
 */
#ifndef SHF_MODEL_SITE_LAYER_H
#define SHF_MODEL_SITE_LAYER_H

#include "base/mount_attributes.h"
#include "model/container_plan.h"

enum {
	SHF_GUARDED = SHF_ATTR_NOSUID | SHF_ATTR_NODEV,
	SHF_SEALED = SHF_GUARDED | SHF_ATTR_RDONLY,
};

/* The slots of what is taken from the host; -1 for none. */
struct shf_clones {
	int dev, sys, proc, udi;
	int home_dir, home;
	int first_site, first_volume, first_program; /* one slot each from there on */
};

/* Make directory path below base; owner and group 0 are root's. */
void shf_plan_add_directory(struct shf_plan *plan, int base, const char *path, uint32_t mode,
			    uint32_t owner, uint32_t group);

/* Returns 0 or -ENOMEM. */
int shf_plan_site_layer(const struct shf_container_facts *f, struct shf_plan *plan,
			const struct shf_clones *c);

#endif
