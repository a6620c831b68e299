/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl gc
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

enum { OPT_DRY_RUN = 256,
       OPT_JSON };

static const struct option gc_options[] = {
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

struct output {
	bool is_dry, has_failed;
	struct json_object *list; /* or NULL: for people */
};

/* Add value, taking it over, also if there is no memory for it. */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static int collect(const struct shifter_garbage_info *info, const struct output *output)
{
	struct json_object *one = json_object_new_object();

	if (one && add(one, "kind", json_object_new_string(info->kind)) &&
	    add(one, "name", json_object_new_string(info->name)) &&
	    add(one, "reason", json_object_new_string(info->reason)) &&
	    add(one, "removed", json_object_new_boolean(!output->is_dry && !info->failure)) &&
	    (!info->failure || add(one, "failure", json_object_new_string(info->failure))) &&
	    json_object_array_add(output->list, one) == 0)
		return 0;
	json_object_put(one);
	return -ENOMEM;
}

static int show(const struct shifter_garbage_info *info, void *data)
{
	struct output *output = data;

	if (info->failure) {
		output->has_failed = true;
		shf_say("%s", info->failure);
	}
	if (output->list)
		return collect(info, output);
	if (!info->failure)
		printf("%s %s '%s': %s\n", output->is_dry ? "would remove" : "removed", info->kind,
		       info->name, info->reason);
	return 0;
}

int shf_ctl_gc(struct shifter_ctx *ctx, int argc, char **argv)
{
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct output output = { .is_dry = false };
	const char *text = NULL;
	bool is_json = false;
	int c, rc, status = 0;

	while ((c = shf_ctl_getopt(argc, argv, gc_options)) != -1) {
		if (c == OPT_DRY_RUN)
			output.is_dry = true;
		else if (c == OPT_JSON)
			is_json = true;
		else
			return SHF_EXIT_CALLER;
	}
	if (optind < argc)
		return shf_ctl_misuse("gc", "unexpected argument '%s'", argv[optind]);
	if (is_json)
		output.list = json_object_new_array();
	rc = is_json && !output.list
		     ? -ENOMEM
		     : shifter_collect_garbage(ctx, output.is_dry ? SHIFTER_GARBAGE_DRY_RUN : 0,
					       show, &output);
	if (output.list)
		text = json_object_to_json_string_ext(output.list, style);
	if (rc == -ENOMEM || (is_json && !text)) {
		shf_say("cannot run gc: %s", strerror(ENOMEM));
		status = SHF_EXIT_NODE;
	} else if (rc < 0) {
		/* the first of those that were shown is the one of the whole */
		status = output.has_failed ? shf_ctl_failure_status(ctx) : shf_ctl_failure(ctx);
	}
	if (text)
		puts(text);
	json_object_put(output.list);
	return status ? status : shf_ctl_flush();
}
