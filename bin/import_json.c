/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_json.h"

#include "import_say.h"
#include "import_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct json_object *import_json_get(struct json_object *object, const char *key,
				    enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *import_json_string(struct json_object *object, const char *key)
{
	struct json_object *value = import_json_get(object, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

int import_json_load(const struct import_members *members, const char *name, const char *what,
		     struct json_object **out, char *id)
{
	enum json_tokener_error error = json_tokener_success;
	struct json_tokener *tokener;
	size_t length = 0;
	char *bytes = NULL;
	int rc, status;

	rc = import_members_read(members, name, &bytes, &length);
	if (rc < 0)
		return import_fail_errno(-rc, "cannot read '%.512s' of %s", name, what);
	status = id ? import_digest(bytes, length, id) : 0;
	tokener = status == 0 ? json_tokener_new() : NULL;
	*out = tokener ? json_tokener_parse_ex(tokener, bytes, (int)length) : NULL;
	if (tokener)
		error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	free(bytes);
	if (status == 0 && !*out)
		status = import_fail(IMPORT_CALLER, "cannot read '%.512s' of %s: %s", name, what,
				     tokener ? json_tokener_error_desc(error) : strerror(ENOMEM));
	return status;
}
