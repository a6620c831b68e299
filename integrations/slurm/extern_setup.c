/* SPDX-License-Identifier: BSD-3-Clause */
#include "extern_setup.h"

#include "common/child.h"
#include "common/scope.h"
#include "common/text.h"
#include "context.h"

#include <fcntl.h>
#include <sched.h>
#include <shifter/shifter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TIMEOUT_MS = 30000,
       SAID_MAX = 1024,
       WHY_SIZE = 1024 };

struct command {
	const char *program;
	const struct shf_slurm_args *args;
	char container[SHF_SLURM_ID_SIZE];
	char namespace[64];
	const char **environment; /* with room for the namespace and PATH */
};

static int say(const char *what)
{
	dprintf(STDERR_FILENO, "cannot %s: %s\n", what, strerror(errno));
	return -1;
}

/*
 * The container's mount namespace, as a descriptor; the process is back in its own then, in
 * the root directory.  Or -1, with the reason said.
 */
static int open_namespace(const struct command *command)
{
	int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), namespace, fault;
	struct shifter_container *container;
	struct shifter_ctx *ctx;
	char why[WHY_SIZE];

	if (own < 0)
		return say("open the mount namespace of the node");
	if (shf_slurm_context(command->args, &ctx, why, sizeof(why), &fault) < 0) {
		dprintf(STDERR_FILENO, "%s\n", why);
		return -1;
	}
	if (shifter_open_container(ctx, command->container, &container) < 0 ||
	    shifter_enter_container(container, SHIFTER_ENTER_KEEP_CREDENTIALS) < 0) {
		dprintf(STDERR_FILENO, "%s\n", shifter_get_error(ctx));
		return -1;
	}
	namespace = open("/proc/self/ns/mnt", O_RDONLY);
	if (namespace < 0 || setns(own, CLONE_NEWNS) < 0)
		return say("open the mount namespace of the container");
	return namespace;
}

/* In the child. */
static int run(int fd, void *data)
{
	struct command *command = data;
	char *const argv[] = { (char *)(uintptr_t)command->program, NULL };
	int namespace;

	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0)
		return 127;
	namespace = open_namespace(command);
	if (namespace < 0)
		return 127;
	/* what the program starts finds the descriptor under the same number */
	snprintf(command->namespace, sizeof(command->namespace),
		 "SHIFTER_NAMESPACE=/proc/self/fd/%d", namespace);
	execve(command->program, argv, (char *const *)(uintptr_t)command->environment);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	return 127;
}

/* plugstack.conf is root's, and so should be what it makes root run. */
static int check(const char *program, char *why, size_t size)
{
	struct stat st;

	if (stat(program, &st) < 0) {
		int rc = -errno;

		snprintf(why, size, "cannot run '%s', the site's extern_setup: %s", program,
			 strerror(-rc));
		/* for the caller that error is a home out of reach */
		return rc == -EACCES ? -EPERM : rc;
	}
	if (S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	snprintf(why, size,
		 "cannot run '%s', the site's extern_setup: it must be a file that belongs to root "
		 "and that nobody else can write to",
		 program);
	return -EPERM;
}

/* The last line of what it said, fit to be shown. */
static const char *last_line(char *said)
{
	size_t n = strlen(said);
	char *line;

	while (n && (said[n - 1] == '\n' || said[n - 1] == ' '))
		said[--n] = '\0';
	line = strrchr(said, '\n');
	line = line ? line + 1 : said;
	shf_wlm_make_printable(line);
	return *line ? line : "it said nothing";
}

static int judge(const char *program, struct shf_wlm_answer *said, char *why, size_t size)
{
	bool has_exited = WIFEXITED(said->exit_status);

	if (has_exited && WEXITSTATUS(said->exit_status) == 0)
		return 0;
	snprintf(why, size, "'%s', the site's extern_setup, ended with %s %d: %s", program,
		 has_exited ? "status" : "signal",
		 has_exited ? WEXITSTATUS(said->exit_status) : WTERMSIG(said->exit_status),
		 last_line(said->bytes));
	return -EIO;
}

int shf_slurm_extern_setup(const struct shf_slurm_args *args, uint32_t job,
			   const struct shf_slurm_facts *facts, char *why, size_t size)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	scope_free const char **environment = shf_slurm_facts_environment(facts, 2);
	struct command command = { .program = args->extern_setup, .args = args };
	size_t count = 0;
	int rc = check(command.program, why, size);

	if (rc < 0)
		return rc;
	if (!environment) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	shf_slurm_container_id(job, command.container);
	while (environment[count])
		count++;
	environment[count++] = command.namespace;
	environment[count] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	command.environment = environment;
	rc = shf_wlm_child_run(run, &command, SAID_MAX, TIMEOUT_MS, &said);
	if (rc == 0)
		return judge(command.program, &said, why, size);
	snprintf(why, size, "cannot run '%s', the site's extern_setup: %s", command.program,
		 rc == -ETIMEDOUT ? "it did not end in 30 seconds" : strerror(-rc));
	return rc;
}
