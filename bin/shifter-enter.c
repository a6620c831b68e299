/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-enter - enters a container that the caller owns
 *
 *	shifter-enter [-e] [-w DIRECTORY | -W] ID FD [COMMAND [ARGUMENT]...]
 *
 * -e puts the image's entry point before COMMAND, -w changes to DIRECTORY in the
 * container, -W to the image's working directory.
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
#include "enter_command.h"
#include "enter_privilege.h"

#include "base/parse.h"
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
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = 65536,
       ANSWER_MS = 10000 };

/* The caller's groups, and behind them the working directory: on one page, mostly. */
static uint32_t groups[GROUPS_MAX + PATH_MAX / sizeof(uint32_t)];

/* Without 0, 1 and 2 a file opened here would become the command's output. */
static void check_start(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			_exit(125);
	if (geteuid() != 0)
		shf_die_unprivileged();
}

static int connect_namespace(const char *id, uint32_t uid)
{
	struct shf_keeper_answer answer;
	size_t n_fds = 1;
	int namespace = -1;
	char path[128];
	int dir, call, rc;

	snprintf(path, sizeof(path), "%s/%s", SHF_RUN_DIR, id);
	dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		shf_die(125, "there is no container", id, "not set up on this node, or torn down");
	if (dir < 0)
		shf_die_errno(125, "cannot look up container", id, errno);
	call = shf_call_keeper(dir, SHF_KEEPER_ENTER, -1, 0);
	/* what takes longest is done while the keeper is at it */
	rc = shf_drop_bounding_set();
	if (rc < 0)
		shf_die_errno(125, "cannot give up privileges", NULL, -rc);
	rc = call < 0 ? call
		      : shf_hear_keeper(call, &answer, &namespace, &n_fds,
					shf_now_ms() + ANSWER_MS);
	if (rc == -ESRCH)
		shf_die(125, "cannot enter container", id,
			"it is not ready, or has been torn down");
	if (rc < 0)
		shf_die_errno(125, "cannot enter container", id, -rc);
	if (answer.uid != uid)
		shf_die(125, "cannot enter container", id, "it belongs to another user");
	if (n_fds != 1)
		shf_die(125, "cannot enter container", id, "its keeper is damaged");
	close(call);
	close(dir);
	return namespace;
}

int main(int argc, char **argv)
{
	struct shf_enter_options options = { NULL, false, false };
	struct shf_identity user;
	sigset_t all, old;
	char **environment, **command, *directory;
	int namespace, rc;

	check_start();
	rc = argc > 0 ? shf_read_enter_options(argc, argv, &options) : 0;
	argc -= rc;
	argv += rc;
	if (argc < (options.use_entry ? 3 : 4) || !shf_is_id(argv[1]))
		shf_die(125, "shifter-enter is run by shifter, not by hand", NULL, NULL);
	user = (struct shf_identity){ .uid = getuid(), .gid = getgid(), .groups = groups };
	rc = getgroups(GROUPS_MAX, groups);
	if (rc < 0)
		shf_die_errno(125, "cannot read the groups of the caller", NULL, errno);
	user.n_groups = (uint32_t)rc;
	if (user.uid == 0)
		shf_die(125, "root cannot enter container", argv[1], "become its user first");
	/* from here on the caller can neither stop nor kill us half way */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
		shf_die_errno(125, "cannot become root", NULL, errno);
	directory = (char *)(groups + user.n_groups);
	/* a directory that has been removed, or that is out of sight, has no name */
	if (syscall(SYS_getcwd, directory, PATH_MAX) < 0 || directory[0] != '/')
		memcpy(directory, "/", 2);
	namespace = connect_namespace(argv[1], user.uid);
	if (setns(namespace, CLONE_NEWNS) < 0)
		shf_die_errno(125, "cannot enter container", argv[1], errno);
	close(namespace);
	rc = shf_become_user(&user, SHF_BECOME_KEEP_KEYRING | SHF_BECOME_IS_BOUNDED);
	if (rc < 0)
		shf_die_errno(125, "cannot give up privileges", NULL, -rc);
	shf_enter_directory(&options, directory);
	environment = shf_read_environment(argv[2], true);
	command = options.use_entry ? shf_add_entry(argv + 3) : argv + 3;
	sigprocmask(SIG_SETMASK, &old, NULL);
	shf_execute(command, environment);
}
