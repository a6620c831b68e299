/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ssh alone, with -Wl,--wrap=main: puts "-F /run/shifter/ssh_config" before the
 * caller's arguments.  OpenSSH takes the first value it reads for an option and reads
 * ~/.ssh/config before any system-wide file, so this is the only way in which the job's hosts can
 * be configured before the user's own settings; that file includes ~/.ssh/config for all others.
 * A -F of the caller comes later and wins.  scp, sftp and jump hosts run this ssh and inherit it.
 *
 * With --wrap=BSDgetopt, the name that OpenSSH's own getopt() has: its first call tells which
 * options there are, so the host can be found, and the -F is exchanged for that of the job's
 * hosts, and their port.  There the port is the job's, whatever a launcher says: nothing but the
 * job's sshd can be meant by this configuration, and the first -p is the one that ssh takes.
 *
 * With --wrap=RAND_status, by which ssh has OpenSSL's random numbers made ready at every start: a
 * login by the job's keys takes none of these, and what does has them made ready when it does.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udi_ssh_env.h"
#include "udi_ssh_hosts.h"

int __real_main(int argc, char **argv, char **envp);
int __wrap_main(int argc, char **argv, char **envp);
int __real_BSDgetopt(int argc, char *const *argv, const char *options);
int __wrap_BSDgetopt(int argc, char *const *argv, const char *options);
int __wrap_RAND_status(void);

/* Ours, from above or from the ssh that runs this one for a jump: the file that fits the host. */
static void exchange_config(int argc, char **argv, const char *options)
{
	static char option[] = "-F" UDI_SSH_CONFIG_JOB, port[UDI_PORT_OPTION];
	static char path[sizeof(UDI_SSH_CONFIG_JOB)];

	strcpy(path, udi_choose_config(argc, argv, options, port));
	udi_note_host(strcmp(path, UDI_SSH_CONFIG_JOB) == 0);
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-F") == 0 && (strcmp(argv[i + 1], UDI_SSH_CONFIG) == 0 ||
						   strcmp(argv[i + 1], UDI_SSH_CONFIG_JOB) == 0))
			argv[i + 1] = path;
	/* in the room of the two words from above: one, and the port */
	if (port[0] && argc > 2 && argv[2] == path) {
		argv[1] = option;
		argv[2] = port;
	}
}

int __wrap_BSDgetopt(int argc, char *const *argv, const char *options)
{
	static bool is_chosen;

	/* ssh's copy of the arguments, which it may write to */
	if (!is_chosen)
		exchange_config(argc, (char **)argv, options);
	is_chosen = true;
	return __real_BSDgetopt(argc, argv, options);
}

int __wrap_RAND_status(void)
{
	return 1;
}

int __wrap_main(int argc, char **argv, char **envp)
{
	static char option[] = "-F", path[] = UDI_SSH_CONFIG;
	char **args;

	udi_note_caller();
	if (argc < 1 || access(path, R_OK) != 0)
		return __real_main(argc, argv, envp);
	args = calloc((size_t)argc + 3, sizeof(*args));
	if (!args) {
		static const char text[] = "ssh: cannot start: Cannot allocate memory\n";

		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		return 255;
	}
	args[0] = argv[0];
	args[1] = option;
	args[2] = path;
	memcpy(args + 3, argv + 1, (size_t)argc * sizeof(*args)); /* with the NULL at the end */
	return __real_main(argc + 2, args, envp);
}
