/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl list
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { OPT_JSON = 256 };

static const struct option list_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

/* UTC as RFC 3339 has it, or "-" for a time that is not known. */
static const char *format_time(uint64_t seconds, char out[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (seconds == 0 || !gmtime_r(&when, &tm) ||
	    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "-";
	return out;
}

static const char *or_dash(const char *string)
{
	return string && *string ? string : "-";
}

static int print_line(const struct shifter_container_info *info, void *data)
{
	char port[16] = "-", when[32];
	bool *has_header = data;

	if (!*has_header) {
		printf("%-20s %-12s %-8s %-6s %-20s %s\n", "ID", "USER", "STATE", "PORT", "CREATED",
		       "IMAGE");
		*has_header = true;
	}
	if (info->sshd_port)
		snprintf(port, sizeof(port), "%" PRIu32, info->sshd_port);
	printf("%-20s %-12s %-8s %-6s %-20s %s\n", info->id, or_dash(info->user), info->state, port,
	       format_time(info->created, when), or_dash(info->image));
	return 0;
}

/* Add value, taking it over, also if there is no memory for it. */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static int collect(const struct shifter_container_info *info, void *data)
{
	struct json_object *list = data, *one = json_object_new_object();

	if (one && add(one, "id", json_object_new_string(info->id)) &&
	    add(one, "state", json_object_new_string(info->state)) &&
	    add(one, "user", json_object_new_string(info->user)) &&
	    add(one, "uid", json_object_new_int64(info->uid)) &&
	    add(one, "image", json_object_new_string(info->image)) &&
	    add(one, "sshd_port", json_object_new_int64(info->sshd_port)) &&
	    add(one, "sshd_pid", json_object_new_int64(info->sshd_pid)) &&
	    add(one, "keeper_pid", json_object_new_int64(info->keeper_pid)) &&
	    add(one, "created", json_object_new_uint64(info->created)) &&
	    json_object_array_add(list, one) == 0)
		return 0;
	json_object_put(one);
	return -ENOMEM;
}

static int list_as_json(struct shifter_ctx *ctx)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *list = json_object_new_array();
	const char *text;
	int rc, status = 0;

	rc = list ? shifter_list_containers(ctx, collect, list) : -ENOMEM;
	text = rc == 0 ? json_object_to_json_string_ext(list, flags) : NULL;
	if (text)
		puts(text);
	else if (rc == -ENOMEM || rc == 0)
		shf_say("cannot list the containers: %s", strerror(ENOMEM));
	if (!text)
		status = rc == -ENOMEM || rc == 0 ? SHF_EXIT_NODE : shf_ctl_failure(ctx);
	json_object_put(list);
	return status;
}

int shf_ctl_list(struct shifter_ctx *ctx, int argc, char **argv)
{
	bool is_json = false, has_header = false;
	int c, status = 0;

	while ((c = shf_ctl_getopt(argc, argv, list_options)) != -1) {
		if (c != OPT_JSON)
			return SHF_EXIT_CALLER;
		is_json = true;
	}
	if (optind < argc)
		return shf_ctl_misuse("list", "unexpected argument '%s'", argv[optind]);
	if (is_json)
		status = list_as_json(ctx);
	else if (shifter_list_containers(ctx, print_line, &has_header) < 0)
		status = shf_ctl_failure(ctx);
	return status ? status : shf_ctl_flush();
}
