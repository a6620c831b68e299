/* SPDX-License-Identifier: BSD-3-Clause */
#include "enter_command.h"

#include "base/command_env.h"
#include "base/locale_name.h"
#include "base/parse.h"
#include "base/report.h"
#include "base/text.h"
#include "kernel/live_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20,
       MEMORY = 16384 };

#define LIVE "/run/shifter/"

/* Bytes of a file, and a NUL behind them that is not counted. */
struct bytes {
	char *data; /* NULL if there is no file */
	size_t length;
};

_Noreturn void shf_die(int status, const char *what, const char *object, const char *why)
{
	static char raw[3 * PATH_MAX], text[3 * PATH_MAX];

	snprintf(raw, sizeof(raw), "%s%s%s%s%s%s", what, object ? " '" : "", object ? object : "",
		 object ? "'" : "", why ? ": " : "", why ? why : "");
	shf_escape(text, sizeof(text), raw);
	dprintf(2, "shifter: %s\n", text);
	_exit(status);
}

_Noreturn void shf_die_errno(int status, const char *what, const char *object, int error)
{
	char number[32];

	shf_die(status, what, object, shf_error_text(error, number));
}

int shf_read_enter_options(int argc, char **argv, struct shf_enter_options *options)
{
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "-e") == 0)
			options->use_entry = true;
		else if (strcmp(argv[at], "-W") == 0)
			options->use_image_workdir = true;
		else if (strcmp(argv[at], "-w") == 0 && at + 1 < argc)
			options->workdir = argv[++at];
		else
			break;
	}
	return at - 1;
}

/* ---- files ---- */

/* Read the file fd to its end into memory, and close it. */
static struct bytes read_file(struct shf_environ *memory, int fd, const char *what)
{
	struct bytes bytes = { NULL, 0 };
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		shf_die(125, "cannot read", what, "it is no file of at most 64 MiB");
	/* it is zero: the last string ends */
	bytes.data = shf_environ_new_text(memory, (size_t)st.st_size + 1);
	if (!bytes.data)
		shf_die_errno(125, "cannot read", what, ENOMEM);
	while (bytes.length < (size_t)st.st_size) {
		ssize_t n = pread(fd, bytes.data + bytes.length, (size_t)st.st_size - bytes.length,
				  (off_t)bytes.length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			shf_die_errno(125, "cannot read", what, n < 0 ? errno : EIO);
		bytes.length += (size_t)n;
	}
	close(fd);
	return bytes;
}

/* A file of the live directory; it is none if it is not there. */
static struct bytes read_live(struct shf_environ *memory, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		shf_die_errno(125, "cannot read", path, errno);
	return fd < 0 ? (struct bytes){ NULL, 0 } : read_file(memory, fd, path);
}

static size_t count_strings(const struct bytes *bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes->length; i += strlen(bytes->data + i) + 1)
		count++;
	return count;
}

static char **add_strings(char **end, const struct bytes *bytes)
{
	for (size_t i = 0; i < bytes->length; i += strlen(bytes->data + i) + 1)
		*end++ = bytes->data + i;
	return end;
}

/* ---- the working directory ---- */

static const char *image_workdir(void)
{
	struct shf_environ memory = { 0 };
	struct bytes image = read_live(&memory, LIVE SHF_LIVE_IMAGE_WORKDIR);

	if (!image.data || !*image.data)
		shf_die(125,
			"cannot use the image's working directory: it has none: use --workdir=DIR",
			NULL, NULL);
	return image.data;
}

void shf_enter_directory(const struct shf_enter_options *options, const char *previous)
{
	const char *directory = options->use_image_workdir ? image_workdir() : options->workdir;

	if (directory ? chdir(directory) < 0 : chdir(previous) < 0 && chdir("/") < 0)
		shf_die_errno(125, "cannot change to directory", directory ? directory : "/",
			      errno);
}

/* ---- the environment ---- */

/* Programs run $SHELL: where the image lacks the user's, one that it has, as sshd does. */
static void set_shell(struct shf_environ *env)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh",
					      "/opt/udiImage/libexec/udi-session" };
	const char *shell = shf_environ_get(env, "SHELL");

	if (!shell || access(shell, X_OK) == 0)
		return;
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (access(shells[i], X_OK) == 0) {
			shf_environ_set(env, "SHELL", shells[i]);
			return;
		}
}

char **shf_read_environment(const char *number, bool is_in_job)
{
	/* enough for most, and zero, as it has to be */
	static char memory[MEMORY];
	struct shf_environ env = { .memory = memory, .memory_left = sizeof(memory) };
	struct bytes given, wanted = { NULL, 0 }, image, site;
	char **list;
	uint32_t fd;

	if (!shf_parse_u32(number, 0, INT_MAX, &fd))
		shf_die(125, "cannot read the environment from descriptor", number,
			"it is no number");
	given = read_file(&env, (int)fd, "the environment");
	for (size_t i = 0; i < given.length; i += strlen(given.data + i) + 1)
		if (!given.data[i]) {
			wanted.data = given.data + i + 1;
			wanted.length = given.length - i - 1;
			given.length = i;
		}
	image = read_live(&env, LIVE SHF_LIVE_IMAGE_ENV);
	site = read_live(&env, LIVE SHF_LIVE_SITE_ENV);
	shf_env_lay(&env, given.data, given.length);
	shf_env_lay_foreign(&env, image.data, image.length);
	shf_env_lay(&env, wanted.data, wanted.length);
	shf_env_lay_site(&env, site.data, site.length);
	shf_env_set_path(&env);
	if (is_in_job)
		shf_env_set_launchers(&env);
	set_shell(&env);
	shf_env_settle_locale(&env);
	list = shf_environ_finish(&env);
	if (!list)
		shf_die_errno(125, "cannot make the environment", NULL, ENOMEM);
	return list;
}

static const char *find(char **environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* ---- the command ---- */

char **shf_add_entry(char **command)
{
	struct shf_environ memory = { 0 };
	struct bytes entry = read_live(&memory, LIVE SHF_LIVE_IMAGE_ENTRY), rest = { NULL, 0 };
	size_t n_command = 0;
	char **list, **end;

	if (!entry.length)
		shf_die(125,
			"cannot use the image's entry point: it has none: give a command, "
			"or --entrypoint=COMMAND",
			NULL, NULL);
	while (command[n_command])
		n_command++;
	if (!n_command)
		rest = read_live(&memory, LIVE SHF_LIVE_IMAGE_CMD);
	list = mmap(NULL,
		    (1 + count_strings(&entry) + count_strings(&rest) + n_command + 1) *
			    sizeof(*list),
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED)
		shf_die_errno(125, "cannot use the image's entry point", NULL, errno);
	end = add_strings(list + 1, &entry);
	end = add_strings(end, &rest);
	memcpy(end, command, n_command * sizeof(*command));
	return list + 1;
}

static size_t longest(char **list, size_t *total)
{
	size_t max = 0;

	for (; *list; list++) {
		size_t length = strlen(*list) + 1;

		*total += length + sizeof(*list);
		max = length > max ? length : max;
	}
	return max;
}

/* The kernel says only that it was too much. */
static _Noreturn void fail_too_big(const char *name, char **command, char **environment)
{
	/* 32 pages, MAX_ARG_STRLEN of the kernel */
	size_t limit = 32 * (size_t)sysconf(_SC_PAGESIZE), total = 0;
	char why[200];

	for (char **v = environment; *v; v++)
		if (strlen(*v) >= limit) {
			snprintf(why, sizeof(why),
				 "the variable '%.*s' is longer than %zu bytes, the most that the "
				 "kernel takes",
				 (int)(strcspn(*v, "=") < 64 ? strcspn(*v, "=") : 64), *v,
				 limit - 1);
			shf_die(126, "cannot execute", name, why);
		}
	if (longest(command, &total) > limit) {
		snprintf(why, sizeof(why),
			 "an argument is longer than %zu bytes, the most that the kernel takes",
			 limit - 1);
		shf_die(126, "cannot execute", name, why);
	}
	longest(environment, &total);
	snprintf(why, sizeof(why),
		 "arguments and environment take %zu bytes, more than the kernel allows: a "
		 "quarter of the stack limit, 'ulimit -s'",
		 total);
	shf_die(126, "cannot execute", name, why);
}

/* command[-1] exists and may be overwritten: a script without "#!" is sh's, as in execvp(3). */
static void try(const char *path, char **command, char **environment)
{
	execve(path, command, environment);
	if (errno == E2BIG)
		fail_too_big(path, command, environment);
	if (errno != ENOEXEC)
		return;
	command[0] = (char *)(uintptr_t)path;
	command[-1] = (char *)(uintptr_t) "/bin/sh";
	execve("/bin/sh", command - 1, environment);
	errno = ENOEXEC;
}

_Noreturn void shf_execute(char **command, char **environment)
{
	const char *name = command[0];
	const char *path = find(environment, "PATH");
	bool is_denied = false;
	static char candidate[PATH_MAX];

	if (!*name)
		shf_die(127, "cannot execute", name, "it is empty");
	if (strchr(name, '/')) {
		try(name, command, environment);
		shf_die_errno(errno == ENOENT || errno == ENOTDIR ? 127 : 126, "cannot execute",
			      name, errno);
	}
	path = path ? path : "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t length = strcspn(path, ":");

		if (length + strlen(name) + 2 <= sizeof(candidate)) {
			/* an empty entry is the working directory (execvp(3)) */
			snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)length, path,
				 length ? "/" : "", name);
			try(candidate, command, environment);
			if (errno == EACCES)
				is_denied = true;
			else if (errno != ENOENT && errno != ENOTDIR)
				shf_die_errno(126, "cannot execute", candidate, errno);
		}
		if (!path[length])
			break;
		path += length + 1;
	}
	if (is_denied)
		shf_die_errno(126, "cannot execute", name, EACCES);
	shf_die(127, "cannot find", name, "it is in no directory of PATH in the container");
}
