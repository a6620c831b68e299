/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * floor-enter - the least that entering a container costs
 *
 *	floor-enter NAMESPACE-FD UID COMMAND [ARGUMENT]...
 *
 * Started by root: enters, gives up root, runs COMMAND.  A program of its own,
 * as it has to be, since no unprivileged process can enter by itself.
 */
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned id;

	if (argc < 4)
		return 125;
	id = (unsigned)atoi(argv[2]);
	if (setns(atoi(argv[1]), CLONE_NEWNS) < 0 || syscall(SYS_setgroups, 1, &id) < 0 ||
	    syscall(SYS_setresgid, id, id, id) < 0 || syscall(SYS_setresuid, id, id, id) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 125;
	execve(argv[3], argv + 3, environ);
	return 127;
}
