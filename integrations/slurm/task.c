/* SPDX-License-Identifier: BSD-3-Clause */
#include "task.h"

#include "barrier.h"
#include "common/scope.h"
#include "context.h"
#include "facts.h"
#include "hosts.h"
#include "private_tmp.h"
#include "record.h"
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

/* Copy a sentence of the record; nothing if there is none.  There may have been no room for it. */
static void take_sentence(int record, const char *name, char out[WHY_SIZE])
{
	static const char no_room[] = "this node is ill: it has no room to keep what went wrong, "
				      "which is in the log of its slurmd";
	scope_free char *sentence = NULL;
	int rc = shf_slurm_record_read(record, name, &sentence, NULL);

	if (rc == 0)
		snprintf(out, WHY_SIZE, "%s", *sentence ? sentence : no_room);
	else if (rc != -ENOENT)
		snprintf(out, WHY_SIZE, "cannot read the record of the job: %s", strerror(-rc));
}

/* A task runs in another mount namespace than the prolog where the job has a /tmp of its own. */
static bool has_private_tmp(const struct shf_slurm_facts *facts)
{
	const char *of_prolog = shf_slurm_facts_get(facts, SHF_SLURM_FACT_NAMESPACE);
	char own[64];

	shf_slurm_namespace(own);
	return of_prolog && *of_prolog && *own && strcmp(of_prolog, own) != 0;
}

/*
 * What the extern step does while the job's first step may start already.  Without such a
 * step a job can do without ssh, but not without the rest.
 */
static void await_extern_step(int record, const struct shf_slurm_facts *facts)
{
	static const char none[] = "Slurm started no extern step on this node, which "
				   "PrologFlags=Contain in slurm.conf makes it do";
	const char *setup = shf_slurm_facts_get(facts, SHF_SLURM_FACT_SETUP);
	bool has_key = shf_slurm_facts_get(facts, SHF_SLURM_FACT_KEY) != NULL;
	bool is_private = has_private_tmp(facts);

	if (!has_key && !setup && !is_private)
		return;
	if (await(record, SHF_SLURM_BEGUN, BEGIN_S)) {
		if (!await(record, SHF_SLURM_DONE, END_S))
			snprintf(task.error, sizeof(task.error),
				 "cannot start the job: the extern step did not end its work in "
				 "%d seconds",
				 END_S);
	} else if (setup) {
		snprintf(task.error, sizeof(task.error),
			 "cannot run '%s', the site's extern_setup: %s", setup, none);
	} else if (is_private) {
		snprintf(task.error, sizeof(task.error),
			 "cannot give the container the job's own /tmp and /dev/shm: %s", none);
	} else {
		snprintf(task.warning, sizeof(task.warning),
			 "no ssh between the job's containers: %s", none);
	}
}

/* The batch step and the interactive one run once per job, on its first node. */
static bool is_own_step(uint32_t step)
{
	return step == SLURM_BATCH_SCRIPT || step == SLURM_INTERACTIVE_STEP;
}

/* A job without such a step has its first one do what must be done once per job. */
static bool is_first_task(spank_t spank)
{
	uint32_t step, node = 0;
	char value[8];
	int local = 0;

	if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS ||
	    spank_get_item(spank, S_TASK_ID, &local) != ESPANK_SUCCESS || local != 0)
		return false;
	if (is_own_step(step))
		return true;
	return step == 0 && spank_get_item(spank, S_JOB_NODEID, &node) == ESPANK_SUCCESS &&
	       node == 0 &&
	       spank_getenv(spank, ready_variable, value, sizeof(value)) == ESPANK_ENV_NOEXIST;
}

/*
 * What the hosts of the job really are is known only here; the prolog had to work it out.
 * All components of a heterogeneous job are named, and how many tasks the user wants per
 * node.  Returns 1 and two strings to free(), 0 if the prolog was right, or -ENOMEM.
 */
static int better_hosts(spank_t spank, const struct shf_slurm_facts *facts, char **nodes,
			char **slots)
{
	const char *known_nodes = shf_slurm_facts_get(facts, SHF_SLURM_FACT_NODES);
	const char *known_slots = shf_slurm_facts_get(facts, SHF_SLURM_FACT_SLOTS);
	const char *ports = shf_slurm_facts_get(facts, SHF_SLURM_FACT_PORTS);
	const char *tasks;
	char **environment;
	int rc;

	if (spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS || !known_nodes ||
	    !known_slots)
		return 0;
	/* With a range of ports each component, a job of its own, has another one. */
	if (ports && !*ports) {
		rc = shf_slurm_join_components(environment, nodes, slots);
		if (rc != 0)
			return rc;
	}
	tasks = shf_slurm_variable(environment, "SLURM_TASKS_PER_NODE");
	if (!tasks || strcmp(tasks, known_slots) == 0)
		return 0;
	*nodes = strdup(known_nodes);
	*slots = strdup(tasks);
	return *nodes && *slots ? 1 : -ENOMEM;
}

static void correct_hosts(spank_t spank, const struct shf_slurm_args *args,
			  const struct shf_slurm_facts *facts)
{
	const char *aliases = shf_slurm_facts_get(facts, SHF_SLURM_FACT_ALIASES);
	scope_container struct shifter_container *container = NULL;
	scope_ctx struct shifter_ctx *ctx = NULL;
	scope_free char *nodes = NULL;
	scope_free char *slots = NULL;
	char why[WHY_SIZE];
	uint32_t step;
	int fault, rc;

	/* In other steps the variables speak of the step. */
	if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS || !is_own_step(step))
		return;
	rc = better_hosts(spank, facts, &nodes, &slots);
	if (rc == 0)
		return;
	if (rc < 0) {
		snprintf(why, sizeof(why), "%s", strerror(-rc));
	} else if (shf_slurm_context(args, &ctx, why, sizeof(why), &fault) == 0) {
		if (shifter_open_container(ctx, task.container, &container) == 0 &&
		    shf_slurm_write_hosts(container, nodes, slots, aliases) == 0)
			return;
		snprintf(why, sizeof(why), "%s", shifter_get_error(ctx));
	}
	if (*task.warning)
		return;
	snprintf(task.warning, sizeof(task.warning),
		 "the hostsfile counts the CPUs of the job's own hosts instead of its tasks: "
		 "%.3000s",
		 why);
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

/*
 * A PMIx server of Slurm shares its data in memory mapped from files of the node, and tells so
 * on standard error where a task does not find them, as in a container.  It has them by message,
 * too.
 */
static void set_pmix(spank_t spank)
{
	uint32_t step;
	char value[8];

	if (spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS && !is_own_step(step) &&
	    spank_getenv(spank, "PMIX_MCA_gds", value, sizeof(value)) == ESPANK_ENV_NOEXIST)
		(void)set_variable(spank, "PMIX_MCA_gds", "hash");
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
	await_extern_step(record, &facts);
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
	set_pmix(spank);
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
