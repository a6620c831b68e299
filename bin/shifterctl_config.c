/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl config - the configuration in effect, and one of the original Shifter's translated
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SHF_LIBEXECDIR
#define SHF_LIBEXECDIR "/usr/libexec/shifter"
#endif

enum { OPT_JSON = 256,
       OPT_CONVERT };

static const struct option config_options[] = {
	{ "convert", required_argument, NULL, OPT_CONVERT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

/* What is asked for, and what has been found. */
struct inquiry {
	const char *key;          /* NULL for all */
	struct json_object *list; /* NULL for text */
	bool is_found;
};

static int print_text(const struct shifter_setting_info *info, const struct inquiry *inquiry)
{
	if (inquiry->key)
		for (size_t i = 0; i < info->n_values; i++)
			puts(info->values[i]);
	else
		printf("# %s\n%s\n", info->origin ? info->origin : "default", info->text);
	return 0;
}

static struct json_object *make_value(const struct shifter_setting_info *info)
{
	struct json_object *list;

	switch (info->type) {
	case SHIFTER_SETTING_TEXT: return json_object_new_string(info->values[0]);
	case SHIFTER_SETTING_BOOL:
		return json_object_new_boolean(strcmp(info->values[0], "true") == 0);
	case SHIFTER_SETTING_NUMBER:
		return json_object_new_int64(strtoll(info->values[0], NULL, 10));
	default: break;
	}
	list = json_object_new_array();
	for (size_t i = 0; list && i < info->n_values; i++) {
		struct json_object *item = json_object_new_string(info->values[i]);

		if (!item || json_object_array_add(list, item) != 0) {
			json_object_put(item);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

/* Add value, taking it over, also if there is no memory for it. */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static int collect(const struct shifter_setting_info *info, const struct inquiry *inquiry)
{
	struct json_object *one = json_object_new_object();

	if (one && add(one, "key", json_object_new_string(info->key)) &&
	    add(one, "value", make_value(info)) &&
	    add(one, "origin", json_object_new_string(info->origin ? info->origin : "default")) &&
	    add(one, "doc", json_object_new_string(info->doc)) &&
	    json_object_array_add(inquiry->list, one) == 0)
		return 0;
	json_object_put(one);
	return -ENOMEM;
}

static int show_one(const struct shifter_setting_info *info, void *data)
{
	struct inquiry *inquiry = data;

	if (inquiry->key && strcmp(inquiry->key, info->key) != 0)
		return 0;
	inquiry->is_found = true;
	return inquiry->list ? collect(info, inquiry) : print_text(info, inquiry);
}

/* A key by itself is an object, not a list of one. */
static int print_json(const struct inquiry *inquiry)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *what =
		inquiry->key ? json_object_array_get_idx(inquiry->list, 0) : inquiry->list;
	const char *text = json_object_to_json_string_ext(what, flags);

	if (!text)
		return -ENOMEM;
	puts(text);
	return 0;
}

static int show(struct shifter_ctx *ctx, const char *key, bool is_json)
{
	struct inquiry inquiry = { .key = key };
	int rc = 0, status = 0;

	if (is_json && !(inquiry.list = json_object_new_array()))
		rc = -ENOMEM;
	if (rc == 0)
		rc = shifter_list_settings(ctx, show_one, &inquiry);
	if (rc == 0 && key && !inquiry.is_found) {
		const char *ignored;

		/* another word for a key, or none: the library knows, and says so */
		rc = shifter_get_setting(ctx, key, &ignored);
		if (rc < 0) {
			json_object_put(inquiry.list);
			return shf_ctl_failure(ctx);
		}
		if (is_json)
			status = shf_ctl_misuse("config", "'%s' is another word for a key", key);
		else
			puts(ignored);
	} else if (rc == 0 && is_json) {
		rc = print_json(&inquiry);
	}
	json_object_put(inquiry.list);
	if (rc == -ENOMEM) {
		shf_say("cannot list the configuration: %s", strerror(ENOMEM));
		return SHF_EXIT_NODE;
	}
	return status ? status : shf_ctl_flush();
}

/* The file to convert, or -1 having said why not. */
static int open_original(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		shf_say("cannot open '%s': %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	shf_say("cannot convert '%s': it is not a regular file", path);
	close(fd);
	return -1;
}

/* Run the program that reads configurations; its wait status, or -errno. */
static int run_converter(const char *path, int fd)
{
	static const char program[] = SHF_LIBEXECDIR "/shifter-readconf";
	char *const argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "--convert",
			       (char *)(uintptr_t)path, NULL };
	char *const envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = 0, error;
	pid_t pid;

	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return -error;
	error = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (!error)
		error = posix_spawn(&pid, program, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		shf_say("cannot run '%s': %s", program, strerror(error));
		return -error;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static int convert(const char *path)
{
	int fd = open_original(path), status;

	if (fd < 0)
		return SHF_EXIT_CALLER;
	status = run_converter(path, fd);
	close(fd);
	if (status < 0)
		return SHF_EXIT_NODE;
	if (WIFSIGNALED(status)) {
		shf_say("cannot convert '%s': shifter-readconf was ended by signal %d", path,
			WTERMSIG(status));
		return SHF_EXIT_NODE;
	}
	return WEXITSTATUS(status) == 0 ? 0 : SHF_EXIT_SITE;
}

int shf_ctl_config(struct shifter_ctx *ctx, int argc, char **argv)
{
	const char *original = NULL;
	bool is_json = false;
	int c, status;

	while ((c = shf_ctl_getopt(argc, argv, config_options)) != -1) {
		switch (c) {
		case OPT_CONVERT: original = optarg; break;
		case OPT_JSON: is_json = true; break;
		default: return SHF_EXIT_CALLER;
		}
	}
	if (original && (is_json || optind < argc))
		return shf_ctl_misuse("config", "--convert goes with nothing else");
	if (optind + 1 < argc)
		return shf_ctl_misuse("config", "unexpected argument '%s'", argv[optind + 1]);
	/* the file to convert may be in the place of ours */
	if (original)
		return convert(original);
	status = shf_ctl_load_config(ctx, false);
	return status ? status : show(ctx, argv[optind], is_json);
}
