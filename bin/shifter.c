/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter - run a command in the job's container
 *
 * This program has no privilege.  It finds out which container is meant, makes
 * up the command's environment and hands both to shifter-enter, which is
 * setuid root, small, and checks everything that matters.
 */
#include "cli_env.h"
#include "cli_env_file.h"
#include "cli_say.h"
#include "cli_script.h"

#include <shifter/version.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	EXIT_SHIFTER = 125, /* as env(1), nohup(1) and their kin have it */
	ID_MAX = 64,        /* bytes, of a container's id */
	TIMEOUT_MAX = 86400 /* seconds */
};

static const char private_program[] = SHF_LIBEXECDIR "/shifter-private";
static const char enter_program[] = SHF_LIBEXECDIR "/shifter-enter";
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
	{ NULL, 0, NULL, 0 },
};

static const struct option wait_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ NULL, 0, NULL, 0 },
};

struct request {
	const char *container; /* NULL: to be found in the environment */
	const char *image;     /* NULL: the job's */
	const char **volumes;  /* of -V, n_volumes */
	size_t n_volumes;
	const char *workdir; /* NULL: the caller's, where it exists */
	bool use_image_workdir;
	const char **variables; /* of -e, n_variables */
	size_t n_variables;
	const char **env_files; /* n_env_files */
	size_t n_env_files;
	bool is_env_clear;
	bool use_entry;         /* the image's entry point, unless entrypoint says another */
	const char *entrypoint; /* NULL, or words */
	char **command;         /* what is to be run, NULL terminated */
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
	return EXIT_SHIFTER;
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

static bool is_id(const char *string)
{
	size_t length = strlen(string);

	return length > 0 && length <= ID_MAX && strchr("._-", string[0]) == NULL &&
	       strspn(string, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789._-") == length;
}

static const char *get_nonempty(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Fill id, and return 0 or the exit status. */
static int find_container(const struct request *request, char id[ID_MAX + 1])
{
	const char *name = request->container, *from = "--container";
	const char *job;
	int n;

	if (!name) {
		name = get_nonempty("SHIFTER_CONTAINER");
		from = "SHIFTER_CONTAINER";
	}
	if (name) {
		n = snprintf(id, ID_MAX + 1, "%s", name);
	} else if ((job = get_nonempty("SLURM_JOB_ID"))) {
		n = snprintf(id, ID_MAX + 1, "slurm-%s", job);
		name = job;
		from = "SLURM_JOB_ID";
	} else {
		shf_say("not in a job with an image: submit a job with --image=REF and run shifter "
			"there, name an image with --image REF, or a container with "
			"--container ID");
		return EXIT_SHIFTER;
	}
	if (n < 0 || n > ID_MAX || !is_id(id)) {
		shf_say("cannot use '%s' of %s: not a container's id, which is 1 to %d letters, "
			"digits, '.', '_', '-'",
			name, from, ID_MAX);
		return EXIT_SHIFTER;
	}
	return 0;
}

static bool is_in_job(void)
{
	return get_nonempty("SHIFTER_IMAGE") &&
	       (get_nonempty("SHIFTER_CONTAINER") || get_nonempty("SLURM_JOB_ID"));
}

/* An absolute path is short for a local: reference. */
static bool is_same_image(const char *a, const char *b)
{
	static const char local[] = "local:";

	if (strncmp(a, local, strlen(local)) == 0)
		a += strlen(local);
	if (strncmp(b, local, strlen(local)) == 0)
		b += strlen(local);
	return strcmp(a, b) == 0;
}

static bool is_of_job(const char *reference)
{
	const char *image = get_nonempty("SHIFTER_IMAGE");
	/* what the user wrote, a tag for example, when SHIFTER_IMAGE was settled */
	const char *asked = get_nonempty("SHIFTER_IMAGE_REQUEST");

	return image &&
	       (is_same_image(reference, image) || (asked && strcmp(reference, asked) == 0));
}

/*
 * Does it take a container of the caller's own?  What the two references mean is
 * for shifter-private to find out where they are not the same string.
 */
static bool is_private(const struct request *request)
{
	if (!request->image || request->container)
		return false;
	return request->n_volumes || !is_of_job(request->image);
}

static int check_request(const struct request *request)
{
	if (request->container && request->n_volumes) {
		shf_say("cannot add volume '%s' to container '%s': it is set up already: leave out "
			"--volume",
			request->volumes[0], request->container);
		return EXIT_SHIFTER;
	}
	if (request->n_volumes && !request->image) {
		shf_say("cannot add volume '%s': the job's container is set up already: submit the "
			"job with --volume=%s, or name an image for a container of your own",
			request->volumes[0], request->volumes[0]);
		return EXIT_SHIFTER;
	}
	if (request->container && request->image && !is_of_job(request->image)) {
		shf_say("cannot enter image '%s': SHIFTER_IMAGE does not say that it is that of "
			"container '%s': leave out --image or --container",
			request->image, request->container);
		return EXIT_SHIFTER;
	}
	if (request->entrypoint &&
	    request->entrypoint[strspn(request->entrypoint, " \t")] == '\0') {
		shf_say("cannot use entry point '%s': it is empty", request->entrypoint);
		return EXIT_SHIFTER;
	}
	if (request->workdir && request->workdir[0] != '/') {
		shf_say("cannot use working directory '%s': not an absolute path",
			request->workdir);
		return EXIT_SHIFTER;
	}
	for (size_t i = 0; i < request->n_variables; i++) {
		const char *variable = request->variables[i];

		if (*variable == '=' || *variable == '\0') {
			shf_say("cannot set variable '%s': it has no name: use -e NAME=VALUE",
				variable);
			return EXIT_SHIFTER;
		}
	}
	return 0;
}

/* A descriptor for shifter-enter, or -1 after it has been said why there is none. */
static int make_environment(const struct request *request)
{
	struct shf_env env = { 0 }, wanted = { 0 };
	int fd = 0;

	shf_env_import(&env, environ);
	if (request->is_env_clear)
		shf_env_clear(&env);
	for (size_t i = 0; i < request->n_env_files && fd == 0; i++)
		fd = shf_env_read_file(&wanted, request->env_files[i]);
	for (size_t i = 0; i < request->n_variables; i++)
		shf_env_set_entry(&wanted, request->variables[i]);
	if (fd == 0) {
		fd = shf_env_to_memfd(&env, &wanted);
		if (fd < 0)
			shf_say("cannot pass on the environment: %s", strerror(-fd));
	}
	shf_env_free(&env);
	shf_env_free(&wanted);
	return fd < 0 ? -1 : fd;
}

/* Append the words of an entry point, which is split in place. */
static size_t add_words(char **argv, size_t n, char *entrypoint)
{
	for (char *word, *rest = entrypoint; (word = strtok_r(rest, " \t", &rest));)
		argv[n++] = word;
	return n;
}

/* Returns the exit status, if at all. */
static int enter(const struct request *request)
{
	char name[] = "shifter-enter", own_name[] = "shifter-private", none[] = "-";
	char volume[] = "-V", job[] = "-j", to_separate[] = "--", entry[] = "-e", to[] = "-w",
	     to_image[] = "-W";
	char id[ID_MAX + 1], fd_text[16], *entrypoint = NULL, *nothing[] = { NULL };
	char **argv = NULL;
	size_t n = 0, length = 0;
	bool is_own = is_private(request);
	int fd, status;

	status = check_request(request);
	if (status == 0 && (!is_own || is_in_job()))
		status = find_container(request, id);
	else
		memcpy(id, none, sizeof(none));
	if (status != 0)
		return status;
	fd = make_environment(request);
	if (fd < 0)
		return EXIT_SHIFTER;
	while (request->command[length])
		length++;
	entrypoint = strdup(request->entrypoint ? request->entrypoint : "");
	if (entrypoint)
		argv = calloc(length + strlen(entrypoint) + 2 * request->n_volumes + 16,
			      sizeof(*argv));
	if (!argv) {
		shf_say("cannot run shifter-enter: %s", strerror(ENOMEM));
		goto out;
	}
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	if (is_own) {
		argv[n++] = own_name;
		for (size_t i = 0; i < request->n_volumes; i++) {
			argv[n++] = volume;
			argv[n++] = (char *)request->volumes[i];
		}
		if (is_in_job() && !request->n_volumes) {
			argv[n++] = job;
			argv[n++] = getenv("SHIFTER_IMAGE");
		}
		argv[n++] = to_separate;
		argv[n++] = (char *)request->image;
	}
	argv[n++] = name;
	if (request->use_entry && !request->entrypoint)
		argv[n++] = entry;
	if (request->workdir) {
		argv[n++] = to;
		argv[n++] = (char *)request->workdir;
	} else if (request->use_image_workdir) {
		argv[n++] = to_image;
	}
	argv[n++] = id;
	argv[n++] = fd_text;
	n = add_words(argv, n, entrypoint);
	memcpy(argv + n, request->command, length * sizeof(*argv));
	execve(is_own ? private_program : enter_program, argv, nothing);
	shf_say("cannot run '%s': %s", is_own ? private_program : enter_program, strerror(errno));
out:
	free(argv);
	free(entrypoint);
	close(fd);
	return EXIT_SHIFTER;
}

/*
 * The shell is udi-session's choice, since $SHELL need not exist in the image.
 * Its arguments are passed to that shell, which keeps the environment: without
 * any, it would start an ssh session's login shell.
 */
static int run_shell(struct request *request)
{
	char interactive[] = "-i", from_stdin[] = "-s";
	char *command[] = { session_program, isatty(STDIN_FILENO) ? interactive : from_stdin,
			    NULL };

	request->command = command;
	return enter(request);
}

/* argv starts with the word "import".  Returns the exit status, if at all. */
static int run_import(char **argv)
{
	char name[] = "shifter";

	argv[0] = name;
	execve(import_program, argv, environ);
	shf_say("cannot run '%s': %s", import_program, strerror(errno));
	return EXIT_SHIFTER;
}

static bool is_timeout(const char *string)
{
	size_t length = strlen(string);

	return length >= 1 && length <= 5 && strspn(string, "0123456789") == length &&
	       string[0] != '0' && atoi(string) <= TIMEOUT_MAX;
}

/* argv starts with the word "wait". */
static int run_wait(struct request *request, int argc, char **argv)
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
				return EXIT_SHIFTER;
			}
			command[1] = timeout;
			command[2] = optarg;
			break;
		case 'h': return fputs(usage, stdout) < 0 || fflush(stdout) != 0 ? EXIT_SHIFTER : 0;
		default: return refuse_getopt(c, argv, before);
		}
	}
	if (optind < argc) {
		shf_say("unexpected argument '%s' of wait: for a command of that name use "
			"'shifter -- wait'",
			argv[optind]);
		return EXIT_SHIFTER;
	}
	if (is_private(request)) {
		shf_say("cannot wait for the hosts of image '%s': it is not that of a job",
			request->image);
		return EXIT_SHIFTER;
	}
	request->command = command;
	return enter(request);
}

/* The program in the container knows what the job's hosts are; argv starts with the command. */
static int run_inner(struct request *request, int argc, char **argv)
{
	char name_option[] = "--name", id[ID_MAX + 1];
	bool is_named = strcmp(argv[0], "ssh-config") == 0;
	char **command;
	size_t n = 0;
	int status;

	if (is_private(request)) {
		shf_say("cannot run %s for image '%s': it is not that of a job", argv[0],
			request->image);
		return EXIT_SHIFTER;
	}
	status = find_container(request, id);
	if (status != 0)
		return status;
	command = calloc((size_t)argc + 4, sizeof(*command));
	if (!command) {
		shf_say("cannot run %s: %s", argv[0], strerror(errno));
		return EXIT_SHIFTER;
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
	status = enter(request);
	free(command);
	return status;
}

/*
 * The directory is optional, as in the original, but may be a word of its own, as
 * everywhere else: one that starts with '/', since it must be absolute.
 */
static void take_workdir(struct request *request, int argc, char **argv)
{
	const char *directory = optarg;

	if (!directory && optind < argc && argv[optind][0] == '/')
		directory = argv[optind++];
	request->workdir = directory;
	request->use_image_workdir = !directory;
}

static int run(struct request *request, int argc, char **argv, bool is_script)
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
		case 'h': return fputs(usage, stdout) < 0 || fflush(stdout) != 0 ? EXIT_SHIFTER : 0;
		case OPT_VERSION:
			printf("shifter %d.%d.%d\n", SHIFTER_VERSION_MAJOR, SHIFTER_VERSION_MINOR,
			       SHIFTER_VERSION_MICRO);
			return fflush(stdout) != 0 ? EXIT_SHIFTER : 0;
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
	return enter(request);
}

int main(int argc, char **argv)
{
	struct shf_script script;
	struct request request = { 0 };
	int rc, status;

	rc = shf_open_standard();
	if (rc < 0)
		return EXIT_SHIFTER;
	rc = argc < 1 ? -EINVAL : shf_script_detect(&script, argc, argv);
	if (rc < 0) {
		shf_say("cannot read the command line: %s", strerror(-rc));
		return EXIT_SHIFTER;
	}
	if (script.is_bare) {
		shf_say("cannot run script '%s': its first line names no interpreter: write "
			"'#!%s /bin/bash'",
			argv[1], argv[0]);
		return EXIT_SHIFTER;
	}
	for (argc = 0; script.arguments[argc]; argc++)
		;
	request.variables = calloc((size_t)argc + 1, sizeof(*request.variables));
	request.env_files = calloc((size_t)argc + 1, sizeof(*request.env_files));
	request.volumes = calloc((size_t)argc + 1, sizeof(*request.volumes));
	if (!request.variables || !request.env_files || !request.volumes) {
		shf_say("cannot read the command line: %s", strerror(errno));
		status = EXIT_SHIFTER;
	} else {
		status = run(&request, argc, script.arguments, script.is_script);
	}
	free(request.variables);
	free(request.env_files);
	free(request.volumes);
	shf_script_free(&script);
	return status;
}
