/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A libshifter that does nothing but write down how it was called, to the file
 * in CALLS.  FAIL=NAME:ERRNO:FAULT makes that call fail.
 */
#include <shifter/shifter.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shifter_ctx {
	char error[256];
	int fault;
	shifter_log_fn log;
	void *log_data;
};

struct shifter_hosts {
	int unused;
};

struct shifter_container {
	struct shifter_ctx *ctx;
};

static FILE *calls(void)
{
	FILE *file = fopen(getenv("CALLS"), "a");

	if (!file)
		abort();
	return file;
}

static void note(const char *name, const char *argument)
{
	FILE *file = calls();

	fprintf(file, "%s %s\n", name, argument ? argument : "NULL");
	fclose(file);
}

static int result(struct shifter_ctx *ctx, const char *name, const char *object)
{
	const char *fail = getenv("FAIL");
	size_t length = strlen(name);
	int error, fault;

	ctx->error[0] = '\0';
	ctx->fault = SHIFTER_FAULT_NONE;
	if (ctx->log) {
		ctx->log(SHIFTER_LOG_INFO, name, ctx->log_data);
		if (getenv("WARN"))
			ctx->log(SHIFTER_LOG_WARNING, getenv("WARN"), ctx->log_data);
	}
	if (!fail || strncmp(fail, name, length) != 0 || fail[length] != ':' ||
	    sscanf(fail + length, ":%d:%d", &error, &fault) != 2)
		return 0;
	if (getenv("FAIL_OBJECT") && (!object || strcmp(getenv("FAIL_OBJECT"), object) != 0))
		return 0;
	snprintf(ctx->error, sizeof(ctx->error), "cannot %s '%s'", name, object ? object : "");
	ctx->fault = fault;
	return -error;
}

const char *shifter_version(void)
{
	return "7.8.9";
}

int shifter_new(struct shifter_ctx **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void shifter_free(struct shifter_ctx *ctx)
{
	free(ctx);
}

void shifter_set_log(struct shifter_ctx *ctx, shifter_log_fn log, void *data)
{
	ctx->log = log;
	ctx->log_data = data;
}

int shifter_load_config(struct shifter_ctx *ctx, const char *path)
{
	note("config", path);
	return result(ctx, "config", path);
}

const char *shifter_get_error(struct shifter_ctx *ctx)
{
	return ctx->error;
}

int shifter_get_fault(struct shifter_ctx *ctx)
{
	return ctx->fault;
}

int shifter_resolve_image(struct shifter_ctx *ctx, const char *image, const char **out)
{
	note("resolve", image);
	*out = "id:0123";
	return result(ctx, "resolve", image);
}

int shifter_make_user_key(struct shifter_ctx *ctx, const char *home, const char **out)
{
	note("key", home);
	*out = "ssh-ed25519 AAAA";
	return result(ctx, "key", home);
}

int shifter_setup_container(struct shifter_ctx *ctx, const struct shifter_container_spec *spec,
			    struct shifter_container **out)
{
	FILE *file = calls();

	(void)out;
	fprintf(file,
		"setup id=%s image=%s user=%s home=%s shell=%s uid=%u gid=%u flags=%u groups=",
		spec->id, spec->image, spec->user, spec->home, spec->shell, spec->uid, spec->gid,
		spec->flags);
	for (uint32_t i = 0; i < spec->n_groups; i++)
		fprintf(file, "%s%u", i ? "," : "", spec->groups[i]);
	fprintf(file, " listen=%s port=%u volumes=",
		spec->listen_address ? spec->listen_address : "-", spec->sshd_port);
	for (size_t i = 0; spec->volumes && spec->volumes[i]; i++)
		fprintf(file, "[%s]", spec->volumes[i]);
	fprintf(file, " size=%d hook_pid=%d job_file=%s\n", spec->size == sizeof(*spec),
		spec->hook_pid, spec->job_file ? spec->job_file : "-");
	fclose(file);
	return result(ctx, "setup", spec->id);
}

int shifter_open_container(struct shifter_ctx *ctx, const char *id, struct shifter_container **out)
{
	int rc = result(ctx, "open", id);

	note("open", id);
	if (rc < 0)
		return rc;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->ctx = ctx;
	return 0;
}

void shifter_close_container(struct shifter_container *container)
{
	note("close", "");
	free(container);
}

int shifter_list_containers(struct shifter_ctx *ctx, shifter_list_fn list, void *data)
{
	struct shifter_container_info info = {
		.size = sizeof(info),
		.id = "a",
		.image = "local:/i/\"q\"",
		.user = "alice",
		.state = "serving",
		.uid = 2001,
		.sshd_port = 1204,
		.keeper_pid = 11,
		.sshd_pid = 12,
		.created = 86400,
	};
	int rc = result(ctx, "list", NULL);

	if (rc < 0 || getenv("EMPTY"))
		return rc;
	rc = list(&info, data);
	if (rc)
		return rc;
	info = (struct shifter_container_info){
		.size = sizeof(info),
		.id = "b",
		.image = "",
		.user = "",
		.state = "damaged",
	};
	return list(&info, data);
}

int shifter_start_user_sshd(struct shifter_container *container,
			    const struct shifter_sshd_spec *spec)
{
	FILE *file = calls();

	fprintf(file, "sshd key=%s file=%s principal=%s timeout=%u env=", spec->user_key,
		spec->user_key_file ? spec->user_key_file : "-", spec->principal,
		spec->timeout_ms);
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		fprintf(file, "[%s]", spec->env[i]);
	fprintf(file, " size=%d place=%d\n", spec->size == sizeof(*spec), spec->place != NULL);
	fclose(file);
	return result(container->ctx, "sshd", NULL);
}

int shifter_add_hosts_from_list(struct shifter_hosts *hosts, const char *text)
{
	(void)hosts;
	note("from_list", text);
	return 0;
}

int shifter_add_addresses_from_file(struct shifter_hosts *hosts, const char *path)
{
	(void)hosts;
	note("addresses", path);
	return 0;
}

int shifter_add_hosts_from_file(struct shifter_hosts *hosts, const char *path)
{
	(void)hosts;
	note("from_file", path);
	return 0;
}

int shifter_add_hosts_from_slurm(struct shifter_hosts *hosts, const char *nodes,
				 const char *slots_per_node)
{
	(void)hosts;
	note("from_slurm", nodes);
	note("slots", slots_per_node);
	return 0;
}

int shifter_add_hosts_from_torque(struct shifter_hosts *hosts, const char *exec_host)
{
	(void)hosts;
	note("from_torque", exec_host);
	return 0;
}

int shifter_write_hostsfile(struct shifter_container *container,
			    const struct shifter_hostsfile_spec *spec)
{
	struct shifter_hosts hosts = { 0 };

	if (spec->size != sizeof(*spec) || spec->provide(&hosts, spec->data) != 0)
		return -EINVAL;
	return result(container->ctx, "hostsfile", NULL);
}

int shifter_teardown(struct shifter_ctx *ctx, const char *id)
{
	note("teardown", id);
	return result(ctx, "teardown", id);
}

int shifter_get_setting(struct shifter_ctx *ctx, const char *key, const char **out)
{
	*out = "7";
	return strcmp(key, "nothing") == 0 ? -ENOENT : result(ctx, "get_setting", key);
}

int shifter_list_settings(struct shifter_ctx *ctx, shifter_setting_fn list, void *data)
{
	static const char *const paths[] = { "/a b" }, *const truth[] = { "true" },
				 *const items[] = { "x", "y" };
	const struct shifter_setting_info infos[] = {
		{ sizeof(*infos), "path", paths, 1, "path = \"/a b\"", "/f:3", "A path.",
		  SHIFTER_SETTING_TEXT, 0 },
		{ sizeof(*infos), "flag", truth, 1, "flag = true", NULL, "A flag.",
		  SHIFTER_SETTING_BOOL, 0 },
		{ sizeof(*infos), "words", items, 2, "words = { \"x\", \"y\" }", NULL, "Words.",
		  SHIFTER_SETTING_LIST, 0 },
		{ sizeof(*infos), "none", NULL, 0, "none = { }", "/f:4", "Nothing.",
		  SHIFTER_SETTING_LIST, 0 },
	};
	int rc = result(ctx, "list_settings", NULL);

	for (size_t i = 0; i < sizeof(infos) / sizeof(*infos) && rc == 0; i++)
		rc = list(&infos[i], data);
	return rc;
}

int shifter_collect_garbage(struct shifter_ctx *ctx, uint32_t flags, shifter_garbage_fn found,
			    void *data)
{
	const struct shifter_garbage_info infos[] = {
		{ sizeof(*infos), "container", "j1", "its keeper is gone", NULL },
		{ sizeof(*infos), "stage", "s1", "no container uses it", "it is busy" },
	};
	int rc = 0;

	note(flags & SHIFTER_GARBAGE_DRY_RUN ? "would_collect" : "collect", "");
	for (size_t i = 0; i < sizeof(infos) / sizeof(*infos) && rc == 0; i++)
		rc = found(&infos[i], data);
	return rc ? rc : result(ctx, "gc", NULL);
}

int shifter_check_node(struct shifter_ctx *ctx, shifter_check_fn found, void *data)
{
	const struct shifter_check_info infos[] = {
		{ sizeof(*infos), "kernel", NULL, SHIFTER_FAULT_NONE, 0 },
		{ sizeof(*infos), "sshdPort", "it is low", SHIFTER_FAULT_NONE, 0 },
		{ sizeof(*infos), "sshd", "line 3: \"x\"", SHIFTER_FAULT_SITE, 0 },
		{ sizeof(*infos), "loop", "none", SHIFTER_FAULT_NODE, 0 },
	};
	size_t n = getenv("FAIL") ? sizeof(infos) / sizeof(*infos) : 2;
	int rc = 0;

	note("check", "");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = found(&infos[i], data);
	return rc ? rc : result(ctx, "check", NULL);
}
