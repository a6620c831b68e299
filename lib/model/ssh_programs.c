/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/ssh_programs.h"

#include <stddef.h>
#include <string.h>

#define IN(directory)                                                               \
	directory "/ssh", directory "/slogin", directory "/scp", directory "/sftp", \
		directory "/ssh-keygen", directory "/ssh-keyscan"

const char *const shf_ssh_program_paths[] = { IN("/usr/bin"), IN("/bin"), IN("/usr/local/bin"),
					      NULL };

const char *shf_find_udi_program(const char *path)
{
	static const struct {
		const char *name, *udi_path;
	} programs[] = {
		{ "ssh", "bin/ssh" },
		{ "slogin", "bin/ssh" },
		{ "scp", "bin/scp" },
		{ "sftp", "bin/sftp" },
		{ "ssh-keygen", "bin/ssh-keygen" },
		{ "ssh-keyscan", "bin/ssh-keyscan" },
	};
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; slash && i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(slash + 1, programs[i].name) == 0)
			return programs[i].udi_path;
	return NULL;
}
