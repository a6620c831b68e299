/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/worker.h"

#include "base/cleanup.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SHF_LIBEXECDIR
#define SHF_LIBEXECDIR "/usr/libexec/shifter"
#endif

/* The version of all that is said to a worker: a library may find newer ones than its own. */
static const char start[] = "1";

/* ---- in the library ---- */

int shf_prepare_worker(const char *name, struct shf_worker *worker,
		       struct shf_worker_order *order)
{
	int channel[2], leash[2], error;

	_Static_assert(sizeof(SHF_LIBEXECDIR) + 64 < sizeof(order->path), "there is room");
	*worker = SHF_NO_WORKER;
	worker->name = name;
	memset(order->argv, 0, sizeof(order->argv));
	snprintf(order->path, sizeof(order->path), SHF_LIBEXECDIR "/%s", name);
	order->argv[0] = (char *)(uintptr_t)name;
	order->argv[1] = (char *)(uintptr_t)start;
	order->daemon = (struct shf_daemon){
		.path = order->path, .argv = order->argv, .fds = order->fds, .n_fds = 2
	};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	if (pipe2(leash, O_CLOEXEC) < 0) {
		error = errno;
		close(channel[0]);
		close(channel[1]);
		return -error;
	}
	worker->channel = channel[0];
	worker->leash = leash[1];
	/* in the order of SHF_WORKER_* */
	order->fds[0] = channel[1];
	order->fds[1] = leash[0];
	return 0;
}

int shf_finish_worker(struct shf_worker *worker, struct shf_worker_order *order,
		      struct shf_child child, int error)
{
	shf_close_fd(&order->fds[0]);
	shf_close_fd(&order->fds[1]);
	worker->child = child;
	if (error < 0)
		shf_end_worker(worker);
	return error;
}

int shf_start_worker(const char *name, struct shf_worker *worker)
{
	struct shf_child child = SHF_NO_CHILD;
	struct shf_worker_order order;
	int rc = shf_prepare_worker(name, worker, &order);

	if (rc < 0)
		return rc;
	rc = shf_start_daemon(&order.daemon, &child);
	return shf_finish_worker(worker, &order, child, rc);
}

void shf_end_worker(struct shf_worker *worker)
{
	shf_close_fd(&worker->channel);
	/* init collects it, or whoever takes in orphans (PR_SET_CHILD_SUBREAPER): we, perhaps */
	shf_end_child(&worker->child);
	shf_close_fd(&worker->leash);
}

int shf_fail_early_end(const struct shf_worker *worker, struct shf_report *report)
{
	return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
			"cannot build the container: '%s' ended early; it must be of the version "
			"of the library",
			worker->name);
}

void shf_release_worker(struct shf_worker *worker)
{
	shf_close_fd(&worker->channel);
	shf_close_fd(&worker->child.pidfd);
	shf_close_fd(&worker->leash);
	worker->child = SHF_NO_CHILD;
}

void shf_dismiss_worker(struct shf_worker *worker)
{
	if (worker->child.pidfd >= 0)
		shf_sys_pidfd_send_signal(worker->child.pidfd, SIGKILL);
	shf_close_fd(&worker->channel);
}

/* ---- in the worker ---- */

bool shf_begin_worker(int argc, char *const *argv)
{
	static const char said[] = "this program is started by libshifter, not by hand\n";

	if (argc == 2 && strcmp(argv[1], start) == 0)
		return shf_take_leash();
	(void)!write(STDERR_FILENO, said, sizeof(said) - 1);
	return false;
}

bool shf_take_leash(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	struct pollfd pollfd = { .fd = SHF_WORKER_LEASH, .events = POLLIN };
	sigset_t none;
	int rc;

	sigemptyset(&none);
	/* SIGIO ends who does not handle it, also one that waits for a file system (signal(7)) */
	if (sigaction(SIGIO, &action, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
	    fcntl(SHF_WORKER_LEASH, F_SETOWN, getpid()) < 0 ||
	    fcntl(SHF_WORKER_LEASH, F_SETFL, O_ASYNC) < 0)
		return false;
	/* or is it over already? */
	do
		rc = poll(&pollfd, 1, 0);
	while (rc < 0 && errno == EINTR);
	return rc == 0;
}

bool shf_slip_leash(void)
{
	/* to close it is not enough: a child of another thread of the caller may have it, too */
	return fcntl(SHF_WORKER_LEASH, F_SETFL, 0) == 0 && close(SHF_WORKER_LEASH) == 0;
}
