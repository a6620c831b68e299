/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ssh alone, with -Wl,--wrap=main: puts "-F /run/shifter/ssh_config" before the
 * caller's arguments.  OpenSSH takes the first value it reads for an option and reads
 * ~/.ssh/config before any system-wide file, so this is the only way in which the job's hosts can
 * be configured before the user's own settings; that file includes ~/.ssh/config for all others.
 * A -F of the caller comes later and wins.  scp, sftp and jump hosts run this ssh and inherit it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udi_paths.h"

int __real_main(int argc, char **argv, char **envp);
int __wrap_main(int argc, char **argv, char **envp);

int __wrap_main(int argc, char **argv, char **envp)
{
	static char option[] = "-F", path[] = UDI_RUN "/ssh_config";
	char **args;

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
