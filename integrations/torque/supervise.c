/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervise.h"

#include "adopt.h"
#include "common/scope.h"
#include "complain.h"
#include "mom.h"
#include "setup.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	POLL_MS = 100,
	LOOK_MS = 500,
	GONE_MS = 2000, /* pbs_mom rewrites the file by removing it first */
	ADOPT_MS = 2000,
	/* the first node has the file before its prologue; the others get it after theirs */
	FIRST_FILE_MS = 10000,
	FILE_MS = 120000,
	LOCK_MS = 60000,
	TRIES = 6,
	PAUSE_MS = 10000,
};

struct supervisor {
	const struct shf_torque_hook *hook;
	const char *generation;
	int report; /* -1 when it is made */
	struct shf_torque_job job;
};

static bool is_current(const struct supervisor *s)
{
	return shf_torque_record_is_current(s->hook->key, s->generation);
}

int shf_torque_end_generation(const struct shf_torque_hook *hook, const char *generation)
{
	scope_record struct shf_torque_record record = SHF_TORQUE_NO_RECORD;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char why[SHF_TORQUE_WHY_SIZE];
	int rc;

	rc = shf_torque_record_lock(hook->key, false, shf_torque_now_ms() + LOCK_MS, &record);
	if (rc == -ENOENT || (rc == 0 && !shf_torque_record_holds(&record, generation)))
		return 0;
	if (rc < 0) {
		shf_torque_error("cannot lock the record of the job: %s", strerror(-rc));
		return rc;
	}
	rc = shf_torque_context(false, &ctx, why);
	if (rc < 0) {
		shf_torque_error("%s", why);
		return rc;
	}
	for (int i = 0; (rc = shifter_teardown(ctx, hook->container)) < 0; i++) {
		shf_torque_error("%s", shifter_get_error(ctx));
		if (i == TRIES)
			break;
		poll(NULL, 0, PAUSE_MS);
	}
	/* what could not be ended is for shifterctl gc now */
	if (shf_torque_record_remove(&record) < 0)
		shf_torque_error("cannot remove the record of the job");
	return rc;
}

/* ---- the report ---- */

static void make_report(struct supervisor *s, enum shf_torque_outcome outcome, const char *text)
{
	struct shf_torque_report report = { .outcome = outcome };

	snprintf(report.text, sizeof(report.text), "%s", text);
	/* shorter than PIPE_BUF: all of it or nothing; a prologue that was killed reads none */
	if (s->hook->is_first && write(s->report, &report, sizeof(report)) != sizeof(report))
		shf_torque_note("nobody takes the report: %s", text);
	shf_wlm_close(&s->report);
}

_Static_assert(sizeof(struct shf_torque_report) <= 4096, "longer than PIPE_BUF");

int shf_torque_take_report(int fd, int64_t deadline_ms, struct shf_torque_report *report)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left = deadline_ms - shf_torque_now_ms();
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(fd, report, sizeof(*report));
		if (n == (ssize_t)sizeof(*report))
			return 0;
		if (n >= 0)
			return -EPIPE;
		if (errno != EINTR)
			return -errno;
	}
}

/* ---- what a supervisor does ---- */

/* Returns 0; -ENODATA: the job wants nothing of us; -ECANCELED; or with a reason. */
static int await_job_file(struct supervisor *s)
{
	int64_t deadline = shf_torque_now_ms() + (s->hook->is_first ? FIRST_FILE_MS : FILE_MS);
	int rc;

	while ((rc = shf_torque_read_job_file(s->hook->job_file, &s->job.file)) == -ENOENT) {
		if (!is_current(s))
			return -ECANCELED;
		/* the job did not come to this node after all */
		if (shf_torque_now_ms() >= deadline)
			break;
		poll(NULL, 0, POLL_MS);
	}
	if (rc == -ENOENT && !s->hook->is_first)
		return -ECANCELED;
	if (rc < 0 && rc != -ENODATA)
		snprintf(s->job.why, sizeof(s->job.why), "cannot read the job file '%.1900s': %s",
			 s->hook->job_file,
			 rc == -EINVAL ? "it has an unknown form" : strerror(-rc));
	return rc;
}

static void tell(struct supervisor *s, const char *text)
{
	shf_torque_error("%s", text);
	/* on the first node it is the prologue that tells the user */
	if (!s->hook->is_first)
		shf_torque_complain(s->hook, text);
}

/* Returns whether there is something to look after. */
static bool set_up(struct supervisor *s)
{
	int rc = await_job_file(s);

	if (rc == 0)
		rc = shf_torque_set_up(&s->job);
	if (rc == -ENODATA) {
		make_report(s, SHF_TORQUE_NO_CONTAINER, "");
		return false;
	}
	if (rc == -ECANCELED || (rc < 0 && !is_current(s))) {
		make_report(s, SHF_TORQUE_OVERTAKEN, s->job.why);
		return false;
	}
	if (rc < 0) {
		tell(s, s->job.why);
		make_report(s, SHF_TORQUE_FAILED, s->job.why);
		return false;
	}
	if (*s->job.warning)
		tell(s, s->job.warning);
	make_report(s, s->job.has_ssh ? SHF_TORQUE_READY : SHF_TORQUE_WITHOUT_SSH, s->job.warning);
	return true;
}

/* Until the job is over, or not ours any more. */
static void look_after(struct supervisor *s)
{
	struct shf_torque_sessions known = { NULL, 0 };
	bool adopts = s->job.has_ssh && shf_torque_can_adopt();
	int64_t seen_ms = shf_torque_now_ms(), adopted_ms = 0, now;

	if (s->job.has_ssh && !adopts)
		shf_torque_note("sessions by ssh are in no accounting: there is no libtorque");
	for (;;) {
		now = shf_torque_now_ms();
		if (!is_current(s))
			break;
		if (shf_torque_has_job_file(s->hook->job_file))
			seen_ms = now;
		else if (now - seen_ms >= GONE_MS)
			break;
		if (adopts && now - adopted_ms >= ADOPT_MS) {
			shf_torque_adopt_sessions(s->hook->job_id, &s->job.account,
						  shifter_get_sshd_pid(s->job.container), &known);
			adopted_ms = now;
		}
		poll(NULL, 0, LOOK_MS);
	}
	shf_torque_sessions_free(&known);
}

static _Noreturn void supervise(const struct shf_torque_hook *hook, const char *generation,
				int report)
{
	struct supervisor s = { .hook = hook,
				.generation = generation,
				.report = report,
				.job = { .hook = hook } };
	int null;

	/* pbs_mom ends prologues by their session */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (setsid() < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	close(null);
	prctl(PR_SET_NAME, "shifter-torque", 0, 0, 0);
	if (set_up(&s))
		look_after(&s);
	(void)shf_torque_end_generation(hook, generation);
	shf_torque_job_free(&s.job);
	_exit(0);
}

int shf_torque_start_supervisor(const struct shf_torque_hook *hook, const char *generation,
				struct shf_torque_record *record, int *out)
{
	scope_fd int reader = -1;
	scope_fd int writer = -1;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(reader);
		shf_torque_record_forget(record);
		supervise(hook, generation, writer);
	}
	*out = reader;
	reader = -1;
	return 0;
}
