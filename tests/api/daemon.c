/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon ignore|wait IMAGE KEY ROUNDS REPORT - a daemon with odd habits that uses the library
 *
 * It is root and has several threads, umask 0, no descriptors 0 to 2 but a thousand others that
 * are not close-on-exec, a working directory that was removed, signals that are blocked,
 * pending and coming, an odd environment, and children of its own.  With "ignore" it ignores
 * SIGCHLD, with "wait" a thread collects whatever child ends.  After ROUNDS of the life of a
 * container it writes to REPORT what is not as it was, a line each, and "done".
 */
#include <shifter/shifter.h>

#include "daemon_children.h"
#include "daemon_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	WORKERS = 4,
	DESCRIPTORS = 1000,
	FIRST_PORT = 2200,
};

static const char *image, *key;
static bool is_waiting;
static int report;
static struct stat marker; /* the file that all the descriptors are of */

static pthread_barrier_t phase;
static atomic_int working;
static atomic_bool has_children;
static atomic_int child_signals, other_signals;

/* What is not as it was. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(report, format, args);
	va_end(args);
}

static void on_signal(int number)
{
	if (number == SIGCHLD)
		child_signals++;
	else
		other_signals++;
}

/* ---- its work ---- */

struct worker {
	pthread_t thread;
	int number;
	unsigned rounds[2]; /* of each phase */
	unsigned round;
	struct shifter_ctx *ctx;
};

/* In the midst of a call: what is made here has all that is open then, locks and ports too. */
static int place(int32_t pid, void *data)
{
	(void)data;
	if (has_children)
		children_linger();
	return pid > 0 ? 0 : -EINVAL;
}

static int provide(struct shifter_hosts *hosts, void *data)
{
	return shifter_add_host(hosts, data, "10.98.0.1", 2);
}

static void complain(struct worker *w, const char *what)
{
	say("failed: %s, round %u of worker %d: %s\n", what, w->round, w->number,
	    shifter_get_error(w->ctx));
}

/* Does a process have a descriptor of the daemon's? */
static void check_inherited(int32_t pid, const char *who)
{
	char path[64];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct stat st;

		count++;
		if (entry->d_name[0] != '.' && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
		    st.st_dev == marker.st_dev && st.st_ino == marker.st_ino)
			say("inherited: descriptor %s of %s\n", entry->d_name, who);
	}
	if (count < 4)
		say("weak: %s, process %d, has no descriptors\n", who, (int)pid);
	if (dir)
		closedir(dir);
}

/* The umask of 0 makes nothing of the library's writable. */
static void check_modes(const char *id)
{
	char path[128];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/run/shifter/%s", id);
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct stat st;

		if (strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count++;
		if (!S_ISLNK(st.st_mode) && (st.st_mode & 022))
			say("writable: '%s/%s', mode %o\n", path, entry->d_name,
			    (unsigned)st.st_mode);
	}
	if (count < 2)
		say("weak: there is nothing in '%s'\n", path);
	if (dir)
		closedir(dir);
}

static int check_listed(const struct shifter_container_info *info, void *data)
{
	const char *id = data;

	if (strcmp(info->id, id) != 0)
		return 0;
	check_inherited(info->keeper_pid, "the keeper");
	check_inherited(info->sshd_pid, "the usher");
	check_modes(id);
	return 1;
}

static void renew_context(struct worker *w)
{
	shifter_free(w->ctx);
	if (shifter_new(&w->ctx) < 0)
		abort();
	if (shifter_load_config(w->ctx, NULL) < 0)
		complain(w, "load_config");
}

static void fill_spec(struct worker *w, struct shifter_container_spec *spec, const char *id)
{
	memset(spec, 0, sizeof(*spec));
	spec->size = sizeof(*spec);
	spec->id = id;
	spec->image = image;
	spec->user = "alice";
	spec->home = "/home/alice";
	spec->uid = 2001;
	spec->gid = 2001;
	spec->flags = SHIFTER_SETUP_SSHD;
	spec->sshd_port = FIRST_PORT + (uint32_t)w->number;
}

static void serve(struct worker *w, struct shifter_container *container, const char *id)
{
	struct shifter_sshd_spec spec = { .size = sizeof(spec),
					  .user_key = key,
					  .principal = "udi.test.daemon",
					  .place = w->round % 2 ? place : NULL };

	if (shifter_start_user_sshd(container, &spec) < 0)
		complain(w, "start_user_sshd");
	else if (shifter_list_containers(w->ctx, check_listed, (char *)id) != 1)
		complain(w, "list_containers");
}

/* A set-up that fails. */
static void fail(struct worker *w, const char *id)
{
	struct shifter_container_spec spec;

	fill_spec(w, &spec, id);
	spec.image = "local:/nonexistent";
	if (shifter_setup_container(w->ctx, &spec, NULL) != -ENOENT ||
	    shifter_get_fault(w->ctx) != SHIFTER_FAULT_JOB)
		complain(w, "an image that is not there");
}

static void live(struct worker *w)
{
	struct shifter_hostsfile_spec hosts = { .size = sizeof(hosts),
						.provide = provide,
						.data = "node1" };
	struct shifter_container *made = NULL, *opened = NULL;
	struct shifter_container_spec spec;
	char id[32];

	snprintf(id, sizeof(id), "daemon%d-%u", w->number, w->round);
	if (w->round % 10 == 0)
		renew_context(w);
	if (w->round % 7 == 3)
		fail(w, id);
	fill_spec(w, &spec, id);
	if (shifter_setup_container(w->ctx, &spec, &made) < 0) {
		complain(w, "setup_container");
		return;
	}
	if (shifter_open_container(w->ctx, id, &opened) < 0)
		complain(w, "open_container");
	else if (shifter_write_hostsfile(opened, &hosts) < 0)
		complain(w, "write_hostsfile");
	if (w->round % 25 == 5)
		serve(w, made, id);
	shifter_close_container(opened);
	shifter_close_container(made);
	/* as one that has a context for each hook */
	if (w->round % 25 == 5)
		renew_context(w);
	if (shifter_teardown(w->ctx, id) < 0)
		complain(w, "teardown");
}

static void *work(void *data)
{
	struct worker *w = data;
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGRTMIN + w->number);
	pthread_sigmask(SIG_BLOCK, &mine, NULL);
	for (int i = 0; i < 2; i++) {
		pthread_barrier_wait(&phase);
		renew_context(w);
		for (unsigned j = 0; j < w->rounds[i]; j++, w->round++)
			live(w);
		shifter_free(w->ctx);
		w->ctx = NULL;
		working--;
		pthread_barrier_wait(&phase);
	}
	pthread_barrier_wait(&phase);
	return NULL;
}

/* ---- its habits ---- */

static void be_odd(const char *report_path)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction count = { .sa_handler = on_signal };
	static char path[] = "PATH=", libraries[] = "LD_LIBRARY_PATH=/nonexistent",
		    locale[] = "LC_ALL=xx_XX.odd", id[] = "SHIFTER_CONTAINER=another";
	static char *environment[] = { path, libraries, locale, id, NULL };
	const gid_t groups[] = { 7, 2100, 9 };
	struct rlimit files = { 4096, 4096 };
	sigset_t blocked;
	int fd;

	report = open(report_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd = open("/run/daemon-marker", O_RDWR | O_CREAT, 0600);
	if (report < 0 || fd < 0 || fstat(fd, &marker) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    (report = fcntl(report, F_DUPFD_CLOEXEC, 2000)) < 0)
		abort();
	for (int i = 3; i < 2000; i++)
		close(i);
	for (int i = 0; i < DESCRIPTORS; i++) {
		fd = open("/run/daemon-marker", i % 3 ? O_RDWR | O_NONBLOCK : O_RDONLY);
		if (fd < 0 || (i % 5 == 0 && fcntl(fd, F_DUPFD, 1100 + i) < 0))
			abort();
	}
	for (fd = 0; fd < 3; fd++)
		close(fd);
	umask(0);
	if (setgroups(3, groups) < 0 || mkdir("/run/daemon-cwd", 0700) < 0 ||
	    chdir("/run/daemon-cwd") < 0 || rmdir("/run/daemon-cwd") < 0)
		abort();
	environ = environment;
	setpriority(PRIO_PROCESS, 0, 1);
	sigaction(SIGCHLD, is_waiting ? &count : &ignore, NULL);
	sigaction(SIGALRM, &count, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	kill(getpid(), SIGUSR1);
}

/* Interrupt whatever waits, 100 times a second. */
static void set_alarm(long microseconds)
{
	struct itimerval timer = { { 0, microseconds }, { 0, microseconds } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- one after the other ---- */

static void run_phase(bool with_children)
{
	const struct timespec pace = { 0, 15000000 };

	working = WORKERS;
	has_children = with_children;
	pthread_barrier_wait(&phase);
	while (working) {
		const char *wrong = with_children ? children_make() : NULL;

		if (wrong)
			say("%s\n", wrong);
		nanosleep(&pace, NULL);
	}
	children_end_lingering();
	pthread_barrier_wait(&phase);
}

/* Anchors and keepers that are on their way out get the time for it. */
static void check_state(const char *before)
{
	const struct timespec pace = { 0, 20000000 };
	char *after = state_take();

	for (int i = 0; i < 250 && strcmp(before, after) != 0; i++) {
		nanosleep(&pace, NULL);
		free(after);
		after = state_take();
	}
	state_compare(before, after, report);
	free(after);
}

int main(int argc, char **argv)
{
	static struct worker workers[WORKERS];
	unsigned rounds = argc == 6 ? (unsigned)atoi(argv[4]) / WORKERS : 0;
	char *before;
	long memory, heap;

	if (rounds < 10)
		return 2;
	is_waiting = strcmp(argv[1], "wait") == 0;
	image = argv[2];
	key = argv[3];
	be_odd(argv[5]);
	children_begin(is_waiting);
	pthread_barrier_init(&phase, NULL, WORKERS + 1);
	for (int i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].rounds[0] = rounds / 3;
		workers[i].rounds[1] = rounds - rounds / 3;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			abort();
	}
	/* they have set their masks when they wait for the second time; so has the memory grown */
	run_phase(false);
	if (child_signals)
		say("seen: %d signals of children that are not its own\n", (int)child_signals);
	before = state_take();
	memory = state_memory_kb();
	heap = state_heap();
	set_alarm(10000);
	run_phase(true);
	set_alarm(0);
	check_state(before);
	say("memory: %ld KB more, of %ld; %ld bytes of heap\n", state_memory_kb() - memory, memory,
	    state_heap() - heap);
	if (other_signals < 10)
		say("weak: %d signals came\n", (int)other_signals);
	pthread_barrier_wait(&phase);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	children_end(report);
	free(before);
	say("done\n");
	return 0;
}
