/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/survivors.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMED = 10 };

uint64_t shf_identify_namespace(int namespace)
{
	struct stat st;

	return namespace >= 0 && fstat(namespace, &st) == 0 ? st.st_ino : 0;
}

static void add_name(int process, const char *pid, struct shf_text *names)
{
	cleanup_fd int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	char name[32];
	ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	shf_text_addf(names, "%s%s (%s)", names->length ? ", " : "", pid, name);
}

unsigned shf_list_survivors(uint64_t namespace, struct shf_text *names)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	unsigned count = 0;

	if (!processes)
		return 0;
	while ((entry = readdir(processes))) {
		cleanup_fd int process = -1;
		struct stat st;
		uint32_t pid;

		if (!shf_parse_u32(entry->d_name, 1, INT32_MAX, &pid))
			continue;
		process = openat(dirfd(processes), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process < 0 || fstatat(process, "ns/mnt", &st, 0) < 0 ||
		    st.st_ino != namespace)
			continue;
		if (count++ < NAMED)
			add_name(process, entry->d_name, names);
	}
	closedir(processes);
	return count;
}
