/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon_children.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILDREN_MAX = 20000,
	LINGERING_MAX = 400,
	SILENT = 77, /* exit status of one that ends silently */
};

struct child {
	pid_t pid;
	int status;
	int is_found;
};

static struct child made[CHILDREN_MAX];
static int n_made;
static pid_t lingering[LINGERING_MAX];
static atomic_int n_lingering;
static pid_t watchman; /* the one that outlives them */

/* What the waiter saw. */
static struct child ended[CHILDREN_MAX + LINGERING_MAX + 100];
static atomic_int n_ended;
static int has_waiter;
static pthread_t waiter;

static int exit_code(int i)
{
	return 1 + i % 100;
}

static pid_t make_lasting(void)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	while (pid == 0)
		pause();
	return pid;
}

static void *wait_for_all(void *data)
{
	sigset_t all;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	do {
		int status = 0;

		pid = waitpid(-1, &status, 0);
		if (pid < 0)
			break;
		ended[n_ended].pid = pid;
		ended[n_ended++].status = status;
	} while (pid != watchman);
	return data;
}

void children_begin(int is_waiting)
{
	has_waiter = is_waiting;
	watchman = make_lasting();
	if (is_waiting && pthread_create(&waiter, NULL, wait_for_all, NULL) != 0)
		abort();
}

static const char *make_silent(void)
{
	int status = 0;
	pid_t pid = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(SILENT);
	while (waitpid(pid, &status, __WCLONE) < 0)
		if (errno != EINTR)
			return "stolen: a child that ends silently";
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SILENT)
		return "lost: the status of a child that ends silently";
	return NULL;
}

void children_linger(void)
{
	int i = n_lingering++;

	if (i < LINGERING_MAX)
		lingering[i] = make_lasting();
}

const char *children_make(void)
{
	pid_t pid;

	if (n_made == CHILDREN_MAX)
		return "weak: there are too many children";
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0)
		_exit(exit_code(n_made));
	/* the waiter may have it before we know its number: they are compared at the end */
	made[n_made++].pid = pid;
	if (n_made % 10 == 0)
		children_linger();
	return make_silent();
}

void children_end_lingering(void)
{
	for (int i = 0; i < LINGERING_MAX && lingering[i]; i++)
		kill(lingering[i], SIGKILL);
}

static int is_lasting(pid_t pid)
{
	for (int i = 0; i < LINGERING_MAX && lingering[i]; i++)
		if (lingering[i] == pid)
			return 1;
	return pid == watchman;
}

static void compare(int fd)
{
	int strangers = 0;

	for (int i = 0; i < n_ended; i++) {
		int j = 0;

		if (is_lasting(ended[i].pid))
			continue;
		/* numbers are used again, in the order of their makers */
		while (j < n_made && (made[j].pid != ended[i].pid || made[j].is_found))
			j++;
		if (j == n_made) {
			strangers++;
			continue;
		}
		made[j].is_found = 1;
		if (!WIFEXITED(ended[i].status) || WEXITSTATUS(ended[i].status) != exit_code(j))
			dprintf(fd, "lost: the status of child %d\n", j);
	}
	for (int i = 0; i < n_made; i++)
		if (!made[i].is_found)
			dprintf(fd, "stolen: child %d\n", i);
	if (strangers)
		dprintf(fd, "seen: %d children that are not its own\n", strangers);
}

void children_end(int fd)
{
	kill(watchman, SIGKILL);
	if (has_waiter) {
		pthread_join(waiter, NULL);
		compare(fd);
	}
	while (waitpid(-1, NULL, __WALL) > 0)
		dprintf(fd, "left: a child\n");
	if (n_made < 20 || n_lingering < 2)
		dprintf(fd, "weak: there were only %d children, %d of them lasting\n", n_made,
			(int)n_lingering);
}
