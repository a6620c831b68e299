/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-private - runs a command in a container of the caller's own
 *
 *	shifter-private [-V VOLUME]... [-w] [-j JOB-IMAGE] -- IMAGE
 *		shifter-enter [OPTION...] ID FD [COMMAND [ARGUMENT]...]
 *
 * Run by shifter for an image that is not, or not by the same reference, that of
 * the job.  It has no privilege: the library makes the container in a user
 * namespace.  If IMAGE means JOB-IMAGE after all, the second line is executed as
 * it is; else its options, FD (the environment) and COMMAND have the meaning
 * that they have for shifter-enter, and ID has none.
 */
#include "enter_command.h"

#include <shifter/shifter.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = 65536 };

struct request {
	const char *image;
	const char *job_image; /* NULL: there is none */
	const char **volumes;  /* NULL terminated */
	bool is_writable;
	char **enter; /* shifter-enter and its arguments */
};

static const char enter_program[] = SHF_LIBEXECDIR "/shifter-enter";
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

/* Does the reference mean the image of the job? */
static bool is_of_job(struct shifter_ctx *ctx, const struct request *request)
{
	const char *resolved;

	/* what fails here fails again, with its sentence, when the container is made */
	return request->job_image && shifter_resolve_image(ctx, request->image, &resolved) == 0 &&
	       strcmp(resolved, request->job_image) == 0;
}

static void enter(const struct request *request)
{
	struct shifter_container_spec spec = {
		.size = sizeof(spec),
		.image = request->image,
		.volumes = request->volumes,
		.flags = request->is_writable ? SHIFTER_SETUP_WRITABLE : 0,
	};
	char *nothing[] = { NULL };
	struct shifter_ctx *ctx;
	int rc;

	rc = shifter_new(&ctx);
	if (rc < 0)
		shf_die_errno(125, "cannot make a container", NULL, -rc);
	shifter_set_log(ctx, log_warning, NULL);
	rc = shifter_load_config(ctx, NULL);
	/* without the file everything has its default */
	if (rc < 0 && rc != -ENOENT)
		fail_as_library(ctx);
	if (is_of_job(ctx, request)) {
		execve(enter_program, request->enter, nothing);
		shf_die_errno(125, "cannot run", enter_program, errno);
	}
	fill_account(&spec);
	if (shifter_enter_private_container(ctx, &spec) < 0)
		fail_as_library(ctx);
	shifter_free(ctx);
}

static _Noreturn void fail_by_hand(void)
{
	shf_die(125, "shifter-private is run by shifter, not by hand", NULL, NULL);
}

int main(int argc, char **argv)
{
	static char previous[PATH_MAX];
	struct request request = { 0 };
	struct shf_enter_options options = { 0 };
	size_t n_volumes = 0;
	char **environment, **command;
	int c, n_words;

	request.volumes = calloc((size_t)argc + 1, sizeof(*request.volumes));
	if (!request.volumes)
		shf_die_errno(125, "cannot make a container", NULL, errno);
	opterr = 0;
	while ((c = getopt(argc, argv, "+V:j:w")) != -1) {
		if (c == 'V')
			request.volumes[n_volumes++] = optarg;
		else if (c == 'j')
			request.job_image = optarg;
		else if (c == 'w')
			request.is_writable = true;
		else
			fail_by_hand();
	}
	if (argc - optind < 4)
		fail_by_hand();
	request.image = argv[optind];
	request.enter = argv + optind + 1;
	argc -= optind + 1;
	n_words = shf_read_enter_options(argc, request.enter, &options);
	if (argc - n_words < (options.use_entry ? 3 : 4))
		fail_by_hand();
	/* a directory that has been removed, or that is out of sight, has no name */
	if (syscall(SYS_getcwd, previous, sizeof(previous)) < 0 || previous[0] != '/')
		memcpy(previous, "/", 2);
	enter(&request);
	shf_enter_directory(&options, previous);
	environment = shf_read_environment(request.enter[n_words + 2], false);
	command = request.enter + n_words + 3;
	shf_execute(options.use_entry ? shf_add_entry(command) : command, environment);
}
