/* SPDX-License-Identifier: BSD-3-Clause */
#include "extern_step.h"

#include "common/scope.h"
#include "context.h"
#include "extern_setup.h"
#include "facts.h"
#include "placement.h"
#include "private_tmp.h"
#include "record.h"

#include <shifter/shifter.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SIZE = 2048 };

static int place(int32_t pid, void *data)
{
	return shf_slurm_place(*(const uint32_t *)data, pid);
}

/*
 * A home out of reach is common, as on nodes without the user's file system, and
 * a job may do without ssh.  All else would surprise the user later.
 */
static const char *kind_of(int rc)
{
	return rc == -EACCES ? SHF_SLURM_WARNING : SHF_SLURM_ERROR;
}

static int start(uint32_t job, struct shifter_ctx *ctx, const struct shf_slurm_facts *facts)
{
	scope_container struct shifter_container *container = NULL;
	scope_free const char **environment = shf_slurm_facts_environment(facts, 0);
	struct shifter_sshd_spec spec;
	char id[SHF_SLURM_ID_SIZE];
	int rc;

	if (!environment)
		return -ENOMEM;
	shf_slurm_container_id(job, id);
	rc = shifter_open_container(ctx, id, &container);
	if (rc < 0)
		return rc;
	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.user_key = shf_slurm_facts_get(facts, SHF_SLURM_FACT_KEY);
	spec.principal = shf_slurm_facts_get(facts, SHF_SLURM_FACT_PRINCIPAL);
	spec.env = environment;
	spec.place = place;
	spec.place_data = &job;
	return shifter_start_user_sshd(container, &spec);
}

/*
 * Never freed: while it is there, the processes of ssh sessions descend from slurmstepd, which
 * is how proctrack/linuxproc knows them.  The step ends when the job does.
 */
static struct shifter_ctx *serving;

/* Returns 0, or a negative errno value with the reason in why. */
static int serve(uint32_t job, int record, const struct shf_slurm_args *args, char why[WHY_SIZE])
{
	scope_facts struct shf_slurm_facts facts = { NULL, 0 };
	scope_ctx struct shifter_ctx *ctx = NULL;
	int fault;
	int rc = shf_slurm_facts_read(record, &facts);

	if (rc < 0) {
		snprintf(why, WHY_SIZE, "cannot read the record of the job: %s", strerror(-rc));
		return rc;
	}
	rc = shf_slurm_attach_private_tmp(args, job, why, WHY_SIZE);
	if (rc == 0 && args->extern_setup)
		rc = shf_slurm_extern_setup(args, job, &facts, why, WHY_SIZE);
	if (rc < 0 || !shf_slurm_facts_get(&facts, SHF_SLURM_FACT_KEY))
		return rc;
	rc = shf_slurm_context(args, &ctx, why, WHY_SIZE, &fault);
	if (rc < 0)
		return rc;
	rc = start(job, ctx, &facts);
	if (rc == 0) {
		serving = ctx;
		ctx = NULL;
	}
	if (rc == -EACCES)
		snprintf(why, WHY_SIZE, "no ssh between the job's containers: %s",
			 shifter_get_error(ctx));
	else if (rc < 0)
		snprintf(why, WHY_SIZE, "%s",
			 rc == -ENOMEM ? "out of memory" : shifter_get_error(ctx));
	return rc;
}

int shf_slurm_extern_step(spank_t spank, const struct shf_slurm_args *args)
{
	char why[WHY_SIZE];
	scope_fd int record = -1;
	uint32_t job;
	int rc;

	if (spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS) {
		slurm_error("shifter: cannot start an sshd: "
			    "Slurm does not tell the extern step which job it is");
		return 0;
	}
	rc = shf_slurm_record_open(job, &record);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		slurm_error("shifter: job %u: cannot open the record of the job: %s",
			    (unsigned int)job, strerror(-rc));
		return 0;
	}
	rc = shf_slurm_record_write(record, SHF_SLURM_BEGUN, "", 0);
	if (rc == 0 && !shf_slurm_record_has(record, SHF_SLURM_ERROR)) {
		rc = serve(job, record, args, why);
		if (rc < 0) {
			slurm_error("shifter: job %u: %s", (unsigned int)job, why);
			rc = shf_slurm_record_say(record, kind_of(rc), why);
		}
	}
	if (rc == 0)
		rc = shf_slurm_record_write(record, SHF_SLURM_DONE, "", 0);
	/* Without "done" the tasks give up by themselves. */
	if (rc < 0 && rc != -ENOENT)
		slurm_error("shifter: job %u: cannot write the record of the job: %s",
			    (unsigned int)job, strerror(-rc));
	return 0;
}
