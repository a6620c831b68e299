/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_platform.h - which of an image's platforms is this node's
 *
 * The words are Go's, as OCI has them: "amd64", "arm" with a variant "v7", "linux".
 */
#ifndef IMPORT_PLATFORM_H
#define IMPORT_PLATFORM_H

#include <json.h>
#include <stdbool.h>

enum { IMPORT_PLATFORM_SIZE = 64 };

/* The architecture of this node; a static string. */
const char *import_node_arch(void);

/* Whether programs for os run here; "" says nothing, and so is good. */
bool import_is_os(const char *os);

/* Whether wanted, "ARCH" or "ARCH/VARIANT", is arch, and of this variant unless that is NULL. */
bool import_is_arch(const char *wanted, const char *arch, const char *variant);

/* Attestations and their like call their platform unknown. */
bool import_platform_is_unknown(struct json_object *descriptor);

/* Is a descriptor of an index for linux and wanted, or does not say?  text is what it says. */
bool import_platform_fits(struct json_object *descriptor, const char *wanted,
			  char text[IMPORT_PLATFORM_SIZE]);

#endif
