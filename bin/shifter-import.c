/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-import - the work of "shifterctl import" and "shifter import"
 *
 *	shifter-import --store DIR [OPTION...] SOURCE [REFERENCE...]
 *	shifter-import [OPTION...] SOURCE DIR
 *
 * A program of its own, without privileges of its own, so that those two need
 * not load what it takes to unpack.  Its exit status is that of the one or other.
 */
#include "cli_say.h"
#include "import_say.h"
#include "import_store.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char store_usage[] =
	"usage: shifterctl import [OPTION...] SOURCE [REFERENCE...]\n"
	"\n"
	"Put an image into the store and print its id.  SOURCE is a directory, a tar\n"
	"archive, also compressed, of one, of 'docker save' or of an OCI layout; or '-' for\n"
	"such an archive on standard input.  REFERENCE, docker:NAME:TAG, is how jobs may\n"
	"call it; the default are the names in SOURCE.\n";
static const char directory_usage[] =
	"usage: shifter import [OPTION...] SOURCE DIR\n"
	"\n"
	"Make the directory DIR, an image, and DIR.meta beside it.  SOURCE is a directory,\n"
	"a tar archive, also compressed, of one, of 'docker save' or of an OCI layout; or '-'\n"
	"for such an archive on standard input.\n";
static const char options_usage[] =
	"\n"
	"      --name=NAME       which image, if SOURCE has several\n"
	"      --arch=ARCH       which architecture (default: this node's)\n";
static const char acl_usage[] =
	"      --user-acl=UIDS   numbers of the users who may use it, with commas\n"
	"      --group-acl=GIDS  the same for groups\n";
static const char last_usage[] = "      --no-progress     show no progress on a terminal\n"
				 "  -h, --help            show this\n";

enum { OPT_ARCH = 256,
       OPT_GROUPS,
       OPT_NAME,
       OPT_QUIET,
       OPT_STORE,
       OPT_USERS };

static const struct option options[] = {
	{ "arch", required_argument, NULL, OPT_ARCH },
	{ "group-acl", required_argument, NULL, OPT_GROUPS },
	{ "help", no_argument, NULL, 'h' },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "no-progress", no_argument, NULL, OPT_QUIET },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "user-acl", required_argument, NULL, OPT_USERS },
	{ NULL, 0, NULL, 0 },
};

/* Numbers with commas between them. */
static int check_acl(const char *option, const char *list)
{
	for (const char *c = list;;) {
		size_t digits = strspn(c, "0123456789");

		if (digits == 0 || digits > 10 || (c[digits] && c[digits] != ','))
			return import_fail(IMPORT_CALLER,
					   "cannot use %s '%s': it is a list of numbers, as "
					   "'2001,2002'",
					   option, list);
		if (!c[digits])
			return 0;
		c += digits + 1;
	}
}

static int show_usage(bool is_store)
{
	printf("%s%s%s%s", is_store ? store_usage : directory_usage, options_usage,
	       is_store ? acl_usage : "", last_usage);
	return fflush(stdout) == 0 ? 0 : IMPORT_NODE;
}

static int refuse(int c, const char *given)
{
	const char *reason = "unknown option";

	if (c == ':')
		reason = "no value for option";
	else if (optopt && strchr(given, '='))
		reason = "option takes no value";
	return import_fail(IMPORT_CALLER, "%s '%.*s': try '%s import --help'",
			   reason,
			   (int)strcspn(given, "="), given, program_invocation_short_name);
}

enum { EXIT_SHIFTER = 125 }; /* as shifter(1) has it */

static int run(struct import_request *request, const char *store, int argc, char **argv)
{
	if (argc < 1)
		return import_fail(IMPORT_CALLER,
				   "cannot import: no source: try '%s import --help'",
				   program_invocation_short_name);
	request->source = argv[0];
	if (store) {
		request->references = argv + 1;
		request->n_references = (size_t)argc - 1;
		return import_to_store(request, store);
	}
	if (argc != 2)
		return import_fail(IMPORT_CALLER,
				   "cannot import '%s': one directory to make is needed: try '%s "
				   "import --help'",
				   argv[0], program_invocation_short_name);
	if (request->users || request->groups)
		return import_fail(IMPORT_CALLER, "cannot import '%s': --user-acl and --group-acl "
						  "are for 'shifterctl import'",
				   argv[0]);
	if (geteuid() == 0)
		return import_fail(IMPORT_CALLER, "cannot import '%s': this is not for root: use "
						  "'shifterctl import'",
				   argv[0]);
	return import_to_directory(request, argv[1]);
}

int main(int argc, char **argv)
{
	struct import_request request = { 0 };
	const char *store = NULL;
	bool is_quiet = false, is_help = false;
	int c, status = 0;
	sigset_t all;

	if (shf_open_standard() < 0)
		return IMPORT_NODE;
	opterr = 0;
	while (status == 0 && (c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (c) {
		case OPT_ARCH: request.choice.arch = optarg; break;
		case OPT_GROUPS:
			request.groups = optarg;
			status = check_acl("--group-acl", optarg);
			break;
		case OPT_NAME: request.choice.name = optarg; break;
		case OPT_QUIET: is_quiet = true; break;
		case OPT_STORE: store = optarg; break;
		case OPT_USERS:
			request.users = optarg;
			status = check_acl("--user-acl", optarg);
			break;
		case 'h': is_help = true; break;
		default: status = refuse(c, argv[optind - 1]);
		}
	}
	if (status != 0)
		return store ? status : EXIT_SHIFTER;
	if (is_help)
		return show_usage(store != NULL);
	import_progress_enable(!is_quiet);
	import_catch_signals();
	/* whatever the caller's umask is: a store is for others to read, and we for ourselves */
	if (store)
		umask(022);
	else
		umask(umask(0) & 077);
	status = run(&request, store, argc - optind, argv + optind);
	if (status != -EINTR)
		return status && !store ? EXIT_SHIFTER : status;
	/* everything is gone; end as who sent the signal expects */
	import_progress_clear();
	signal(import_signal(), SIG_DFL);
	raise(import_signal());
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	return IMPORT_NODE;
}
