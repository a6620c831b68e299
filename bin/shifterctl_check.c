/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl check
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

enum { OPT_JSON = 256 };

static const struct option check_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

struct output {
	bool has_problem;
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

static const char *state_of(const struct shifter_check_info *info)
{
	if (!info->problem)
		return "ok";
	switch (info->fault) {
	case SHIFTER_FAULT_NONE: return "warning";
	case SHIFTER_FAULT_SITE: return "site";
	default: return "node";
	}
}

static int collect(const struct shifter_check_info *info, const struct output *output)
{
	struct json_object *one = json_object_new_object();

	if (one && add(one, "name", json_object_new_string(info->name)) &&
	    add(one, "state", json_object_new_string(state_of(info))) &&
	    (!info->problem || add(one, "problem", json_object_new_string(info->problem))) &&
	    json_object_array_add(output->list, one) == 0)
		return 0;
	json_object_put(one);
	return -ENOMEM;
}

static int show(const struct shifter_check_info *info, void *data)
{
	struct output *output = data;

	if (info->problem && info->fault)
		output->has_problem = true;
	if (output->list)
		return collect(info, output);
	printf("%s: %s%s\n", info->name, info->problem && !info->fault ? "warning: " : "",
	       info->problem ? info->problem : "ok");
	return 0;
}

/* The configuration is the first thing to be looked at: the rest depends on it. */
static int check(struct shifter_ctx *ctx, struct output *output)
{
	struct shifter_check_info info = { .size = sizeof(info), .name = "configuration" };
	int rc = shf_ctl_try_config(ctx);

	if (rc < 0) {
		info.problem = shifter_get_error(ctx);
		info.fault = shifter_get_fault(ctx);
	}
	if (show(&info, output) < 0)
		return -ENOMEM;
	return rc < 0 ? rc : shifter_check_node(ctx, show, output);
}

int shf_ctl_check(struct shifter_ctx *ctx, int argc, char **argv)
{
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct output output = { .has_problem = false };
	const char *text = NULL;
	bool is_json = false;
	int c, rc, status = 0;

	while ((c = shf_ctl_getopt(argc, argv, check_options)) != -1) {
		if (c != OPT_JSON)
			return SHF_EXIT_CALLER;
		is_json = true;
	}
	if (optind < argc)
		return shf_ctl_misuse("check", "unexpected argument '%s'", argv[optind]);
	if (is_json)
		output.list = json_object_new_array();
	rc = is_json && !output.list ? -ENOMEM : check(ctx, &output);
	if (output.list)
		text = json_object_to_json_string_ext(output.list, style);
	if (rc == -ENOMEM || (is_json && !text)) {
		shf_say("cannot run check: %s", strerror(ENOMEM));
		status = SHF_EXIT_NODE;
	} else if (rc < 0) {
		/* what was found is on standard output */
		status = output.has_problem ? shf_ctl_failure_status(ctx) : shf_ctl_failure(ctx);
	}
	if (text)
		puts(text);
	json_object_put(output.list);
	return status ? status : shf_ctl_flush();
}
