/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_write_hostsfile() - tell the job which hosts it owns
 */
#include "base/cleanup.h"
#include "kernel/live_dir.h"
#include "model/hosts.h"
#include "model/hostsfile.h"
#include "verbs/job_hosts.h"
#include "verbs/keeper.h"

static void free_hosts(struct shifter_hosts *hosts)
{
	shf_hosts_free(hosts);
}

#define cleanup_hosts __attribute__((cleanup(free_hosts)))

static int write_form(struct shifter_container *container, int live, const char *name,
		      void (*render)(const struct shifter_hosts *, struct shf_text *),
		      const struct shifter_hosts *hosts)
{
	struct shf_new_file file;
	int rc = shf_begin_new_file(&file, live, name);

	if (rc == 0) {
		render(hosts, &file.text);
		rc = shf_put_live_text(&file, 0644, 0, 0);
	}
	if (rc < 0)
		return shf_fail_errno(&container->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write '/run/shifter/%s' of container '%s'", name,
				      container->record.id);
	return 0;
}

static int write_all(struct shifter_container *container, const struct shifter_hosts *hosts)
{
	static const struct {
		const char *name;
		void (*render)(const struct shifter_hosts *, struct shf_text *);
	} forms[] = {
		{ "hosts.unique", shf_render_hosts_unique },
		{ "hosts.slots", shf_render_hosts_slots },
		{ "hosts.colon", shf_render_hosts_colon },
		{ "hosts.parallel", shf_render_hosts_parallel },
		{ "hosts.json", shf_render_hosts_json },
		{ "groups.conf", shf_render_clustershell_groups },
		/* last: who waits for it finds the others */
		{ "hostsfile", shf_render_hostsfile },
	};
	struct shf_keeper_answer answer;
	cleanup_fd int live = -1;
	size_t n_fds = 1;
	int rc;

	rc = shf_ask(container, SHF_KEEPER_LIVE, -1, 0, &answer, &live, &n_fds);
	if (rc == 0)
		rc = shf_save_hosts(container, hosts);
	if (rc == 0 && container->record.principal[0])
		rc = shf_write_ssh_config(container, live, hosts);
	if (rc == 0)
		rc = shf_write_etc_hosts(container->ctx, live, hosts);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms) && rc == 0; i++)
		rc = write_form(container, live, forms[i].name, forms[i].render, hosts);
	return rc;
}

int shifter_write_hostsfile(struct shifter_container *container,
			    const struct shifter_hostsfile_spec *spec)
{
	struct shf_report *report = &container->ctx->report;
	cleanup_hosts struct shifter_hosts hosts = { .report = report };
	struct shifter_hostsfile_spec copy;
	int rc;

	shf_begin(container->ctx);
	rc = shf_copy_spec(report, "hostsfile spec", spec, &copy, sizeof(copy));
	if (rc < 0)
		return rc;
	if (!copy.provide || copy.flags || copy.reserved)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed hostsfile spec: %s",
				copy.provide ? "unknown flags" : "it has no provider");
	rc = copy.provide(&hosts, copy.data);
	if (rc != 0)
		return shf_fail_errno(report, SHIFTER_FAULT_CALLER, rc < 0 ? -rc : EINVAL,
				      "the provider of hosts failed");
	/* one that a provider swallowed, having added what it could */
	shf_report_clear(report);
	if (!hosts.count)
		return shf_fail(report, SHIFTER_FAULT_CALLER, ENODATA,
				"cannot write the hostsfile of container '%s': the provider knows "
				"no host",
				container->record.id);
	rc = write_all(container, &hosts);
	if (rc == 0)
		shf_log(container->ctx, SHIFTER_LOG_INFO,
			"wrote the hostsfile of container '%s': %zu hosts, %llu slots",
			container->record.id, hosts.count, (unsigned long long)hosts.total_slots);
	return rc < 0 ? (report->error ? -report->error : rc) : 0;
}
