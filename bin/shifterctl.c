/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl - the calls of libshifter for administrators and hook scripts
 */
#include "shifterctl.h"
#include "cli_say.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: shifterctl [--config FILE] [-v] COMMAND [ARG...]\n"
	"\n"
	"as root\n"
	"  setup --id ID --image REF --user NAME [--uid N] [--gid N] [--groups N,N]\n"
	"        [--home DIR] [--shell PATH] [--volume SRC:DST[:ro]]...\n"
	"        [--writable] [--sshd [--port N] [--listen ADDRESS]] [--replace]\n"
	"        [--hook-pid PID] [--job-file PATH]\n"
	"  sshd ID --principal P (--user-key KEY | --user-key-file FILE)\n"
	"        [--private-key-file FILE] [--env NAME=VALUE]... [--timeout MS]\n"
	"  hostsfile ID (--slurm NODES [--slots COUNTS] | --list TEXT | --file PATH |\n"
	"        --torque EXEC_HOST)\n"
	"  teardown ID...\n"
	"  list [--json]\n"
	"  gc [--dry-run] [--json]\n"
	"  check [--json]\n"
	"  import [OPTION...] SOURCE [REFERENCE...]\n"
	"as anybody\n"
	"  config [--json] [KEY]\n"
	"  config --convert FILE\n"
	"as the job's user\n"
	"  key [--home DIR]\n"
	"  resolve REF\n"
	"\n"
	"      --config=FILE  the site's configuration, not the installed one\n"
	"  -v, --verbose      say on standard error what is done\n"
	"  -h, --help         show this\n"
	"      --version      show the version\n"
	"\n"
	"Exit status: 0; or who has to act: 2 the caller, 3 the job's owner, 4 the site,\n"
	"5 this node.  See shifterctl(8).\n";

/* Which callers a command is for, and how much it insists on a configuration. */
enum {
	NEEDS_ROOT = 1,
	NEEDS_USER = 2,
	/* Cleaning up must work whatever somebody wrote into udiRoot.conf. */
	ANY_CONFIG = 4,
	/* Reads the configuration by itself, if at all. */
	OWN_CONFIG = 8
};

static const struct command {
	const char *name;
	shf_ctl_fn run;
	unsigned int flags;
} commands[] = {
	{ "setup", shf_ctl_setup, NEEDS_ROOT },
	{ "sshd", shf_ctl_sshd, NEEDS_ROOT },
	{ "hostsfile", shf_ctl_hostsfile, NEEDS_ROOT },
	{ "teardown", shf_ctl_teardown, NEEDS_ROOT | ANY_CONFIG },
	{ "list", shf_ctl_list, NEEDS_ROOT | ANY_CONFIG },
	{ "gc", shf_ctl_gc, NEEDS_ROOT | ANY_CONFIG },
	{ "check", shf_ctl_check, NEEDS_ROOT | OWN_CONFIG },
	{ "config", shf_ctl_config, OWN_CONFIG },
	{ "import", shf_ctl_import, NEEDS_ROOT },
	{ "key", shf_ctl_key, NEEDS_USER },
	{ "resolve", shf_ctl_resolve, 0 },
};

enum { OPT_CONFIG = 256,
       OPT_VERSION };

static const struct option global_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "help", no_argument, NULL, 'h' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int say_option(int c, const char *given)
{
	const char *reason = "unknown option";
	char letter[] = { '-', (char)optopt, '\0' };
	/* A letter of a cluster may leave given at the word before. */
	bool is_long = optopt == 0 || optopt > UCHAR_MAX || strchr(given, '=') != NULL;

	if (c == ':')
		reason = "no value for option";
	else if (is_long && optopt != 0)
		reason = "option takes no value";
	if (is_long)
		shf_say("%s '%.*s': try 'shifterctl --help'", reason, (int)strcspn(given, "="),
			given);
	else
		shf_say("%s '%s': try 'shifterctl --help'", reason, letter);
	return '?';
}

int shf_ctl_getopt(int argc, char **argv, const struct option *options)
{
	int c = getopt_long(argc, argv, ":", options, NULL);

	/* The option that was not understood is the one before optind by now. */
	if (c == '?' || c == ':')
		return say_option(c, argv[optind - 1]);
	return c;
}

int shf_ctl_misuse(const char *command, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	shf_say("cannot run %s: %s: try 'shifterctl --help'", command, text);
	return SHF_EXIT_CALLER;
}

int shf_ctl_failure_status(struct shifter_ctx *ctx)
{
	switch (shifter_get_fault(ctx)) {
	case SHIFTER_FAULT_JOB: return SHF_EXIT_JOB;
	case SHIFTER_FAULT_SITE: return SHF_EXIT_SITE;
	case SHIFTER_FAULT_NODE: return SHF_EXIT_NODE;
	default: return SHF_EXIT_CALLER;
	}
}

int shf_ctl_failure(struct shifter_ctx *ctx)
{
	shf_say("%s", shifter_get_error(ctx));
	return shf_ctl_failure_status(ctx);
}

int shf_ctl_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	shf_say("cannot write to standard output: %s", strerror(errno));
	return SHF_EXIT_NODE;
}

bool shf_ctl_number(const char *option, const char *string, uint32_t low, uint32_t high,
		    uint32_t *out)
{
	size_t length = strlen(string);
	unsigned long long value;

	if (length >= 1 && length <= 10 && strspn(string, "0123456789") == length &&
	    (length == 1 || string[0] != '0')) {
		value = strtoull(string, NULL, 10);
		if (value >= low && value <= high) {
			*out = (uint32_t)value;
			return true;
		}
	}
	shf_say("cannot use %s '%s': not a number from %u to %u", option, string, (unsigned int)low,
		(unsigned int)high);
	return false;
}

static void say_progress(int level, const char *message, void *data)
{
	const bool *is_verbose = data;

	if (level == SHIFTER_LOG_WARNING)
		shf_say("warning: %s", message);
	else if (*is_verbose)
		shf_say("%s", message);
}

/* of --config, or NULL */
static const char *config_path;

int shf_ctl_try_config(struct shifter_ctx *ctx)
{
	int rc = shifter_load_config(ctx, config_path);

	/* A site that has not written one yet gets the built-in values. */
	return rc == -ENOENT && !config_path ? 0 : rc;
}

int shf_ctl_load_config(struct shifter_ctx *ctx, bool is_optional)
{
	if (shf_ctl_try_config(ctx) == 0)
		return 0;
	if (is_optional) {
		shf_say("warning: %s: going on with built-in values", shifter_get_error(ctx));
		return 0;
	}
	return shf_ctl_failure(ctx);
}

static int check_caller(const struct command *command)
{
	if ((command->flags & NEEDS_ROOT) && geteuid() != 0) {
		shf_say("cannot run %s: it needs root: try 'sudo shifterctl %s'", command->name,
			command->name);
		return SHF_EXIT_CALLER;
	}
	if ((command->flags & NEEDS_USER) && geteuid() == 0) {
		shf_say("cannot run %s: it is for the job's user, not root: try "
			"'runuser -u USER -- shifterctl %s'",
			command->name, command->name);
		return SHF_EXIT_CALLER;
	}
	return 0;
}

static int dispatch(bool is_verbose, int argc, char **argv)
{
	const struct command *command = NULL;
	struct shifter_ctx *ctx = NULL;
	int rc, status;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			command = &commands[i];
	if (!command) {
		shf_say("unknown command '%s': try 'shifterctl --help'", argv[0]);
		return SHF_EXIT_CALLER;
	}
	status = check_caller(command);
	if (status != 0)
		return status;
	rc = shifter_new(&ctx);
	if (rc < 0) {
		shf_say("cannot start: %s", strerror(-rc));
		return SHF_EXIT_NODE;
	}
	shifter_set_log(ctx, say_progress, &is_verbose);
	if (!(command->flags & OWN_CONFIG))
		status = shf_ctl_load_config(ctx, command->flags & ANY_CONFIG);
	if (status == 0) {
		optind = 0;
		status = command->run(ctx, argc, argv);
	}
	shifter_free(ctx);
	return status;
}

int main(int argc, char **argv)
{
	bool is_verbose = false;
	int c, before = 1;

	if (shf_open_standard() < 0)
		return SHF_EXIT_NODE;
	/* a file that is too large for the caller's limit is an error, not the end */
	signal(SIGXFSZ, SIG_IGN);
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:hv", global_options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG: config_path = optarg; break;
		case 'v': is_verbose = true; break;
		case 'h': fputs(usage, stdout); return shf_ctl_flush();
		case OPT_VERSION:
			printf("shifterctl %s\n", shifter_version());
			return shf_ctl_flush();
		default: say_option(c, argv[before]); return SHF_EXIT_CALLER;
		}
		before = optind;
	}
	if (optind >= argc) {
		shf_say("no command given: try 'shifterctl --help'");
		return SHF_EXIT_CALLER;
	}
	return dispatch(is_verbose, argc - optind, argv + optind);
}
