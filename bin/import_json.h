/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_json.h - the JSON files of an archive of images
 */
#ifndef IMPORT_JSON_H
#define IMPORT_JSON_H

#include "import_members.h"

#include <json.h>

/* What object has under key, still object's; NULL if that is nothing, or not of this type. */
struct json_object *import_json_get(struct json_object *object, const char *key,
				    enum json_type type);

/* Likewise a string, which lives as long as object does. */
const char *import_json_string(struct json_object *object, const char *key);

/*
 * Parse the JSON file called name into *out, which the caller puts.  id, unless NULL,
 * becomes its digest.  A status.
 */
int import_json_load(const struct import_members *members, const char *name, const char *what,
		     struct json_object **out, char *id);

#endif
