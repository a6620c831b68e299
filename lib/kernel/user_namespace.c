/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/user_namespace.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* The number in the file, or -1 if there is none: the kernel has no such setting. */
static long read_setting(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[24];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

static int explain(const char *operation, int error, struct shf_report *report)
{
	/* each of them refuses with one error only; the order is that of the kernel's questions */
	static const struct {
		const char *path;
		long refuses;
		const char *name;
	} settings[] = {
		{ "/proc/sys/user/max_user_namespaces", 0, "user.max_user_namespaces is 0" },
		{ "/proc/sys/user/max_mnt_namespaces", 0, "user.max_mnt_namespaces is 0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", 0,
		  "kernel.unprivileged_userns_clone is 0" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
		  "kernel.apparmor_restrict_unprivileged_userns is 1" },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (read_setting(settings[i].path) == settings[i].refuses)
			return shf_fail(report, SHIFTER_FAULT_SITE, error,
					"cannot make a container without a job: this node does not "
					"let users have user namespaces (%s): ask its "
					"administrator, or submit a job with --image",
					settings[i].name);
	if (error == ENOSPC || error == EUSERS)
		return shf_fail(report, SHIFTER_FAULT_SITE, error,
				"cannot make a container without a job: there are as many user "
				"namespaces as user.max_user_namespaces allows, or 32 of them "
				"one inside the other");
	if (error == EPERM)
		return shf_fail(report, SHIFTER_FAULT_SITE, error,
				"cannot make a container without a job: cannot %s: %s, as in a "
				"chroot or in a container that forbids it",
				operation, strerror(error));
	return shf_fail_errno(report, SHIFTER_FAULT_SITE, error,
			      "cannot make a container without a job: cannot %s", operation);
}

static int write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return shf_write_all(fd, text, strlen(text));
}

int shf_enter_user_namespace(struct shf_report *report)
{
	char uids[48], gids[48];
	int rc;

	snprintf(uids, sizeof(uids), "%u %u 1\n", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1\n", getegid(), getegid());
	/* together: a mount namespace must belong to the user namespace */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return explain("make a user namespace", errno, report);
	rc = write_file("/proc/self/setgroups", "deny");
	if (rc == 0)
		rc = write_file("/proc/self/uid_map", uids);
	if (rc == 0)
		rc = write_file("/proc/self/gid_map", gids);
	if (rc < 0)
		return explain("map the user in a user namespace", -rc, report);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return explain("mount in a user namespace", errno, report);
	return 0;
}
