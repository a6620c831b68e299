/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char shf_wlm_wait_program[] = SHF_BINDIR "/shifter";

int shf_wlm_exec_wait(int fd, const char *container, int timeout_s)
{
	char variable[128], timeout[16];
	char *const argv[] = { (char *)"shifter", (char *)"wait", (char *)"--timeout", timeout,
			       NULL };
	char *const environment[] = { variable, (char *)"PATH=/usr/bin:/bin", NULL };

	snprintf(variable, sizeof(variable), "SHIFTER_CONTAINER=%s", container);
	snprintf(timeout, sizeof(timeout), "%d", timeout_s);
	if (dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0)
		return 127;
	execve(shf_wlm_wait_program, argv, environment);
	dprintf(STDERR_FILENO, "cannot run '%s': %s", shf_wlm_wait_program, strerror(errno));
	return 127;
}
