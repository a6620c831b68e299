/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-private - runs a command in a container of the caller's own
 *
 *	shifter-private [-V VOLUME]... [-w DIRECTORY] IMAGE FD COMMAND [ARGUMENT]...
 *
 * Run by shifter for an image that no job's container has.  It has no
 * privilege: the library makes the container in a user namespace.  FD holds the
 * environment and the exit status is COMMAND's, both as with shifter-enter.
 */
#include "enter_command.h"

#include <shifter/shifter.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = 65536 };

struct request {
	const char *image;
	const char *workdir;  /* NULL: where the caller is */
	const char **volumes; /* NULL terminated */
};

static uint32_t groups[GROUPS_MAX];

static void log_warning(int level, const char *message, void *data)
{
	(void)data;
	if (level <= SHIFTER_LOG_WARNING)
		dprintf(2, "shifter: %s\n", message);
}

static _Noreturn void fail_as_library(struct shifter_ctx *ctx)
{
	/* neither here nor there: nothing but this line */
	shf_die(125, shifter_get_error(ctx), NULL, NULL);
}

static void fill_account(struct shifter_container_spec *spec)
{
	struct passwd *passwd;
	int n;

	errno = 0;
	passwd = getpwuid(getuid());
	if (!passwd)
		shf_die_errno(125, "cannot look up the account of the caller", NULL,
			      errno ? errno : ENOENT);
	n = getgroups(GROUPS_MAX, groups);
	if (n < 0)
		shf_die_errno(125, "cannot read the groups of the caller", NULL, errno);
	spec->user = passwd->pw_name;
	spec->home = passwd->pw_dir;
	spec->shell = passwd->pw_shell;
	spec->uid = getuid();
	spec->gid = getgid();
	spec->groups = groups;
	spec->n_groups = (uint32_t)n;
}

static void enter(const struct request *request)
{
	struct shifter_container_spec spec = { .size = sizeof(spec),
					       .image = request->image,
					       .volumes = request->volumes };
	struct shifter_ctx *ctx;
	int rc;

	rc = shifter_new(&ctx);
	if (rc < 0)
		shf_die_errno(125, "cannot make a container", NULL, -rc);
	shifter_set_log(ctx, log_warning, NULL);
	rc = shifter_load_config(ctx, NULL);
	/* who installed it for one user only has none */
	if (rc < 0 && rc != -ENOENT)
		fail_as_library(ctx);
	fill_account(&spec);
	if (shifter_enter_private_container(ctx, &spec) < 0)
		fail_as_library(ctx);
	shifter_free(ctx);
}

static void change_directory(const char *workdir, const char *previous)
{
	if (workdir ? chdir(workdir) < 0 : chdir(previous) < 0 && chdir("/") < 0)
		shf_die_errno(125, "cannot change to directory", workdir ? workdir : "/", errno);
}

int main(int argc, char **argv)
{
	static char previous[PATH_MAX];
	struct request request = { 0 };
	size_t n_volumes = 0;
	int c;

	request.volumes = calloc((size_t)argc + 1, sizeof(*request.volumes));
	if (!request.volumes)
		shf_die_errno(125, "cannot make a container", NULL, errno);
	opterr = 0;
	while ((c = getopt(argc, argv, "+V:w:")) != -1) {
		if (c == 'V')
			request.volumes[n_volumes++] = optarg;
		else if (c == 'w')
			request.workdir = optarg;
		else
			shf_die(125, "shifter-private is run by shifter, not by hand", NULL, NULL);
	}
	if (argc - optind < 3)
		shf_die(125, "shifter-private is run by shifter, not by hand", NULL, NULL);
	request.image = argv[optind];
	/* a directory that has been removed, or that is out of sight, has no name */
	if (syscall(SYS_getcwd, previous, sizeof(previous)) < 0 || previous[0] != '/')
		memcpy(previous, "/", 2);
	enter(&request);
	change_directory(request.workdir, previous);
	shf_execute(argv + optind + 2, shf_read_environment(argv[optind + 1]));
}
