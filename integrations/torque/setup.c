/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup.h"

#include "common/scope.h"
#include "environment.h"
#include "node.h"
#include "user.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { PRINCIPAL_SIZE = 200 };

static int fail(struct shf_torque_job *job, int rc, const char *why)
{
	snprintf(job->why, sizeof(job->why), "%s", why);
	return rc;
}

static int fail_library(struct shf_torque_job *job, int rc)
{
	return fail(job, rc, shifter_get_error(job->ctx));
}

static void do_without_ssh(struct shf_torque_job *job, const char *reason)
{
	snprintf(job->warning, sizeof(job->warning), "no ssh between the job's containers: %.1900s",
		 reason);
}

/* ---- whose node is it? ---- */

/*
 * On a node that other jobs use, too, all sshds want the same port, unless the site has
 * more of them.  Where nobody knows, the port itself will tell.
 */
static bool must_do_without_ssh(struct shf_torque_job *job)
{
	const char *ports, *exclusive = job->file.node_exclusive;
	char node[256], why[512];
	struct utsname self;
	int rc;

	if (shifter_get_setting(job->ctx, "sshdPortRange", &ports) < 0 || *ports)
		return false;
	if ((exclusive && strcmp(exclusive, "true") == 0) || !job->file.exec_host)
		return false;
	if (uname(&self) < 0)
		return false;
	rc = shf_torque_find_self(job->file.exec_host, self.nodename, node, sizeof(node));
	if (rc < 0) {
		shf_torque_note("cannot tell whether the node is shared: '%s' is not in exec_host",
				self.nodename);
		return false;
	}
	switch (shf_torque_ask_node(node, job->hook->job_id, why, sizeof(why))) {
	case SHF_TORQUE_EXCLUSIVE: return false;
	case SHF_TORQUE_UNKNOWN: shf_torque_note("%s", why); return false;
	case SHF_TORQUE_SHARED: break;
	}
	snprintf(why, sizeof(why),
		 "node '%s' is not the job's alone, and the site has no sshdPortRange for such "
		 "nodes; ask for whole nodes, as with -n",
		 node);
	do_without_ssh(job, why);
	return true;
}

/* ---- hosts ---- */

static int provide(struct shifter_hosts *hosts, void *data)
{
	const struct shf_torque_job *job = data;

	if (job->file.exec_host)
		return shifter_add_hosts_from_torque(hosts, job->file.exec_host);
	if (job->hook->node_file)
		return shifter_add_hosts_from_file(hosts, job->hook->node_file);
	return 0;
}

static int write_hosts(struct shf_torque_job *job)
{
	struct shifter_hostsfile_spec spec;

	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.provide = provide;
	spec.data = job;
	return shifter_write_hostsfile(job->container, &spec);
}

/* ---- the container ---- */

static int make_container(struct shf_torque_job *job, bool wants_ssh)
{
	const struct shf_wlm_account *account = &job->account;
	struct shifter_container_spec spec;

	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.id = job->hook->container;
	spec.image = job->request.image;
	spec.user = account->user;
	spec.home = account->home;
	spec.shell = *account->shell ? account->shell : NULL;
	spec.uid = account->uid;
	spec.gid = account->gid;
	spec.n_groups = account->n_groups;
	spec.groups = account->groups;
	spec.volumes = (const char *const *)job->request.volumes;
	spec.flags = SHIFTER_SETUP_REPLACE | (wants_ssh ? SHIFTER_SETUP_SSHD : 0) |
		     (job->request.is_writable ? SHIFTER_SETUP_WRITABLE : 0);
	/* the supervisor: an epilogue since its start has the last word */
	spec.hook_pid = (int32_t)getpid();
	spec.job_file = job->hook->job_file;
	return shifter_setup_container(job->ctx, &spec, &job->container);
}

/* ---- sshd ---- */

/*
 * The name of the job's host certificates, udi.CLUSTER.JOB.NONCE, the same on all its
 * nodes.  The nonce, of what they all know, keeps runs on other nodes apart; FNV-1a.
 */
static void name_principal(struct shf_torque_job *job, char out[PRINCIPAL_SIZE])
{
	const char *texts[] = { job->hook->key, job->file.exec_host ? job->file.exec_host : "" };
	char name[SHF_TORQUE_KEY_SIZE];
	uint64_t hash = 0xcbf29ce484222325u;
	const char *cluster;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *c = texts[i]; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	if (shifter_get_setting(job->ctx, "clusterName", &cluster) < 0)
		cluster = "torque";
	shf_torque_short_name(job->hook->key, name);
	snprintf(out, PRINCIPAL_SIZE, "udi.%.64s.%s.%016llx", cluster, name,
		 (unsigned long long)hash);
}

static int start_sshd(struct shf_torque_job *job, const char *key)
{
	scope_environment struct shf_torque_environment environment = { .variables = NULL };
	struct shifter_sshd_spec spec;
	char principal[PRINCIPAL_SIZE];
	int rc = shf_torque_environment_fill(&environment, job);

	if (rc < 0)
		return fail(job, rc, "out of memory");
	name_principal(job, principal);
	memset(&spec, 0, sizeof(spec));
	spec.size = sizeof(spec);
	spec.user_key = key;
	spec.principal = principal;
	spec.env = (const char *const *)environment.variables;
	rc = shifter_start_user_sshd(job->container, &spec);
	if (rc == -EACCES) {
		/* a home out of reach is common, and a job may do without ssh */
		do_without_ssh(job, shifter_get_error(job->ctx));
		return 0;
	}
	if (rc < 0)
		return fail_library(job, rc);
	job->has_ssh = true;
	return 0;
}

/* -ESTALE: torn down meanwhile, so somebody else knows what is to become of the job. */
static int overtaken(int rc)
{
	return rc == -ESTALE ? -ECANCELED : rc;
}

int shf_torque_set_up(struct shf_torque_job *job)
{
	const struct shf_torque_hook *hook = job->hook;
	scope_free char *key = NULL;
	char why[SHF_TORQUE_WHY_SIZE];
	int rc;

	rc = shf_torque_request_read(&job->request, job->file.variables, job->file.other,
				     hook->resources, job->why, sizeof(job->why));
	if (rc == -ENOMEM)
		return fail(job, rc, "out of memory");
	if (rc < 0)
		return rc;
	if (!job->request.image)
		return -ENODATA;
	rc = shf_torque_context(true, &job->ctx, job->why);
	if (rc < 0)
		return rc;
	rc = shf_wlm_account_find(hook->user, *hook->group ? hook->group : NULL, &job->account,
				  job->why, sizeof(job->why));
	if (rc < 0)
		return rc;
	if (!must_do_without_ssh(job) &&
	    shf_torque_make_key(job->ctx, &job->account, &key, why) < 0)
		do_without_ssh(job, why);
	rc = make_container(job, key != NULL);
	if (rc < 0)
		return fail_library(job, rc);
	rc = write_hosts(job);
	if (rc < 0)
		return overtaken(fail_library(job, rc));
	return key ? overtaken(start_sshd(job, key)) : 0;
}

void shf_torque_job_free(struct shf_torque_job *job)
{
	shifter_close_container(job->container);
	shifter_free(job->ctx);
	shf_wlm_account_free(&job->account);
	shf_torque_request_free(&job->request);
	shf_torque_job_file_free(&job->file);
}
