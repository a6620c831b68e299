/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-enter - enters a container that the caller owns
 *
 *	shifter-enter [-w DIRECTORY] ID FD COMMAND [ARGUMENT]...
 *
 * Setuid root, and the only privileged code that users can start: it asks the
 * keeper of ID for the mount namespace, compares its owner with the caller's
 * real uid, enters, gives up every privilege and execs COMMAND.  The caller's
 * cgroups, limits, keyring, terminal and descriptors stay as they are.
 *
 * FD is an open file that holds the environment, each variable ended by NUL:
 * the loader takes variables such as LD_LIBRARY_PATH and TMPDIR away from a
 * privileged program, and they are meant for COMMAND.  It is read only once
 * the privileges are gone.
 *
 * Exit status: COMMAND's, or 125 if it could not be reached, 126 if it could
 * not be executed, 127 if it was not found.  No configuration, no environment,
 * no name service, no locale, no heap.
 */
#include "base/parse.h"
#include "base/report.h"
#include "base/text.h"
#include "kernel/credentials.h"
#include "kernel/keeper_client.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = 65536,
       ANSWER_MS = 10000,
       ENVIRONMENT_MAX = 64 << 20 };

#define SITE_ENVIRONMENT "/run/shifter/site.env"

static uint32_t groups[GROUPS_MAX];
static char directory[PATH_MAX];

static _Noreturn void fail(int status, const char *what, const char *object, const char *why)
{
	static char raw[3 * PATH_MAX], text[3 * PATH_MAX];

	snprintf(raw, sizeof(raw), "%s%s%s%s%s%s", what, object ? " '" : "", object ? object : "",
		 object ? "'" : "", why ? ": " : "", why ? why : "");
	shf_escape(text, sizeof(text), raw);
	dprintf(2, "shifter: %s\n", text);
	_exit(status);
}

static _Noreturn void fail_errno(int status, const char *what, const char *object, int error)
{
	char number[32];

	fail(status, what, object, shf_error_text(error, number));
}

/* Without 0, 1 and 2 a file opened here would become the command's output. */
static void check_start(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			_exit(125);
	if (geteuid() != 0)
		fail(125, "shifter-enter does not run as root: it must be installed setuid root on "
			  "a file system without nosuid, and not be traced or under no_new_privs",
		     NULL, NULL);
}

static int connect_namespace(const char *id, uint32_t uid)
{
	struct shf_keeper_answer answer;
	size_t n_fds = 1;
	int namespace = -1;
	char path[128];
	int dir, rc;

	snprintf(path, sizeof(path), "%s/%s", SHF_RUN_DIR, id);
	dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		fail(125, "there is no container", id, "not set up on this node, or torn down");
	if (dir < 0)
		fail_errno(125, "cannot look up container", id, errno);
	rc = shf_ask_keeper(dir, SHF_KEEPER_ENTER, -1, 0, &answer, &namespace, &n_fds,
			    shf_now_ms() + ANSWER_MS);
	if (rc == -ESRCH)
		fail(125, "cannot enter container", id, "it is not ready, or has been torn down");
	if (rc < 0)
		fail_errno(125, "cannot enter container", id, -rc);
	if (answer.uid != uid)
		fail(125, "cannot enter container", id, "it belongs to another user");
	if (n_fds != 1)
		fail(125, "cannot enter container", id, "its keeper is damaged");
	close(dir);
	return namespace;
}

/* Read the file fd to its end.  One byte more, which the kernel zeroes, ends the last variable. */
static char *read_file(int fd, size_t *length)
{
	struct stat st;
	size_t used = 0;
	char *bytes;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ENVIRONMENT_MAX)
		fail(125, "cannot read the environment", NULL, "it is no file of at most 64 MiB");
	bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		fail_errno(125, "cannot read the environment", NULL, errno);
	while (used < (size_t)st.st_size) {
		ssize_t n = pread(fd, bytes + used, (size_t)st.st_size - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail_errno(125, "cannot read the environment", NULL, n < 0 ? errno : EIO);
		used += (size_t)n;
	}
	close(fd);
	*length = used;
	return bytes;
}

static size_t count_variables(const char *bytes, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i += strlen(bytes + i) + 1)
		count++;
	return count;
}

/* Put a variable into the list, in the place of one of that name if there is one. */
static void put(char **list, size_t *count, char *variable)
{
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < *count; i++)
		if (strncmp(list[i], variable, length) == 0 && list[i][length] == '=') {
			list[i] = variable;
			return;
		}
	list[(*count)++] = variable;
}

/*
 * As the user, in the container: the environment that the descriptor called
 * number holds, and over it the site's.
 */
static char **read_environment(const char *number)
{
	size_t own_length, site_length = 0, own, count = 0;
	char *own_bytes, *site_bytes = NULL, **list;
	int site = open(SITE_ENVIRONMENT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint32_t fd;

	if (!shf_parse_u32(number, 0, INT_MAX, &fd))
		fail(125, "cannot read the environment from descriptor", number, "it is no number");
	own_bytes = read_file((int)fd, &own_length);
	if (site >= 0)
		site_bytes = read_file(site, &site_length);
	own = count_variables(own_bytes, own_length);
	list = mmap(NULL, (own + count_variables(site_bytes, site_length) + 1) * sizeof(*list),
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED)
		fail_errno(125, "cannot read the environment", NULL, errno);
	for (size_t i = 0; i < own_length; i += strlen(own_bytes + i) + 1)
		list[count++] = own_bytes + i;
	for (size_t i = 0; i < site_length; i += strlen(site_bytes + i) + 1)
		put(list, &count, site_bytes + i);
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

/* command[-1] exists and may be overwritten: a script without "#!" is sh's, as in execvp(3). */
static void try(const char *path, char **command, char **environment)
{
	execve(path, command, environment);
	if (errno != ENOEXEC)
		return;
	command[0] = (char *)(uintptr_t)path;
	command[-1] = (char *)(uintptr_t) "/bin/sh";
	execve("/bin/sh", command - 1, environment);
	errno = ENOEXEC;
}

static _Noreturn void execute(char **command, char **environment)
{
	const char *name = command[0];
	const char *path = find(environment, "PATH");
	bool is_denied = false;
	char candidate[PATH_MAX];

	if (!*name)
		fail(127, "cannot execute", name, "it is empty");
	if (strchr(name, '/')) {
		try(name, command, environment);
		fail_errno(errno == ENOENT || errno == ENOTDIR ? 127 : 126, "cannot execute", name,
			   errno);
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
				fail_errno(126, "cannot execute", candidate, errno);
		}
		if (!path[length])
			break;
		path += length + 1;
	}
	if (is_denied)
		fail_errno(126, "cannot execute", name, EACCES);
	fail(127, "cannot find", name, "it is in no directory of PATH in the container");
}

int main(int argc, char **argv)
{
	struct shf_identity user;
	const char *workdir = NULL;
	sigset_t all, old;
	char **environment;
	int namespace, rc;

	check_start();
	if (argc >= 3 && strcmp(argv[1], "-w") == 0) {
		workdir = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 4 || !shf_is_id(argv[1]))
		fail(125, "shifter-enter is run by shifter, not by hand", NULL, NULL);
	user = (struct shf_identity){ .uid = getuid(), .gid = getgid(), .groups = groups };
	rc = getgroups(GROUPS_MAX, groups);
	if (rc < 0)
		fail_errno(125, "cannot read the groups of the caller", NULL, errno);
	user.n_groups = (uint32_t)rc;
	if (user.uid == 0)
		fail(125, "root cannot enter container", argv[1], "become its user first");
	/* from here on the caller can neither stop nor kill us half way */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
		fail_errno(125, "cannot become root", NULL, errno);
	/* a directory that has been removed, or that is out of sight, has no name */
	if (syscall(SYS_getcwd, directory, sizeof(directory)) < 0 || directory[0] != '/')
		memcpy(directory, "/", 2);
	namespace = connect_namespace(argv[1], user.uid);
	if (setns(namespace, CLONE_NEWNS) < 0)
		fail_errno(125, "cannot enter container", argv[1], errno);
	close(namespace);
	rc = shf_become_user(&user, SHF_BECOME_KEEP_KEYRING);
	if (rc < 0)
		fail_errno(125, "cannot give up privileges", NULL, -rc);
	if (workdir ? chdir(workdir) < 0 : chdir(directory) < 0 && chdir("/") < 0)
		fail_errno(125, "cannot change to directory", workdir ? workdir : "/", errno);
	environment = read_environment(argv[2]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	execute(argv + 3, environment);
}
