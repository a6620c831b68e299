/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, in order; NULL at the end. */
static char **list_names(const char *path)
{
	char **names = calloc(8192, sizeof(*names));
	DIR *dir = opendir(path);
	size_t count = 0;

	if (!names || !dir)
		abort();
	for (struct dirent *entry; count < 8191 && (entry = readdir(dir));) {
		/* the directory's own descriptor is none of the process's */
		if (entry->d_name[0] == '.' ||
		    (strcmp(path, "/proc/self/fd") == 0 && atoi(entry->d_name) == dirfd(dir)))
			continue;
		names[count++] = strdup(entry->d_name);
	}
	closedir(dir);
	qsort(names, count, sizeof(*names), compare_names);
	return names;
}

static void free_names(char **names)
{
	for (char **name = names; *name; name++)
		free(*name);
	free(names);
}

static void put_link(FILE *out, const char *name, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	fprintf(out, "%s: %s\n", name, target);
}

/* The lines of a file that start with one of the words, or all if there are none. */
static void put_file(FILE *out, const char *name, const char *path, const char *const *words)
{
	FILE *file = fopen(path, "re");
	char line[8192];

	if (!file) {
		fprintf(out, "%s: cannot be read\n", name);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		const char *const *word = words;

		while (word && *word && strncmp(line, *word, strlen(*word)) != 0)
			word++;
		if (!word || *word)
			fprintf(out, "%s: %s%s", name, line, strchr(line, '\n') ? "" : "\n");
	}
	fclose(file);
}

static void put_thread(FILE *out, const char *thread)
{
	static const char *const words[] = {
		"Uid:", "Gid:", "Groups:", "SigBlk:", "SigPnd:", "ShdPnd:",
		"SigIgn:", "SigCgt:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
		"CapAmb:", "PPid:", "NoNewPrivs:", "Seccomp:", "TracerPid:", "Cpus_allowed:",
		NULL
	};
	static const char *const links[] = { "cwd", "root", "exe" };
	char name[64], path[512], **namespaces;

	snprintf(name, sizeof(name), "thread %s", thread);
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", thread);
	put_file(out, name, path, words);
	snprintf(path, sizeof(path), "/proc/self/task/%s/cgroup", thread);
	put_file(out, name, path, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%s/children", thread);
	snprintf(name, sizeof(name), "thread %s children", thread);
	put_file(out, name, path, NULL);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		snprintf(name, sizeof(name), "thread %s %s", thread, links[i]);
		snprintf(path, sizeof(path), "/proc/self/task/%s/%s", thread, links[i]);
		put_link(out, name, path);
	}
	snprintf(path, sizeof(path), "/proc/self/task/%s/ns", thread);
	namespaces = list_names(path);
	for (char **ns = namespaces; *ns; ns++) {
		snprintf(name, sizeof(name), "thread %s namespace %.20s", thread, *ns);
		snprintf(path, sizeof(path), "/proc/self/task/%s/ns/%s", thread, *ns);
		put_link(out, name, path);
	}
	free_names(namespaces);
}

static void put_descriptors(FILE *out)
{
	static const char *const words[] = { "flags:", "pos:", NULL };
	char **names = list_names("/proc/self/fd");
	char name[64], path[512];
	struct stat st;

	for (char **fd = names; *fd; fd++) {
		if (fstat(atoi(*fd), &st) < 0)
			continue;
		fprintf(out, "descriptor %s: file %llx:%llu, cloexec %d, flags %x\n", *fd,
			(unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
			fcntl(atoi(*fd), F_GETFD), (unsigned)fcntl(atoi(*fd), F_GETFL));
		snprintf(name, sizeof(name), "descriptor %s", *fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%s", *fd);
		put_link(out, name, path);
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", *fd);
		put_file(out, name, path, words);
	}
	free_names(names);
}

static void put_signals(FILE *out)
{
	for (int i = 1; i < NSIG; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) < 0)
			continue;
		fprintf(out, "signal %d: handler %p, flags %x, mask", i, (void *)action.sa_handler,
			(unsigned)action.sa_flags);
		for (int j = 1; j < NSIG; j++)
			if (sigismember(&action.sa_mask, j) == 1)
				fprintf(out, " %d", j);
		fputc('\n', out);
	}
}

char *state_take(void)
{
	char *text = NULL, **threads;
	size_t length;
	FILE *out;
	mode_t mask;

	/* first of all: it opens nothing by itself */
	out = open_memstream(&text, &length);
	if (!out)
		abort();
	put_descriptors(out);
	mask = umask(0);
	umask(mask);
	fprintf(out, "umask: %o\n", (unsigned)mask);
	fprintf(out, "session: %d, group %d, parent %d, nice %d, dumpable %d\n", (int)getsid(0),
		(int)getpgrp(), (int)getppid(), getpriority(PRIO_PROCESS, 0),
		prctl(PR_GET_DUMPABLE));
	fprintf(out, "subreaper: ");
	{
		int is_subreaper = -1;

		prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
		fprintf(out, "%d, keepcaps %d, securebits %d, name ", is_subreaper,
			prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS));
	}
	put_file(out, "", "/proc/self/comm", NULL);
	for (char **entry = environ; *entry; entry++)
		fprintf(out, "environment: %p %s\n", (void *)*entry, *entry);
	put_signals(out);
	put_file(out, "limit", "/proc/self/limits", NULL);
	put_file(out, "oom_score_adj", "/proc/self/oom_score_adj", NULL);
	put_file(out, "mount", "/proc/self/mountinfo", NULL);
	threads = list_names("/proc/self/task");
	for (char **thread = threads; *thread; thread++)
		put_thread(out, *thread);
	free_names(threads);
	fclose(out);
	return text;
}

long state_memory_kb(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kb = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

long state_heap(void)
{
	return (long)mallinfo2().uordblks;
}

static int has_line(const char *text, const char *line, size_t length)
{
	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return 1;
	return 0;
}

static int put_missing(const char *from, const char *in, const char *sign, int fd, int count)
{
	for (const char *at = from; *at;) {
		size_t length = (size_t)(strchr(at, '\n') - at);

		if (!has_line(in, at, length) && count++ < 20)
			dprintf(fd, "%s %.*s\n", sign, (int)length, at);
		at += length + 1;
	}
	return count;
}

int state_compare(const char *before, const char *after, int fd)
{
	int count;

	if (strcmp(before, after) == 0)
		return 0;
	count = put_missing(before, after, "gone:", fd, 0);
	return put_missing(after, before, "new:", fd, count);
}
