/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/check_node.h"

#include "base/cleanup.h"
#include "kernel/host_facts.h"
#include "kernel/listener.h"
#include "kernel/udi_stage.h"
#include "kernel/udi_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const programs[] = {
	"bin/ssh",
	"bin/scp",
	"bin/sftp",
	"bin/ssh-keygen",
	"bin/ssh-keyscan",
	"sbin/sshd",
	"libexec/sftp-server",
	"libexec/udi-host-key",
	"libexec/udi-session",
	"libexec/udi-wait",
};

static void check_programs(struct shf_check *c, int udi, const char *path)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct stat st;

		if (fstatat(udi, programs[i], &st, 0) < 0)
			shf_fail_errno(&c->report, SHIFTER_FAULT_SITE, errno,
				       "udiImage '%s' is not complete: '%s'", path, programs[i]);
		else if (!S_ISREG(st.st_mode) || (st.st_mode & 0555) != 0555)
			shf_fail(&c->report, SHIFTER_FAULT_SITE, EACCES,
				 "udiImage '%s' is of no use: '%s' is not a program that everybody "
				 "may read and run: make its mode 755",
				 path, programs[i]);
		if (c->report.error)
			return;
	}
}

static void check_udi(struct shf_check *c)
{
	const char *path = c->ctx->config.udiimage_path;
	char failed_name[SHF_UDI_NAME];
	uint64_t fingerprint;
	cleanup_fd int udi = shf_open_udi_source(path, &fingerprint, failed_name, &c->report);

	if (udi == -ENOENT) {
		shf_report_clear(&c->report);
		/* a site without sshd may do without */
		shf_fail(&c->report, SHIFTER_FAULT_NONE, ENOENT,
			 "there is no udiImage '%s': jobs cannot have an sshd", path);
	}
	if (udi >= 0)
		check_programs(c, udi, path);
	shf_check_tell(c, "udiImage");
	/* strangers' programs are not run, not even as nobody */
	if (udi < 0)
		return;
	(void)shf_try_udi(udi, path, &c->report);
	shf_check_tell(c, "sshd");
}

static void check_port(struct shf_check *c)
{
	const struct shf_config *config = &c->ctx->config;
	const struct shf_port_range port = { config->sshd_port, config->sshd_port };
	struct shf_port_range ephemeral;

	if (config->sshd_ports.high) {
		(void)shf_check_port_range(&config->sshd_ports, &c->report);
		shf_check_tell(c, "sshdPortRange");
		return;
	}
	if (shf_get_ephemeral_ports(&ephemeral) == 0 && shf_port_ranges_overlap(&port, &ephemeral))
		shf_fail(
			&c->report, SHIFTER_FAULT_NONE, EADDRINUSE,
			"sshdPort %u is among the ports that clients of this node get, %u to %u "
			"(net.ipv4.ip_local_port_range): any process may have it when a job starts",
			port.low, ephemeral.low, ephemeral.high);
	shf_check_tell(c, "sshdPort");
}

static void check_networks(struct shf_check *c)
{
	const struct shf_config *config = &c->ctx->config;

	(void)shf_check_networks(config->sshd_listen, config->n_sshd_listen, &c->report);
	shf_check_tell(c, "sshdListen");
}

void shf_check_ssh(struct shf_check *c)
{
	check_udi(c);
	check_port(c);
	check_networks(c);
}
