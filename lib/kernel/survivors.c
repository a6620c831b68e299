/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/survivors.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMED = 10,
       /* nobody's pid: who races with us may turn a chain of parents into a ring */
       ANCESTORS_MAX = 100000 };

/* What is looked for. */
struct wanted {
	uint64_t namespace;  /* or 0 */
	pid_t ancestor;      /* or 0 */
	struct stat program; /* of the ancestor */
};

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

static bool descends_from(pid_t pid, pid_t ancestor)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (shf_process_parent(pid, &pid) < 0)
			return false;
		if (pid == ancestor)
			return true;
	}
	return false;
}

static bool is_wanted(const struct wanted *wanted, int process, pid_t pid)
{
	struct stat st;

	if (!wanted->ancestor)
		return fstatat(process, "ns/mnt", &st, 0) == 0 && st.st_ino == wanted->namespace;
	/* one that is ending has no program any more */
	if (fstatat(process, "exe", &st, 0) == 0 && st.st_ino == wanted->program.st_ino &&
	    st.st_dev == wanted->program.st_dev)
		return false;
	return descends_from(pid, wanted->ancestor);
}

static unsigned list(const struct wanted *wanted, struct shf_text *names)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	unsigned count = 0;

	if (!processes)
		return 0;
	while ((entry = readdir(processes))) {
		cleanup_fd int process = -1;
		uint32_t pid;

		if (!shf_parse_u32(entry->d_name, 1, INT32_MAX, &pid))
			continue;
		process = openat(dirfd(processes), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process < 0 || !is_wanted(wanted, process, (pid_t)pid))
			continue;
		if (count++ < NAMED)
			add_name(process, entry->d_name, names);
	}
	closedir(processes);
	return count;
}

unsigned shf_list_survivors(uint64_t namespace, struct shf_text *names)
{
	const struct wanted wanted = { .namespace = namespace };

	return list(&wanted, names);
}

unsigned shf_list_descendants(pid_t ancestor, struct shf_text *names)
{
	struct wanted wanted = { .ancestor = ancestor };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)ancestor);
	if (stat(path, &wanted.program) < 0)
		wanted.program = (struct stat){ 0 };
	return list(&wanted, names);
}
