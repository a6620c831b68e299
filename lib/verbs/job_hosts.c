/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/job_hosts.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "kernel/host_facts.h"
#include "kernel/live_dir.h"
#include "kernel/udi_template.h"
#include "model/hostsfile.h"
#include "model/sshconf.h"

#include <fcntl.h>
#include <string.h>

enum { HOSTS_FILE_MAX = 512 << 20 };

int shf_save_hosts(struct shifter_container *container, const struct shifter_hosts *hosts)
{
	struct shf_new_file file;
	int rc = shf_begin_new_file(&file, container->state.dir, SHF_STATE_HOSTS);

	if (rc == 0) {
		shf_render_hosts_record(hosts, &file.text);
		rc = shf_put_new_file(&file, 0600, (uint32_t)-1, (uint32_t)-1);
	}
	if (rc < 0)
		return shf_fail_errno(&container->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot keep the hosts of container '%s'",
				      container->record.id);
	return 0;
}

int shf_load_hosts(struct shifter_container *container, struct shifter_hosts *hosts)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_fd int fd = -1;
	char *rest, *line;
	int rc;

	fd = openat(container->state.dir, SHF_STATE_HOSTS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	rc = fd < 0 ? -errno : shf_read_all(fd, HOSTS_FILE_MAX, &text);
	rest = text.data;
	while (rc == 0 && rest && (line = strsep(&rest, "\n")) && *line) {
		char *name = strsep(&line, " ");
		char *slots = strsep(&line, " ");
		uint32_t count;

		if (!slots || !shf_parse_u32(slots, 1, SHF_HOST_SLOTS_MAX, &count))
			rc = -EUCLEAN;
		else
			rc = shf_hosts_add(hosts, name, line, count);
	}
	if (rc < 0)
		return shf_fail_errno(&container->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read the hosts of container '%s'",
				      container->record.id);
	return 0;
}

int shf_write_etc_hosts(struct shifter_ctx *ctx, int live, const struct shifter_hosts *hosts)
{
	struct shf_new_file file;
	int rc = shf_begin_new_file(&file, live, "hosts");

	if (rc == 0) {
		shf_render_etc_hosts(hosts, &file.text);
		if (shf_read_etc_hosts(&file.text) < 0)
			shf_log(ctx, SHIFTER_LOG_WARNING, "cannot read '/etc/hosts'");
		rc = shf_put_live_text(&file, 0644, 0, 0);
	}
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write the container's '/etc/hosts'");
	return 0;
}

int shf_write_ssh_config(struct shifter_container *container, int live,
			 const struct shifter_hosts *hosts)
{
	const struct shf_record *record = &container->record;
	struct shf_report *report = &container->ctx->report;
	const struct shf_ssh_facts facts = { .user = record->user,
					     .port = record->port,
					     .principal = record->principal,
					     .uid = record->uid,
					     .multiplex = container->ctx->config.ssh_multiplex };
	cleanup_text struct shf_text template = { 0 };
	cleanup_text struct shf_text job = { 0 };
	cleanup_new_file struct shf_new_file file = { .fd = -1 };
	int rc;

	rc = shf_read_udi_template(container->state.root, record->stage, "ssh_config", &template);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read etc/ssh_config of udiImage");
	rc = shf_render_job_ssh_config(&facts, template.data, &job, report);
	if (rc < 0)
		return rc;
	/* first: the other one has the list of hosts that leads to it */
	rc = shf_put_live_file(live, SHF_LIVE_SSH_CONFIG_JOB, 0644, 0, 0, job.data, job.length);
	if (rc == 0)
		rc = shf_begin_new_file(&file, live, SHF_LIVE_SSH_CONFIG);
	if (rc == 0) {
		rc = shf_render_ssh_config(&facts, hosts && hosts->count ? hosts : NULL,
					   template.data, &file.text, report);
		if (rc < 0 && !file.error)
			return rc;
		rc = shf_put_live_text(&file, 0644, 0, 0);
	}
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot write the ssh configuration of container '%s'",
				      record->id);
	return 0;
}
