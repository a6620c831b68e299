/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter, as it is inside of a container: what a job knows of itself.  The program of that name
 * on the node runs this one for the same commands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udi_job.h"
#include "udi_paths.h"

enum { EXIT_FAILED = 125,
       OPT_FORMAT = 256 };

static const char usage[] =
	"usage: shifter hosts [--format F]\n"
	"       shifter ssh-config [--identity FILE] [--known-hosts FILE]\n"
	"                          [--name NAME] [--proxy-jump HOST]\n"
	"       shifter wait [--timeout S]\n"
	"\n"
	"This is shifter in the container of a job; it runs no commands: they are here.\n"
	"\n"
	"hosts prints the hosts of the job; F is one of\n"
	"  hostsfile   a line per slot, as /var/hostsfile has it; the default\n"
	"  unique      a line per host\n"
	"  slots       NAME slots=N\n"
	"  colon       NAME:N\n"
	"  comma       one line, NAME,NAME,...\n"
	"  json        with addresses\n"
	"\n"
	"ssh-config prints a part of an ssh_config(5) that lets ssh elsewhere reach the\n"
	"job's containers.  wait waits until every host of the job can be reached by ssh.\n";

static const struct {
	const char *name, *path;
} formats[] = {
	{ "hostsfile", UDI_RUN "/hostsfile" },
	{ "unique", UDI_RUN "/hosts.unique" },
	{ "slots", UDI_RUN "/hosts.slots" },
	{ "colon", UDI_RUN "/hosts.colon" },
	{ "comma", UDI_RUN "/hosts.unique" },
	{ "json", UDI_RUN "/hosts.json" },
};

static int print_hosts(const char *format)
{
	const char *path = NULL;
	size_t length;
	char *text;
	int status;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(format, formats[i].name) == 0)
			path = formats[i].path;
	if (!path) {
		udi_say("unknown format '%s': one of hostsfile, unique, slots, colon, comma, json",
			format);
		return EXIT_FAILED;
	}
	text = udi_read_file(path, &length);
	if (!text) {
		udi_say(errno == ENOENT ? "cannot list the hosts of the job: it has no '%s'"
					: "cannot read '%s'",
			path);
		return EXIT_FAILED;
	}
	if (strcmp(format, "comma") == 0)
		for (size_t i = 0; i + 1 < length; i++)
			if (text[i] == '\n')
				text[i] = ',';
	status = fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0 ? 0 : EXIT_FAILED;
	if (status)
		udi_say("cannot write the hosts: %s", strerror(errno));
	free(text);
	return status;
}

static int list_hosts(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ NULL, 0, NULL, 0 },
	};
	const char *format = "hostsfile";
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != OPT_FORMAT)
			return EXIT_FAILED;
		format = optarg;
	}
	if (optind < argc) {
		udi_say("unexpected argument '%s' of hosts", argv[optind]);
		return EXIT_FAILED;
	}
	return print_hosts(format);
}

static int wait_for_hosts(char **argv)
{
	static const char program[] = UDI_PREFIX "/libexec/udi-wait";

	execv(program, argv);
	udi_say("cannot run '%s': %s", program, strerror(errno));
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static char name[] = "shifter";
	const char *command = argc > 1 ? argv[1] : "--help";

	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 ||
	    (argc > 2 && strcmp(argv[2], "--help") == 0))
		return fputs(usage, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : 0;
	/* getopt_long() speaks in the name of argv[0] */
	argv[1] = name;
	if (strcmp(command, "hosts") == 0)
		return list_hosts(argc - 1, argv + 1);
	if (strcmp(command, "ssh-config") == 0)
		return udi_ssh_config(argc - 1, argv + 1);
	if (strcmp(command, "wait") == 0)
		return wait_for_hosts(argv + 1);
	udi_say("cannot run '%s': this is the container already, where '%s' is called without "
		"shifter",
		command, command);
	return EXIT_FAILED;
}
