/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/check_node.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/text.h"
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

/* The ports that the kernel hands to clients; 0 and 0 if it does not say. */
static void read_local_ports(uint32_t *low, uint32_t *high)
{
	cleanup_fd int fd =
		open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	char text[64], *end;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	*low = *high = 0;
	if (n <= 0)
		return;
	text[n] = '\0';
	end = text + strcspn(text, "\n");
	*end = '\0';
	end = text + strcspn(text, " \t");
	if (!*end)
		return;
	*end++ = '\0';
	end += strspn(end, " \t");
	if (!shf_parse_u32(text, 1, 65535, low) || !shf_parse_u32(end, 1, 65535, high))
		*low = *high = 0;
}

static void check_port(struct shf_check *c)
{
	uint32_t port = c->ctx->config.sshd_port;
	uint32_t low, high;

	read_local_ports(&low, &high);
	if (low && port >= low && port <= high)
		shf_fail(
			&c->report, SHIFTER_FAULT_NONE, EADDRINUSE,
			"sshdPort %u is among the ports that clients of this node get, %u to %u "
			"(net.ipv4.ip_local_port_range): any process may have it when a job starts",
			port, low, high);
	shf_check_tell(c, "sshdPort");
}

void shf_check_ssh(struct shf_check *c)
{
	check_udi(c);
	check_port(c);
}
