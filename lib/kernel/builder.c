/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/builder.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/build_walk.h"
#include "kernel/message.h"
#include "model/flat_plan.h"

#include <sys/mman.h>
#include <unistd.h>

#define PROGRAM "shifter-builder"

/*
 * In a user namespace whose only user is not root, what one may do goes with an exec
 * (capabilities(7)): there it has to be a copy of the caller.
 */
static int fork_builder(struct shf_worker *worker)
{
	struct shf_child child = SHF_NO_CHILD;
	struct shf_worker_order order;
	int rc = shf_prepare_worker(PROGRAM, worker, &order);

	if (rc < 0)
		return rc;
	rc = shf_fork(&child);
	if (rc < 1)
		return shf_finish_worker(worker, &order, child, rc);
	if (shf_lift_fds(order.fds, 2) < 0 || shf_null_stdio() < 0 ||
	    shf_arrange_fds(order.fds, 2, SHF_WORKER_CHANNEL) < 0 || !shf_take_leash())
		_exit(125);
	_exit(shf_serve_build(SHF_WORKER_CHANNEL) ? 0 : 1);
}

static int send_plan(int channel, const struct shf_text *flat)
{
	cleanup_fd int file = memfd_create("shifter-plan", MFD_CLOEXEC);
	uint64_t size = flat->length;
	int rc;

	if (file < 0)
		return -errno;
	rc = shf_write_all(file, flat->data, flat->length);
	return rc < 0 ? rc : shf_send(channel, &size, sizeof(size), &file, 1);
}

static int send_slots(int channel, const struct shf_flat_plan *flat, const int *slots)
{
	const uint32_t *given = shf_get_given_slots(flat);
	uint32_t sent = 0;
	int rc = 0;

	while (rc == 0 && sent < flat->n_given) {
		int fds[SHF_MESSAGE_FDS];
		size_t n_fds = 0;

		while (n_fds < SHF_MESSAGE_FDS && sent < flat->n_given)
			fds[n_fds++] = slots[given[sent++]];
		rc = shf_send(channel, "s", 1, fds, n_fds);
	}
	return rc;
}

static int give(const struct shf_plan *plan, const int *slots, const struct shf_identity *reader,
		int channel)
{
	cleanup_text struct shf_text flat = { 0 };
	int rc;

	shf_flatten_plan(plan, slots, reader ? reader->uid : 0, reader ? reader->gid : 0,
			 reader ? reader->groups : NULL, reader ? reader->n_groups : 0, &flat);
	if (flat.failed)
		return -ENOMEM;
	rc = send_plan(channel, &flat);
	if (rc == 0)
		rc = send_slots(channel, (const struct shf_flat_plan *)(const void *)flat.data,
				slots);
	/* it has gone: whoever asks for the answer says so */
	return rc == -EPIPE || rc == -ECONNRESET ? 0 : rc;
}

int shf_start_build(const struct shf_plan *plan, const int *slots,
		    const struct shf_identity *reader, int timeout_ms, struct shf_build *build,
		    struct shf_report *report)
{
	int rc = 0;

	if (build->worker.channel < 0)
		rc = geteuid() == 0 ? shf_start_worker(PROGRAM, &build->worker)
				    : fork_builder(&build->worker);
	if (rc < 0)
		return shf_fail_errno(report,
				      rc == -ENOENT ? SHIFTER_FAULT_SITE : SHIFTER_FAULT_NODE, -rc,
				      "cannot start '" PROGRAM "' of the library");
	build->plan = plan;
	build->timeout_ms = timeout_ms;
	build->deadline_ms = shf_now_ms() + timeout_ms;
	rc = give(plan, slots, reader, build->worker.channel);
	if (rc < 0) {
		shf_end_build(build);
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot say how to build the container");
	}
	return 0;
}

int shf_finish_build(struct shf_build *build, struct shf_report *report)
{
	cleanup_fd int namespace = -1;
	struct shf_build_answer answer;
	size_t n_fds = 1;
	ssize_t n;

	n = shf_receive(build->worker.channel, &answer, sizeof(answer), &namespace, &n_fds,
			build->deadline_ms);
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot build the container: a file system did not answer within "
				"%d s",
				build->timeout_ms / 1000);
	if (n != (ssize_t)sizeof(answer))
		return shf_fail_early_end(&build->worker, report);
	if (answer.error)
		return shf_plan_explain(build->plan, answer.step, answer.error, answer.detail,
					report);
	if (n_fds != 1)
		return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
				"cannot build the container: it has no namespace");
	return steal_fd(&namespace);
}

void shf_end_build(struct shf_build *build)
{
	shf_end_worker(&build->worker);
}
