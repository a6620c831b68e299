/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A daemon that links the library: it reads one configuration after the other, from
 * files that are named on standard input or, with -c, as arguments after it has closed
 * its standard descriptors.  Whatever is in them, it goes on, and is as it was.
 *
 *	daemon [-c] GOOD OUTPUT [FILE...]
 *
 * For each file it writes "FILE <tab> errno <tab> fault <tab> milliseconds <tab> text"
 * to OUTPUT, and then what has changed in it, a line "changed: WHAT" for each.  GOOD is
 * a configuration that sets sshdPort = 4711, which has to stay in effect.
 */
#include <shifter/shifter.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int output;
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	char line[8192];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || write(output, line, strlen(line)) < 0)
		_exit(99);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A bit for each of the first descriptors that is open. */
static unsigned long long open_fds(void)
{
	unsigned long long set = 0;

	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			set |= 1ull << fd;
	return set;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void try(struct shifter_ctx *ctx, const char *path)
{
	long start = now_ms();
	int rc = shifter_load_config(ctx, path);

	say("%s\t%d\t%d\t%ld\t%s\n", path, -rc, shifter_get_fault(ctx), now_ms() - start,
	    rc ? shifter_get_error(ctx) : "");
}

int main(int argc, char **argv)
{
	bool is_closed = argc > 1 && strcmp(argv[1], "-c") == 0;
	const char *good = argv[1 + is_closed], *port = "";
	struct sigaction action = { .sa_handler = on_signal }, after;
	char before_dir[4096], after_dir[4096];
	struct shifter_ctx *ctx = NULL;
	unsigned long long fds;
	struct stat st;
	long peak;

	if (argc < 3 + is_closed)
		return 98;
	output = open(argv[2 + is_closed], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (output < 0 || (output = fcntl(output, F_DUPFD_CLOEXEC, 7)) < 0)
		return 97;
	for (int fd = is_closed ? 0 : 3; fd < 7; fd++)
		close(fd);
	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
	umask(027);
	if (!getcwd(before_dir, sizeof(before_dir)) || shifter_new(&ctx) < 0)
		return 96;
	fds = open_fds();
	if (shifter_load_config(ctx, good) < 0)
		say("good: %s\n", shifter_get_error(ctx));
	peak = peak_kib();
	for (int i = 3 + is_closed; i < argc; i++)
		try(ctx, argv[i]);
	if (shifter_load_config(ctx, good) < 0)
		say("good: %s\n", shifter_get_error(ctx));
	if (shifter_get_setting(ctx, "sshdPort", &port) < 0 || strcmp(port, "4711") != 0)
		say("changed: sshdPort is '%s'\n", port);
	if (open_fds() != fds)
		say("changed: descriptors were %llx, are %llx\n", fds, open_fds());
	if (signals)
		say("changed: %d signals came\n", (int)signals);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		say("changed: there is a child\n");
	if (umask(0) != 027)
		say("changed: the umask\n");
	if (!getcwd(after_dir, sizeof(after_dir)) || strcmp(before_dir, after_dir) != 0)
		say("changed: the working directory\n");
	sigaction(SIGCHLD, NULL, &after);
	if (after.sa_handler != on_signal)
		say("changed: the handler of SIGCHLD\n");
	if (peak_kib() > peak + 8192)
		say("changed: %ld KiB more memory\n", peak_kib() - peak);
	if (fstat(output, &st) < 0)
		return 95;
	shifter_free(ctx);
	say("done\n");
	return 0;
}
