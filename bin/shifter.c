/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter - run a command in the job's container
 *
 * This program has no privilege.  It finds out which container is meant, makes
 * up the command's environment and hands both to shifter-enter, which is
 * setuid root, small, and checks everything that matters.
 */
#include "cli_request.h"
#include "cli_say.h"
#include "cli_script.h"

#include <shifter/version.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MAX = 86400 }; /* seconds */

static const char import_program[] = SHF_LIBEXECDIR "/shifter-import";
static char session_program[] = "/opt/udiImage/libexec/udi-session";
static char inner_program[] = "/opt/udiImage/bin/shifter";
static char wait_program[] = "/opt/udiImage/libexec/udi-wait";

static const char usage[] =
	"usage: shifter [OPTION...] [--] CMD [ARG...]\n"
	"       shifter [OPTION...]\n"
	"       shifter [--container ID] wait [--timeout S]\n"
	"       shifter [--container ID] hosts [--format F]\n"
	"       shifter [--container ID] ssh-config [OPTION...]\n"
	"       shifter import [OPTION...] SOURCE DIR\n"
	"\n"
	"Run CMD, or a shell, in the container of the job.\n"
	"\n"
	"  -i, --image=REF        the job's image; or any other, for a container of\n"
	"                         one's own, without a job\n"
	"      --container=ID     the container (default: $SHIFTER_CONTAINER, else that\n"
	"                         of the Slurm job)\n"
	"  -e, --env=NAME=VALUE   set a variable; may be repeated\n"
	"  -e, --env=NAME         the caller's value instead of the image's\n"
	"      --env-file=FILE    set the variables that FILE has a line each for\n"
	"  -E, --clearenv         start with few variables, not the caller's\n"
	"      --entrypoint       put the image's entry point before CMD\n"
	"      --entrypoint=CMD   put CMD, split at blanks, there\n"
	"  -w, --workdir=DIR      run CMD in DIR of the container\n"
	"      --workdir          in the image's working directory\n"
	"  -V, --volume=SRC:DST   mount SRC on DST in a container of one's own; may be\n"
	"                         repeated; for a job's see shifter_slurm(8)\n"
	"      --writable         let files be changed there, until CMD ends\n"
	"  -h, --help             show this\n"
	"      --version          show the version\n"
	"\n"
	"'shifter wait' waits until every host of the job can be reached by ssh, and\n"
	"names those that cannot; S is in seconds.  'shifter hosts' lists them, and\n"
	"'shifter ssh-config' tells an ssh outside of the job how to reach them.\n"
	"\n"
	"As an interpreter: #!/usr/bin/shifter /bin/bash\n"
	"Exit status: that of CMD; 125 if shifter failed, 126 if CMD cannot be executed,\n"
	"127 if it was not found.  SHIFTER_MPI_SSH=0 leaves launchers alone.\n";

enum { OPT_CONTAINER = 256,
       OPT_ENTRYPOINT,
       OPT_ENV_FILE,
       OPT_VERSION,
       OPT_WRITABLE,
       OPT_TIMEOUT };

static const struct option options[] = {
	{ "clearenv", no_argument, NULL, 'E' },
	{ "container", required_argument, NULL, OPT_CONTAINER },
	{ "entry", optional_argument, NULL, OPT_ENTRYPOINT },
	{ "entrypoint", optional_argument, NULL, OPT_ENTRYPOINT },
	{ "env", required_argument, NULL, 'e' },
	{ "env-file", required_argument, NULL, OPT_ENV_FILE },
	{ "help", no_argument, NULL, 'h' },
	{ "image", required_argument, NULL, 'i' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "volume", required_argument, NULL, 'V' },
	{ "workdir", optional_argument, NULL, 'w' },
	{ "writable", no_argument, NULL, OPT_WRITABLE },
	{ NULL, 0, NULL, 0 },
};

static const struct option wait_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ NULL, 0, NULL, 0 },
};

/* getopt has met an option that it could not take; returns the exit status. */
static int refuse_option(char **argv, int optind_before, const char *reason)
{
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *given = argv[optind_before];

	/* optopt is 0, or the value of the table, for long options. */
	if (!given || strncmp(given, "--", 2) != 0)
		shf_say("%s '%s': try 'shifter --help'", reason, letter);
	else
		shf_say("%s '%.*s': try 'shifter --help'", reason, (int)strcspn(given, "="), given);
	return SHF_EXIT_SHIFTER;
}

static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	shf_say("cannot write to standard output: %s", strerror(errno));
	return SHF_EXIT_SHIFTER;
}

static int show_usage(void)
{
	fputs(usage, stdout);
	return finish_output();
}

static int refuse_getopt(int c, char **argv, int before)
{
	const char *given = argv[before];

	if (c == ':')
		return refuse_option(argv, before, "no value for option");
	if (given && strncmp(given, "--", 2) == 0 && strchr(given, '=') && optopt != 0)
		return refuse_option(argv, before, "option takes no value");
	return refuse_option(argv, before, "unknown option");
}

/*
 * The shell is udi-session's choice, since $SHELL need not exist in the image.
 * Its arguments are passed to that shell, which keeps the environment: without
 * any, it would start an ssh session's login shell.
 */
static int run_shell(struct shf_request *request)
{
	char interactive[] = "-i", from_stdin[] = "-s";
	char *command[] = { session_program, isatty(STDIN_FILENO) ? interactive : from_stdin,
			    NULL };

	request->command = command;
	return shf_enter_container(request);
}

/* argv starts with the word "import".  Returns the exit status, if at all. */
static int run_import(char **argv)
{
	char name[] = "shifter";

	argv[0] = name;
	execve(import_program, argv, environ);
	shf_say("cannot run '%s': %s", import_program, strerror(errno));
	return SHF_EXIT_SHIFTER;
}

static bool is_timeout(const char *string)
{
	size_t length = strlen(string);

	return length >= 1 && length <= 5 && strspn(string, "0123456789") == length &&
	       string[0] != '0' && atoi(string) <= TIMEOUT_MAX;
}

/* argv starts with the word "wait". */
static int run_wait(struct shf_request *request, int argc, char **argv)
{
	char timeout[] = "--timeout";
	char *command[4] = { wait_program };
	int c, before;

	optind = 0;
	while (before = optind ? optind : 1,
	       (c = getopt_long(argc, argv, "+:h", wait_options, NULL)) != -1) {
		switch (c) {
		case OPT_TIMEOUT:
			if (!is_timeout(optarg)) {
				shf_say("cannot wait for '%s': the timeout is 1 to %d seconds",
					optarg, TIMEOUT_MAX);
				return SHF_EXIT_SHIFTER;
			}
			command[1] = timeout;
			command[2] = optarg;
			break;
		case 'h': return show_usage();
		default: return refuse_getopt(c, argv, before);
		}
	}
	if (optind < argc) {
		shf_say("unexpected argument '%s' of wait: for a command of that name use "
			"'shifter -- wait'",
			argv[optind]);
		return SHF_EXIT_SHIFTER;
	}
	if (shf_is_private(request)) {
		shf_say("cannot wait for the hosts of image '%s': it is not that of a job",
			request->image);
		return SHF_EXIT_SHIFTER;
	}
	request->command = command;
	return shf_enter_container(request);
}

/* The program in the container knows what the job's hosts are; argv starts with the command. */
static int run_inner(struct shf_request *request, int argc, char **argv)
{
	char name_option[] = "--name", id[SHF_ID_MAX + 1];
	bool is_named = strcmp(argv[0], "ssh-config") == 0;
	char **command;
	size_t n = 0;
	int status;

	if (shf_is_private(request)) {
		shf_say("cannot run %s for image '%s': it is not that of a job", argv[0],
			request->image);
		return SHF_EXIT_SHIFTER;
	}
	status = shf_find_container(request, id);
	if (status != 0)
		return status;
	command = calloc((size_t)argc + 4, sizeof(*command));
	if (!command) {
		shf_say("cannot run %s: %s", argv[0], strerror(errno));
		return SHF_EXIT_SHIFTER;
	}
	command[n++] = inner_program;
	command[n++] = argv[0];
	/* one of the caller's comes later and wins */
	if (is_named) {
		command[n++] = name_option;
		command[n++] = id;
	}
	memcpy(command + n, argv + 1, (size_t)(argc - 1) * sizeof(*command));
	request->command = command;
	status = shf_enter_container(request);
	free(command);
	return status;
}

/*
 * The directory is optional, as in the original, but may be a word of its own, as
 * everywhere else: one that starts with '/', since it must be absolute.
 */
static void take_workdir(struct shf_request *request, int argc, char **argv)
{
	const char *directory = optarg;

	if (!directory && optind < argc && argv[optind][0] == '/')
		directory = argv[optind++];
	request->workdir = directory;
	request->use_image_workdir = !directory;
}

static int run(struct shf_request *request, int argc, char **argv, bool is_script)
{
	bool is_word;
	int c, before;

	opterr = 0;
	while (before = optind,
	       (c = getopt_long(argc, argv, "+:Ee:hi:V:w::", options, NULL)) != -1) {
		switch (c) {
		case 'e': request->variables[request->n_variables++] = optarg; break;
		case 'i': request->image = optarg; break;
		case 'V': request->volumes[request->n_volumes++] = optarg; break;
		case 'w': take_workdir(request, argc, argv); break;
		case 'E': request->is_env_clear = true; break;
		case OPT_ENV_FILE: request->env_files[request->n_env_files++] = optarg; break;
		case OPT_ENTRYPOINT:
			request->use_entry = true;
			request->entrypoint = optarg;
			break;
		case OPT_CONTAINER: request->container = optarg; break;
		case 'h': return show_usage();
		case OPT_WRITABLE: request->is_writable = true; break;
		case OPT_VERSION:
			printf("shifter %d.%d.%d\n", SHIFTER_VERSION_MAJOR, SHIFTER_VERSION_MINOR,
			       SHIFTER_VERSION_MICRO);
			return finish_output();
		default: return refuse_getopt(c, argv, before);
		}
	}
	if (optind >= argc && !request->use_entry)
		return run_shell(request);
	/* the words of an entry point are its own */
	is_word = !is_script && !request->use_entry;
	is_word = is_word && (optind == 1 || strcmp(argv[optind - 1], "--") != 0);
	if (is_word && strcmp(argv[optind], "wait") == 0)
		return run_wait(request, argc - optind, argv + optind);
	if (is_word &&
	    (strcmp(argv[optind], "hosts") == 0 || strcmp(argv[optind], "ssh-config") == 0))
		return run_inner(request, argc - optind, argv + optind);
	if (is_word && strcmp(argv[optind], "import") == 0 && optind == 1)
		return run_import(argv + optind);
	request->command = argv + optind;
	return shf_enter_container(request);
}

int main(int argc, char **argv)
{
	struct shf_script script;
	struct shf_request request = { 0 };
	int rc, status;

	rc = shf_open_standard();
	if (rc < 0)
		return SHF_EXIT_SHIFTER;
	rc = argc < 1 ? -EINVAL : shf_script_detect(&script, argc, argv);
	if (rc < 0) {
		shf_say("cannot read the command line: %s", strerror(-rc));
		return SHF_EXIT_SHIFTER;
	}
	if (script.is_bare) {
		shf_say("cannot run script '%s': its first line names no interpreter: write "
			"'#!%s /bin/bash'",
			argv[1], argv[0]);
		return SHF_EXIT_SHIFTER;
	}
	for (argc = 0; script.arguments[argc]; argc++)
		;
	request.variables = calloc((size_t)argc + 1, sizeof(*request.variables));
	request.env_files = calloc((size_t)argc + 1, sizeof(*request.env_files));
	request.volumes = calloc((size_t)argc + 1, sizeof(*request.volumes));
	if (!request.variables || !request.env_files || !request.volumes) {
		shf_say("cannot read the command line: %s", strerror(errno));
		status = SHF_EXIT_SHIFTER;
	} else {
		status = run(&request, argc, script.arguments, script.is_script);
	}
	free(request.variables);
	free(request.env_files);
	free(request.volumes);
	shf_script_free(&script);
	return status;
}
