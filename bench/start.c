/* SPDX-License-Identifier: BSD-3-Clause */
#include "start.h"

#include "fail.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t bench_start(char *const argv[], char *const envp[], uid_t uid)
{
	/* the child borrows our memory: nothing but system calls in it */
	pid_t pid = vfork();

	if (pid == 0) {
		if (uid && (syscall(SYS_setgroups, 1, &uid) < 0 ||
			    syscall(SYS_setresgid, uid, uid, uid) < 0 ||
			    syscall(SYS_setresuid, uid, uid, uid) < 0))
			_exit(126);
		execve(argv[0], argv, envp);
		_exit(127);
	}
	return (pid_t)BENCH_MUST(pid, "fork");
}

void bench_wait(pid_t pid, const char *what)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "%s", what);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s ended with status %#x", what, (unsigned)status);
}
