/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below it shell scripts number descriptors of their own. */
enum { SCRIPT_FD_MIN = 10 };

/*
 * The path that execve() was called with.  It is the script's if this program
 * runs as an interpreter, which argv alone does not tell.
 */
static const char *executed_path(void)
{
	return (const char *)getauxval(AT_EXECFN);
}

static bool is_this_program(const char *path)
{
	struct stat self, other;

	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

/* The index of the script's path in argv, or 0 if this is no interpreter's call. */
static int find_script(int argc, char **argv)
{
	const char *path = executed_path();
	int at = 0;

	if (path && argc > 1 && strcmp(argv[1], path) == 0)
		at = 1;
	else if (path && argc > 2 && strcmp(argv[2], path) == 0)
		at = 2;
	/* last, since it takes longest and most calls are no interpreter's */
	return at && !is_this_program(path) ? at : 0;
}

static bool ends_in(const char *string, const char *end)
{
	size_t length = strlen(string), tail = strlen(end);

	return length >= tail && strcmp(string + length - tail, end) == 0;
}

/* slurmd names the copy slurm_script; pbs_mom names it after the job, with .SC */
static bool is_in_spool(const char *path)
{
	return (getenv("SLURM_JOB_ID") && ends_in(path, "/slurm_script")) ||
	       (getenv("PBS_JOBID") && ends_in(path, ".SC"));
}

static int open_for_command(const char *path)
{
	int fd, high;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD, SCRIPT_FD_MIN);
	if (high < 0)
		high = -errno;
	close(fd);
	return high;
}

static size_t count_words(const char *string)
{
	size_t words = 0;

	for (string += strspn(string, " \t"); *string; string += strspn(string, " \t")) {
		string += strcspn(string, " \t");
		words++;
	}
	return words;
}

int shf_script_detect(struct shf_script *script, int argc, char **argv)
{
	int at = find_script(argc, argv), n = 0;
	char *word, *rest;

	*script = (struct shf_script){ .is_script = at > 0, .is_bare = at == 1, .arguments = argv };
	if (at < 2)
		return 0;
	script->split = strdup(argv[1]);
	script->list = calloc((size_t)argc + count_words(argv[1]) + 1, sizeof(*script->list));
	if (!script->split || !script->list) {
		shf_script_free(script);
		return -ENOMEM;
	}
	script->list[n++] = argv[0];
	if (argv[1][0] == '-') {
		rest = script->split;
		while ((word = strtok_r(rest, " \t", &rest)))
			script->list[n++] = word;
	} else {
		script->list[n++] = argv[1];
	}
	if (is_in_spool(argv[at])) {
		int fd = open_for_command(argv[at]);

		if (fd < 0) {
			shf_script_free(script);
			return fd;
		}
		snprintf(script->path, sizeof(script->path), "/proc/self/fd/%d", fd);
		script->list[n++] = script->path;
	} else {
		script->list[n++] = argv[at];
	}
	for (int i = at + 1; i < argc; i++)
		script->list[n++] = argv[i];
	script->arguments = script->list;
	return 0;
}

void shf_script_free(struct shf_script *script)
{
	free(script->split);
	free(script->list);
	script->split = NULL;
	script->list = NULL;
}
