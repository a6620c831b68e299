/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl setup, shifterctl teardown
 */
#include "cli_say.h"
#include "shifterctl.h"
#include "shifterctl_account.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPT_GID = 256,
	OPT_GROUPS,
	OPT_HOME,
	OPT_HOOK_PID,
	OPT_ID,
	OPT_IMAGE,
	OPT_JOB_FILE,
	OPT_LISTEN,
	OPT_PORT,
	OPT_REPLACE,
	OPT_SHELL,
	OPT_SSHD,
	OPT_UID,
	OPT_USER,
	OPT_VOLUME,
	OPT_WRITABLE
};

#define ID_MAX (UINT32_MAX - 1) /* the highest means "no change" to the kernel */

static const struct option setup_options[] = {
	{ "gid", required_argument, NULL, OPT_GID },
	{ "groups", required_argument, NULL, OPT_GROUPS },
	{ "home", required_argument, NULL, OPT_HOME },
	{ "hook-pid", required_argument, NULL, OPT_HOOK_PID },
	{ "id", required_argument, NULL, OPT_ID },
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "job-file", required_argument, NULL, OPT_JOB_FILE },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "replace", no_argument, NULL, OPT_REPLACE },
	{ "shell", required_argument, NULL, OPT_SHELL },
	{ "sshd", no_argument, NULL, OPT_SSHD },
	{ "uid", required_argument, NULL, OPT_UID },
	{ "user", required_argument, NULL, OPT_USER },
	{ "volume", required_argument, NULL, OPT_VOLUME },
	{ "writable", no_argument, NULL, OPT_WRITABLE },
	{ NULL, 0, NULL, 0 },
};

static const struct option no_options[] = {
	{ NULL, 0, NULL, 0 },
};

static int set_string(char **where, const char *value)
{
	free(*where);
	*where = strdup(value);
	if (*where)
		return 0;
	shf_say("cannot run setup: out of memory");
	return SHF_EXIT_NODE;
}

/* Returns 0 or an exit status, said. */
static int take_option(int c, struct shifter_container_spec *spec, struct shf_ctl_account *account,
		       const char **volumes, size_t *n_volumes)
{
	uint32_t number;

	switch (c) {
	case OPT_ID: spec->id = optarg; return 0;
	case OPT_IMAGE: spec->image = optarg; return 0;
	case OPT_JOB_FILE: spec->job_file = optarg; return 0;
	case OPT_LISTEN: spec->listen_address = optarg; return 0;
	case OPT_REPLACE: spec->flags |= SHIFTER_SETUP_REPLACE; return 0;
	case OPT_SSHD: spec->flags |= SHIFTER_SETUP_SSHD; return 0;
	case OPT_WRITABLE: spec->flags |= SHIFTER_SETUP_WRITABLE; return 0;
	case OPT_USER: account->user = optarg; return 0;
	case OPT_VOLUME: volumes[(*n_volumes)++] = optarg; return 0;
	case OPT_HOME: return set_string(&account->home, optarg);
	case OPT_SHELL: return set_string(&account->shell, optarg);
	case OPT_GROUPS: return shf_ctl_read_groups(account, optarg);
	case OPT_PORT:
		if (!shf_ctl_number("--port", optarg, 1, 65535, &spec->sshd_port))
			return SHF_EXIT_CALLER;
		return 0;
	case OPT_HOOK_PID:
		if (!shf_ctl_number("--hook-pid", optarg, 1, INT32_MAX, &number))
			return SHF_EXIT_CALLER;
		spec->hook_pid = (int32_t)number;
		return 0;
	case OPT_UID:
		account->has_uid = shf_ctl_number("--uid", optarg, 1, ID_MAX, &account->uid);
		return account->has_uid ? 0 : SHF_EXIT_CALLER;
	case OPT_GID:
		account->has_gid = shf_ctl_number("--gid", optarg, 1, ID_MAX, &account->gid);
		return account->has_gid ? 0 : SHF_EXIT_CALLER;
	default: return SHF_EXIT_CALLER;
	}
}

static int check_setup(const struct shifter_container_spec *spec,
		       const struct shf_ctl_account *account, int argc, char **argv)
{
	if (optind < argc)
		return shf_ctl_misuse("setup", "unexpected argument '%s'", argv[optind]);
	if (!spec->id)
		return shf_ctl_misuse("setup", "no --id");
	if (!spec->image)
		return shf_ctl_misuse("setup", "no --image");
	if (!account->user)
		return shf_ctl_misuse("setup", "no --user");
	if (!(spec->flags & SHIFTER_SETUP_SSHD) && (spec->sshd_port || spec->listen_address))
		return shf_ctl_misuse("setup", "--port and --listen are for --sshd");
	return 0;
}

int shf_ctl_setup(struct shifter_ctx *ctx, int argc, char **argv)
{
	struct shifter_container_spec spec = { .size = sizeof(spec) };
	struct shf_ctl_account account = { 0 };
	const char **volumes = calloc((size_t)argc + 1, sizeof(*volumes));
	size_t n_volumes = 0;
	int c, status = 0;

	if (!volumes) {
		shf_say("cannot run setup: out of memory");
		return SHF_EXIT_NODE;
	}
	while (status == 0 && (c = shf_ctl_getopt(argc, argv, setup_options)) != -1)
		status = take_option(c, &spec, &account, volumes, &n_volumes);
	if (status == 0)
		status = check_setup(&spec, &account, argc, argv);
	if (status == 0)
		status = shf_ctl_complete_account(&account);
	if (status == 0) {
		spec.user = account.user;
		spec.home = account.home;
		spec.shell = account.shell;
		spec.uid = account.uid;
		spec.gid = account.gid;
		spec.groups = account.groups;
		spec.n_groups = account.n_groups;
		spec.volumes = n_volumes ? volumes : NULL;
		if (shifter_setup_container(ctx, &spec, NULL) < 0)
			status = shf_ctl_failure(ctx);
	}
	shf_ctl_free_account(&account);
	free(volumes);
	return status;
}

int shf_ctl_teardown(struct shifter_ctx *ctx, int argc, char **argv)
{
	int status = 0;

	if (shf_ctl_getopt(argc, argv, no_options) != -1)
		return SHF_EXIT_CALLER;
	if (optind >= argc)
		return shf_ctl_misuse("teardown", "no container's id");
	for (; optind < argc; optind++) {
		int failure = 0;

		if (shifter_teardown(ctx, argv[optind]) < 0)
			failure = shf_ctl_failure(ctx);
		/* The node's failure is the one that a hook must not miss. */
		if (status == 0 || failure == SHF_EXIT_NODE)
			status = failure ? failure : status;
	}
	return status;
}
