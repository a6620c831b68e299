/* SPDX-License-Identifier: BSD-3-Clause */
#include "task.h"

#include "barrier.h"
#include "context.h"
#include "facts.h"
#include "hosts.h"
#include "record.h"
#include "scope.h"
#include "submit.h"

#include <poll.h>
#include <shifter/shifter.h>
#include <slurm/slurm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	POLL_MS = 10,
	BEGIN_S = 10, /* Slurm starts the extern step right after the prolog */
	END_S = 60,   /* shifter_start_user_sshd() has a shorter deadline */
	WHY_SIZE = 4096
};

/* Set in the environment of the first step, for the steps that it starts. */
static const char ready_variable[] = "SHIFTER_READY";

/*
 * Passed from the privileged to the unprivileged hook of a task.  Slurm offers
 * no other way, and each task is a process of its own.
 */
static struct {
	bool has_container;
	bool is_first;   /* speaks for the job */
	bool is_serving; /* ssh works on this node */
	int timeout_s;   /* for the barrier */
	char container[SHF_SLURM_ID_SIZE];
	char error[WHY_SIZE];
	char warning[WHY_SIZE];
} task;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for a file of the record, or for a failure. */
static bool await(int record, const char *name, int seconds)
{
	int64_t deadline = now_ms() + (int64_t)seconds * 1000;

	while (!shf_slurm_record_has(record, name)) {
		if (shf_slurm_record_has(record, SHF_SLURM_ERROR))
			return true;
		if (now_ms() >= deadline)
			return shf_slurm_record_has(record, name);
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

/* Copy a sentence of the record; nothing if there is none. */
static void take_sentence(int record, const char *name, char out[WHY_SIZE])
{
	scope_free char *sentence = NULL;
	int rc = shf_slurm_record_read(record, name, &sentence, NULL);

	if (rc == 0)
		snprintf(out, WHY_SIZE, "%s", sentence);
	else if (rc != -ENOENT)
		snprintf(out, WHY_SIZE, "cannot read the record of the job: %s", strerror(-rc));
}

/* The extern step starts sshd while the job's first step may start already. */
static void await_sshd(int record)
{
	if (!await(record, SHF_SLURM_BEGUN, BEGIN_S))
		snprintf(task.warning, sizeof(task.warning),
			 "no ssh between the job's containers: Slurm started no extern step on "
			 "this node, which PrologFlags=Contain in slurm.conf makes it do");
	else if (!await(record, SHF_SLURM_DONE, END_S))
		snprintf(task.error, sizeof(task.error),
			 "cannot start the job's sshd: the extern step did not end its work in "
			 "%d seconds",
			 END_S);
}

/*
 * The batch step and the interactive one run once per job, on its first node.  A
 * job without them has its first step do what must be done once per job.
 */
static bool is_first_task(spank_t spank)
{
	uint32_t step, node = 0;
	char value[8];
	int local = 0;

	if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS ||
	    spank_get_item(spank, S_TASK_ID, &local) != ESPANK_SUCCESS || local != 0)
		return false;
	if (step == SLURM_BATCH_SCRIPT || step == SLURM_INTERACTIVE_STEP)
		return true;
	return step == 0 && spank_get_item(spank, S_JOB_NODEID, &node) == ESPANK_SUCCESS &&
	       node == 0 &&
	       spank_getenv(spank, ready_variable, value, sizeof(value)) == ESPANK_ENV_NOEXIST;
}

static const char *job_variable(spank_t spank, const char *name)
{
	size_t length = strlen(name);
	char **environment;

	if (spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS || !environment)
		return NULL;
	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/*
 * How many tasks the user wants per node is exactly known only here; the prolog
 * had to work it out.  Where it was right nothing is to be done.
 */
static void correct_hosts(spank_t spank, const struct shf_slurm_args *args,
			  const struct shf_slurm_facts *facts)
{
	const char *nodes = shf_slurm_facts_get(facts, SHF_SLURM_FACT_NODES);
	const char *slots = shf_slurm_facts_get(facts, SHF_SLURM_FACT_SLOTS);
	const char *aliases = shf_slurm_facts_get(facts, SHF_SLURM_FACT_ALIASES);
	const char *tasks = job_variable(spank, "SLURM_TASKS_PER_NODE");
	scope_container struct shifter_container *container = NULL;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char why[WHY_SIZE];
	uint32_t step;
	int fault;

	/* In other steps the variable speaks of the step. */
	if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS ||
	    (step != SLURM_BATCH_SCRIPT && step != SLURM_INTERACTIVE_STEP))
		return;
	if (!nodes || !slots || !tasks || strcmp(tasks, slots) == 0)
		return;
	if (shf_slurm_context(args, &ctx, why, sizeof(why), &fault) == 0) {
		if (shifter_open_container(ctx, task.container, &container) == 0 &&
		    shf_slurm_write_hosts(container, nodes, tasks, aliases) == 0)
			return;
		snprintf(why, sizeof(why), "%s", shifter_get_error(ctx));
	}
	if (*task.warning)
		return;
	snprintf(task.warning, sizeof(task.warning),
		 "the hostsfile counts the CPUs of the hosts instead of the tasks: %.3000s", why);
}

static int set_variable(spank_t spank, const char *name, const char *value)
{
	spank_err_t rc = spank_setenv(spank, name, value, 1);

	if (rc == ESPANK_SUCCESS)
		return 0;
	snprintf(task.error, sizeof(task.error), "cannot set %s in the job's environment: %s",
		 name, spank_strerror(rc));
	return -1;
}

static void prepare(spank_t spank, const struct shf_slurm_args *args, int record)
{
	scope_facts struct shf_slurm_facts facts = { NULL, 0 };
	const char *image, *request, *timeout, *mpi_ssh;
	bool has_key;
	int rc;

	take_sentence(record, SHF_SLURM_ERROR, task.error);
	if (*task.error)
		return;
	rc = shf_slurm_facts_read(record, &facts);
	if (rc < 0) {
		snprintf(task.error, sizeof(task.error), "cannot read the record of the job: %s",
			 strerror(-rc));
		return;
	}
	has_key = shf_slurm_facts_get(&facts, SHF_SLURM_FACT_KEY) != NULL;
	if (has_key)
		await_sshd(record);
	if (!*task.error)
		take_sentence(record, SHF_SLURM_ERROR, task.error);
	if (*task.error)
		return;
	if (!*task.warning)
		take_sentence(record, SHF_SLURM_WARNING, task.warning);
	task.is_serving = has_key && !*task.warning;
	timeout = shf_slurm_facts_get(&facts, SHF_SLURM_FACT_TIMEOUT);
	task.timeout_s = timeout ? atoi(timeout) : 0;
	mpi_ssh = shf_slurm_facts_get(&facts, SHF_SLURM_FACT_MPI_SSH);
	if (mpi_ssh && strcmp(mpi_ssh, "false") == 0 &&
	    set_variable(spank, "SHIFTER_MPI_SSH", "0") < 0)
		return;
	image = shf_slurm_facts_get(&facts, "SHIFTER_IMAGE");
	request = shf_slurm_facts_get(&facts, SHF_SLURM_VAR_REQUEST);
	if (request && set_variable(spank, SHF_SLURM_VAR_REQUEST, request) < 0)
		return;
	if (set_variable(spank, "SHIFTER_CONTAINER", task.container) < 0 ||
	    (image && set_variable(spank, "SHIFTER_IMAGE", image) < 0))
		return;
	if (!task.is_first)
		return;
	correct_hosts(spank, args, &facts);
	(void)set_variable(spank, ready_variable, "1");
}

int shf_slurm_task_privileged(spank_t spank, const struct shf_slurm_args *args)
{
	scope_fd int record = -1;
	uint32_t job;
	int rc;

	memset(&task, 0, sizeof(task));
	if (spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS) {
		slurm_error("shifter: cannot prepare a task: Slurm does not tell whose it is");
		return -1;
	}
	rc = shf_slurm_record_open(job, &record);
	if (rc == -ENOENT)
		return 0;
	task.has_container = true;
	task.is_first = is_first_task(spank);
	shf_slurm_container_id(job, task.container);
	if (rc < 0)
		snprintf(task.error, sizeof(task.error), "cannot open the record of the job: %s",
			 strerror(-rc));
	else
		prepare(spank, args, record);
	return 0;
}

/*
 * Slurm would add three lines of its own to what we say if a hook failed, and
 * with "optional" in plugstack.conf it would run the task all the same.
 */
static _Noreturn void end_task(void)
{
	_exit(1);
}

int shf_slurm_task_user(spank_t spank)
{
	int local = 0;

	if (!task.has_container)
		return 0;
	if (*task.error) {
		if (spank_get_item(spank, S_TASK_ID, &local) != ESPANK_SUCCESS || local == 0)
			slurm_error("shifter: %s", task.error);
		end_task();
	}
	if (!task.is_first)
		return 0;
	if (*task.warning)
		slurm_spank_log("shifter: warning: %s", task.warning);
	if (task.is_serving && shf_slurm_barrier(task.container, task.timeout_s) < 0)
		end_task();
	return 0;
}
