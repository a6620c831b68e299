/* SPDX-License-Identifier: BSD-3-Clause */
#include "prolog.h"

#include "common/account.h"
#include "common/scope.h"
#include "context.h"
#include "devices.h"
#include "facts.h"
#include "hosts.h"
#include "options.h"
#include "principal.h"
#include "private_tmp.h"
#include "record.h"
#include "slots.h"
#include "submit.h"

#include <shifter/shifter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 16 * 1024,
       WHY_SIZE = 2048 };

/* What a prolog works on. */
struct job {
	uint32_t id, uid;
	char container[SHF_SLURM_ID_SIZE];
	const char *image;
	const char *key; /* or NULL: no sshd */
	const char *nodes;
	int record; /* owned by the caller */
	struct shf_slurm_facts facts;
	char why[WHY_SIZE]; /* the reason of a failure */
	int fault;          /* SHIFTER_FAULT_*, who is to blame for it */
};

static int fail(struct job *job, int fault, int rc, const char *why)
{
	snprintf(job->why, sizeof(job->why), "%s", why);
	job->fault = fault;
	return rc;
}

static int fail_library(struct job *job, struct shifter_ctx *ctx, int rc)
{
	return fail(job, shifter_get_fault(ctx), rc, shifter_get_error(ctx));
}

/*
 * The variables of a job that its ssh sessions should know as its tasks do.  The
 * prolog is the only hook that has them on every node.
 */
static int add_environment(struct job *job)
{
	const char *request = getenv("SPANK_" SHF_SLURM_VAR_REQUEST);
	struct shf_slurm_facts *facts = &job->facts;
	static const struct {
		const char *name, *in_prolog;
	} variables[] = {
		{ "SLURM_CLUSTER_NAME", "SLURM_CLUSTER_NAME" },
		{ "SLURM_CONF", "SLURM_CONF" },
		{ "SLURM_JOBID", "SLURM_JOB_ID" },
		{ "SLURM_JOB_CPUS_PER_NODE", "SLURM_JOB_CPUS_PER_NODE" },
		{ "SLURM_JOB_GPUS", "SLURM_JOB_GPUS" },
		{ "SLURM_JOB_ID", "SLURM_JOB_ID" },
		{ "SLURM_JOB_NODELIST", "SLURM_JOB_NODELIST" },
		{ "SLURM_JOB_NODELIST", "SLURM_NODELIST" },
		{ "SLURM_JOB_NUM_NODES", "SLURM_JOB_NUM_NODES" },
		{ "SLURM_JOB_PARTITION", "SLURM_JOB_PARTITION" },
		{ "SLURM_JOB_UID", "SLURM_JOB_UID" },
		{ "SLURM_JOB_USER", "SLURM_JOB_USER" },
		{ "SLURM_NNODES", "SLURM_JOB_NUM_NODES" },
		{ "SLURM_NODELIST", "SLURM_NODELIST" },
		{ "SLURMD_NODENAME", "SLURMD_NODENAME" },
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i].in_prolog);

		if (!value || shf_slurm_facts_get(facts, variables[i].name))
			continue;
		if (shf_slurm_facts_add(facts, variables[i].name, value) < 0)
			return -ENOMEM;
	}
	if (shf_slurm_add_devices(facts) < 0 ||
	    shf_slurm_facts_add(facts, "SHIFTER_CONTAINER", job->container) < 0 ||
	    (request && shf_slurm_facts_add(facts, SHF_SLURM_VAR_REQUEST, request) < 0))
		return -ENOMEM;
	return shf_slurm_facts_add(facts, "SHIFTER_IMAGE", job->image);
}

/* Split "a;b" in place into a vector that ends in NULL. */
static int split_volumes(struct job *job, char *text, const char **vector)
{
	unsigned int n = 0;

	for (char *save = NULL, *v = strtok_r(text, ";", &save); v;
	     v = strtok_r(NULL, ";", &save)) {
		if (n == SHF_SLURM_VOLUMES_MAX)
			return fail(job, SHIFTER_FAULT_JOB, -EINVAL,
				    "cannot set up the container: the job has too many volumes");
		vector[n++] = v;
	}
	vector[n] = NULL;
	return 0;
}

static bool is_printable(const char *text, size_t max)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (n == max || text[n] < 0x20 || text[n] > 0x7e)
			return false;
	return n > 0;
}

/* What came from the submit host is the user's word: check it. */
static int add_key(struct job *job, const struct shf_slurm_args *args, struct shifter_ctx *ctx)
{
	const char *key = getenv("SPANK_" SHF_SLURM_VAR_KEY);
	const char *nonce = getenv("SPANK_" SHF_SLURM_VAR_NONCE);

	if (!args->enable_sshd)
		return 0;
	if (!key) {
		int rc = shf_slurm_record_say(job->record, SHF_SLURM_WARNING,
					      "no ssh between the job's containers: "
					      "no udiRoot key came with the job");

		if (rc < 0)
			return fail(job, SHIFTER_FAULT_NODE, rc,
				    "cannot write the record of the job");
		return 0;
	}
	if (!is_printable(key, KEY_MAX) || !nonce || strlen(nonce) != SHF_SLURM_NONCE_LENGTH ||
	    strspn(nonce, "0123456789abcdef") != SHF_SLURM_NONCE_LENGTH)
		return fail(job, SHIFTER_FAULT_JOB, -EINVAL,
			    "cannot use the udiRoot key that came with the job: it is malformed");
	if (shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_KEY, key) < 0 ||
	    shf_slurm_add_principal(&job->facts, job->id, nonce, ctx) < 0)
		return fail(job, SHIFTER_FAULT_NODE, -ENOMEM, "out of memory");
	job->key = key;
	return 0;
}

/* What later hooks must know of the configuration, which is root's to read here. */
static int add_settings(struct job *job, struct shifter_ctx *ctx)
{
	static const struct {
		const char *key, *fact;
	} settings[] = {
		{ "sshReadyTimeout", SHF_SLURM_FACT_TIMEOUT },
		{ "mpiLauncherSsh", SHF_SLURM_FACT_MPI_SSH },
		{ "sshdPortRange", SHF_SLURM_FACT_PORTS },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const char *value;
		int rc = shifter_get_setting(ctx, settings[i].key, &value);

		if (rc < 0)
			return fail_library(job, ctx, rc);
		if (shf_slurm_facts_add(&job->facts, settings[i].fact, value) < 0)
			return fail(job, SHIFTER_FAULT_NODE, -ENOMEM, "out of memory");
	}
	return 0;
}

static int add_hosts(struct job *job)
{
	const char *cpus = getenv("SLURM_JOB_CPUS_PER_NODE");
	const char *nodes = getenv("SLURM_JOB_NODELIST");
	const char *aliases = getenv("SLURM_NODE_ALIASES");
	scope_free char *slots = NULL;
	int rc;

	if (!nodes)
		nodes = getenv("SLURM_NODELIST");
	if (!nodes || !cpus)
		return fail(job, SHIFTER_FAULT_CALLER, -ENODATA,
			    "cannot list the hosts of the job: Slurm tells the prolog neither "
			    "SLURM_JOB_NODELIST nor SLURM_JOB_CPUS_PER_NODE");
	rc = shf_slurm_slots(cpus, getenv("SLURM_JOB_NTASKS"),
			     getenv("SPANK_" SHF_SLURM_VAR_CPUS), &slots);
	if (rc == -EINVAL)
		return fail(job, SHIFTER_FAULT_CALLER, rc,
			    "cannot count the slots of the job's hosts: "
			    "SLURM_JOB_CPUS_PER_NODE, SLURM_JOB_NTASKS or " SHF_SLURM_VAR_CPUS
			    " is malformed");
	if (rc < 0 || shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_NODES, nodes) < 0 ||
	    shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_SLOTS, slots) < 0 ||
	    (aliases && shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_ALIASES, aliases) < 0))
		return fail(job, SHIFTER_FAULT_NODE, -ENOMEM, "out of memory");
	return 0;
}

static int set_up(struct job *job, struct shifter_ctx *ctx, const struct shf_wlm_account *account,
		  struct shifter_container **out)
{
	const char *volumes = getenv("SPANK_" SHF_SLURM_VAR_VOLUMES);
	const char *writable = getenv("SPANK_" SHF_SLURM_VAR_WRITABLE);
	const char *vector[SHF_SLURM_VOLUMES_MAX + 1];
	struct shifter_container_spec spec;
	scope_free char *copy = NULL;
	int rc;

	copy = strdup(volumes ? volumes : "");
	if (!copy)
		return fail(job, SHIFTER_FAULT_NODE, -ENOMEM, "out of memory");
	if ((rc = split_volumes(job, copy, vector)) < 0)
		return rc;
	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.id = job->container;
	spec.image = job->image;
	spec.user = account->user;
	spec.home = account->home;
	spec.shell = *account->shell ? account->shell : NULL;
	spec.uid = job->uid;
	spec.gid = account->gid;
	spec.n_groups = account->n_groups;
	spec.groups = account->groups;
	spec.volumes = vector;
	/* What is there may be of a run before the job was requeued. */
	spec.flags = SHIFTER_SETUP_REPLACE | (job->key ? SHIFTER_SETUP_SSHD : 0);
	if (writable && strcmp(writable, "1") == 0)
		spec.flags |= SHIFTER_SETUP_WRITABLE;
	/*
	 * Slurm runs this hook in a process of its own.  If slurmd was killed
	 * meanwhile, the epilog may have come and gone already.
	 */
	spec.hook_pid = (int32_t)getpid();
	rc = shifter_setup_container(ctx, &spec, out);
	return rc < 0 ? fail_library(job, ctx, rc) : 0;
}

static int set_up_job(struct job *job, const struct shf_slurm_args *args)
{
	scope_account struct shf_wlm_account account = { .user = NULL };
	scope_container struct shifter_container *container = NULL;
	scope_ctx struct shifter_ctx *ctx = NULL;
	char namespace[64];
	bool is_gone;
	int rc;

	rc = shf_slurm_context(args, &ctx, job->why, sizeof(job->why), &job->fault);
	if (rc < 0)
		return rc;
	rc = shf_wlm_account_load(job->uid, &account, job->why, sizeof(job->why));
	if (rc < 0) {
		job->fault = SHIFTER_FAULT_NODE;
		return rc;
	}
	if ((rc = add_key(job, args, ctx)) < 0 || (rc = add_settings(job, ctx)) < 0 ||
	    (rc = add_hosts(job)) < 0)
		return rc;
	shf_slurm_namespace(namespace);
	if (add_environment(job) < 0 ||
	    shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_NAMESPACE, namespace) < 0 ||
	    (args->extern_setup &&
	     shf_slurm_facts_add(&job->facts, SHF_SLURM_FACT_SETUP, args->extern_setup) < 0))
		return fail(job, SHIFTER_FAULT_NODE, -ENOMEM, "out of memory");
	if ((rc = set_up(job, ctx, &account, &container)) < 0)
		return rc;
	rc = shf_slurm_write_hosts(container,
				   shf_slurm_facts_get(&job->facts, SHF_SLURM_FACT_NODES),
				   shf_slurm_facts_get(&job->facts, SHF_SLURM_FACT_SLOTS),
				   shf_slurm_facts_get(&job->facts, SHF_SLURM_FACT_ALIASES));
	is_gone = rc == -ESTALE;
	if (rc < 0) {
		(void)fail_library(job, ctx, rc);
	} else if ((rc = shf_slurm_facts_write(job->record, &job->facts)) < 0) {
		is_gone = rc == -ENOENT;
		(void)fail(job, is_gone ? SHIFTER_FAULT_JOB : SHIFTER_FAULT_NODE, rc,
			   "cannot write the record of the job");
	}
	/*
	 * Torn down meanwhile, or the record gone: the epilog has come, and what is
	 * there now may belong to the job's next run.
	 */
	if (is_gone)
		return -ECANCELED;
	if (rc < 0 && shifter_teardown(ctx, job->container) < 0)
		slurm_error("shifter: job %u: %s", (unsigned int)job->id, shifter_get_error(ctx));
	return rc;
}

/*
 * 0 lets the job start and fail by itself, with the sentence.  -1 would have Slurm drain the
 * node, as it deserves if it is ill, but also hold the job without a word to its user: so that
 * is left to the epilog.
 */
static int report(struct job *job)
{
	int rc = 0;

	slurm_error("shifter: job %u: %s", (unsigned int)job->id, job->why);
	if (job->fault == SHIFTER_FAULT_NODE)
		rc = shf_slurm_record_write(job->record, SHF_SLURM_ILL, "", 0);
	if (rc == 0)
		rc = shf_slurm_record_say(job->record, SHF_SLURM_ERROR, job->why);
	/* The epilog overtook this prolog: nobody is left to tell. */
	if (rc == 0 || rc == -ENOENT)
		return 0;
	slurm_error("shifter: job %u: cannot write the record of the job: %s",
		    (unsigned int)job->id, strerror(-rc));
	return -1;
}

int shf_slurm_prolog(spank_t spank, const struct shf_slurm_args *args)
{
	scope_fd int record = -1;
	struct job job;
	int rc;

	memset(&job, 0, sizeof(job));
	job.image = getenv("SPANK_" SHF_SLURM_VAR_IMAGE);
	if (!job.image)
		return 0;
	if (spank_get_item(spank, S_JOB_ID, &job.id) != ESPANK_SUCCESS ||
	    spank_get_item(spank, S_JOB_UID, &job.uid) != ESPANK_SUCCESS) {
		slurm_error("shifter: cannot set up a container: "
			    "Slurm does not tell the prolog whose job it is");
		return -1;
	}
	shf_slurm_container_id(job.id, job.container);
	rc = shf_slurm_record_create(job.id, &record);
	if (rc == -ECANCELED) {
		slurm_error("shifter: job %u: this prolog is left from an earlier run of the job",
			    (unsigned int)job.id);
		return 0;
	}
	if (rc < 0) {
		slurm_error("shifter: job %u: cannot make a record below '%s-slurm': %s",
			    (unsigned int)job.id, SHF_RUN_DIR, strerror(-rc));
		return -1;
	}
	job.record = record;
	rc = set_up_job(&job, args);
	shf_slurm_facts_free(&job.facts);
	if (rc == -ECANCELED) {
		/* Nobody is left to tell. */
		slurm_error("shifter: job %u: %s", (unsigned int)job.id, job.why);
		rc = shf_slurm_record_abandon(job.id, record);
		if (rc < 0)
			slurm_error("shifter: job %u: cannot remove the record of the job: %s",
				    (unsigned int)job.id, strerror(-rc));
		return 0;
	}
	return rc < 0 ? report(&job) : 0;
}

/* A job that had no container costs its epilog no more than a look. */
static bool has_record(uint32_t job, bool *is_ill)
{
	scope_fd int record = -1;
	int rc = shf_slurm_record_open(job, &record);

	*is_ill = rc == 0 && shf_slurm_record_has(record, SHF_SLURM_ILL);
	return rc != -ENOENT;
}

int shf_slurm_epilog(spank_t spank, const struct shf_slurm_args *args)
{
	char container[SHF_SLURM_ID_SIZE], why[WHY_SIZE];
	scope_ctx struct shifter_ctx *ctx = NULL;
	bool is_ill;
	uint32_t job;
	int fault, rc;

	if (spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS) {
		slurm_error("shifter: cannot tear a container down: "
			    "Slurm does not tell the epilog which job it is");
		return -1;
	}
	shf_slurm_container_id(job, container);
	rc = has_record(job, &is_ill) ? shf_slurm_context(args, &ctx, why, sizeof(why), &fault) : 0;
	if (rc < 0)
		slurm_error("shifter: job %u: %s; using defaults", (unsigned int)job, why);
	if (!ctx && shf_slurm_bare_context(&ctx) < 0) {
		slurm_error("shifter: job %u: out of memory", (unsigned int)job);
		return -1;
	}
	/*
	 * The record goes first: a prolog that still runs must not find a place for
	 * what it learns any more.
	 */
	rc = shf_slurm_record_remove(job);
	if (rc < 0)
		slurm_error("shifter: job %u: cannot remove the record of the job: %s",
			    (unsigned int)job, strerror(-rc));
	rc = shifter_teardown(ctx, container);
	if (rc < 0)
		slurm_error("shifter: job %u: %s", (unsigned int)job, shifter_get_error(ctx));
	if (is_ill)
		slurm_error("shifter: job %u: this epilog fails to have the node drained, which "
			    "could not set the job's container up",
			    (unsigned int)job);
	return is_ill || rc == -ETIMEDOUT || shifter_get_fault(ctx) == SHIFTER_FAULT_NODE ? -1 : 0;
}
