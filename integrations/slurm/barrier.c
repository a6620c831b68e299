/* SPDX-License-Identifier: BSD-3-Clause */
#include "barrier.h"

#include "common/child.h"
#include "common/scope.h"
#include "common/text.h"
#include "common/wait.h"

#include <slurm/spank.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* shifter names those that did not answer, and is itself not trusted to end. */
enum { WAIT_S = 60,
       GRACE_S = 15,
       SAID_MAX = 16 * 1024 };

struct question {
	const char *container;
	int timeout_s;
};

/* In the child. */
static int wait_for_hosts(int fd, void *data)
{
	const struct question *question = data;

	return shf_wlm_exec_wait(fd, question->container, question->timeout_s);
}

/* One message per line; a name or a banner must not play with the terminal. */
static int pass_on(char *said)
{
	int n = 0;

	for (char *save = NULL, *line = strtok_r(said, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		shf_wlm_make_printable(line);
		slurm_error("%s", line);
		n++;
	}
	return n;
}

int shf_slurm_barrier(const char *container, int timeout_s)
{
	struct question question = { container, timeout_s > 0 ? timeout_s : WAIT_S };
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	int rc = shf_wlm_child_run(wait_for_hosts, &question, SAID_MAX,
				   (question.timeout_s + GRACE_S) * 1000, &said);

	if (rc < 0) {
		slurm_error("shifter: cannot wait for the hosts of the job: %s", strerror(-rc));
		return -1;
	}
	if (WIFEXITED(said.exit_status) && WEXITSTATUS(said.exit_status) == 0)
		return 0;
	if (pass_on(said.bytes) == 0)
		slurm_error("shifter: cannot wait for the hosts of the job: '%s wait' ended with "
			    "status %d",
			    shf_wlm_wait_program, said.exit_status);
	return -1;
}
