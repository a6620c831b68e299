/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/host_facts.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { KERNEL_MAJOR = 5,
       KERNEL_MINOR = 14 };

int shf_check_kernel(struct shf_report *report)
{
	unsigned major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return shf_fail(report, SHIFTER_FAULT_NODE, ENOTSUP,
				"cannot tell which kernel this node runs");
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR))
		return 0;
	return shf_fail(report, SHIFTER_FAULT_SITE, ENOTSUP,
			"containers need Linux %d.%d or later, and this node runs %s",
			KERNEL_MAJOR, KERNEL_MINOR, name.release);
}

enum { MOUNTINFO_MAX = 64 << 20,
       RESOLV_CONF_MAX = 65536,
       ETC_HOSTS_MAX = 16 << 20 };

/* proc(5): ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS TAG... - TYPE SOURCE OPTIONS */
static int64_t parse_devpts(char *line)
{
	char *type = strstr(line, " - devpts ");
	char *options, *option;
	uint32_t gid;

	if (!type || !strstr(line, " /dev/pts "))
		return -2;
	*type = '\0';
	options = strrchr(type + 1, ' ');
	while (options && (option = strsep(&options, ",")))
		if (strncmp(option + (*option == ' '), "gid=", 4) == 0 &&
		    shf_parse_u32(option + (*option == ' ') + 4, 0, UINT32_MAX - 1, &gid))
			return gid;
	return -1;
}

int64_t shf_get_tty_gid(void)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_fd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char *rest, *line;
	int64_t gid = -1;

	if (fd < 0 || shf_read_all(fd, MOUNTINFO_MAX, &text) < 0)
		return -1;
	rest = text.data;
	/* of several on one place the last is on top */
	while (rest && (line = strsep(&rest, "\n"))) {
		int64_t found = parse_devpts(line);

		if (found != -2)
			gid = found;
	}
	return gid;
}

static int read_file(const char *path, size_t limit, struct shf_text *text)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return shf_read_all(fd, limit, text);
}

int shf_get_ephemeral_ports(struct shf_port_range *range)
{
	cleanup_text struct shf_text text = { 0 };
	int rc = read_file("/proc/sys/net/ipv4/ip_local_port_range", 64, &text);

	if (rc < 0)
		return rc;
	if (!text.data || sscanf(text.data, "%u %u", &range->low, &range->high) != 2)
		return -EINVAL;
	return 0;
}

int shf_check_port_range(const struct shf_port_range *range, struct shf_report *report)
{
	struct shf_port_range ephemeral;
	int rc = shf_get_ephemeral_ports(&ephemeral);

	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot read '/proc/sys/net/ipv4/ip_local_port_range'");
	if (!shf_port_ranges_overlap(range, &ephemeral))
		return 0;
	return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
			"cannot use sshdPortRange %u-%u: it overlaps %u-%u, the "
			"ip_local_port_range of this node, out of which the kernel gives ports to "
			"anybody",
			range->low, range->high, ephemeral.low, ephemeral.high);
}

int shf_read_resolv_conf(struct shf_text *text)
{
	return read_file("/etc/resolv.conf", RESOLV_CONF_MAX, text);
}

int shf_read_etc_hosts(struct shf_text *text)
{
	return read_file("/etc/hosts", ETC_HOSTS_MAX, text);
}
