/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_helper.h"

#include "base/cleanup.h"

#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static _Noreturn void run(const struct shf_identity *identity, shf_user_helper_fn fn, void *data,
			  int channel, const int *fds, size_t n_fds)
{
	int all[1 + 16];

	all[0] = channel;
	memcpy(all + 1, fds, n_fds * sizeof(*fds));
	if (shf_lift_fds(all, 1 + n_fds) < 0 || shf_null_stdio() < 0 ||
	    shf_arrange_fds(all, 1 + n_fds, SHF_HELPER_FIRST_FD - 1) < 0)
		_exit(125);
	if (identity && shf_become_user(identity, 0) < 0)
		_exit(125);
	/* ids changed since: ask again; the parent's end shows at the channel, too */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(125);
	fn(SHF_HELPER_FIRST_FD - 1, data);
	_exit(0);
}

int shf_start_user_helper(struct shf_user_helper *helper, const struct shf_identity *identity,
			  shf_user_helper_fn fn, void *data, const int *fds, size_t n_fds,
			  int timeout_ms)
{
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;
	int pair[2];
	int rc;

	if (n_fds > 16)
		return -E2BIG;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	rc = shf_fork(&helper->child);
	if (rc < 0)
		return rc;
	if (rc == 1)
		run(identity, fn, data, theirs, fds, n_fds);
	helper->channel = steal_fd(&ours);
	helper->deadline_ms = shf_now_ms() + timeout_ms;
	return 0;
}

void shf_end_user_helper(struct shf_user_helper *helper)
{
	shf_close_fd(&helper->channel);
	shf_end_child(&helper->child);
}
