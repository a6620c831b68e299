/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/credentials.h"

#include "base/cleanup.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int shf_drop_bounding_set(void)
{
	unsigned long cap = 0;

	while (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
		cap++;
	/* past the last one the kernel knows; any other error is one */
	return errno == EINVAL && cap > 0 ? 0 : -errno;
}

static int verify_bounding_set(void)
{
	unsigned long cap = 0;
	int rc;

	while ((rc = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) == 0)
		cap++;
	if (rc > 0)
		return -EPERM;
	return errno == EINVAL && cap > 0 ? 0 : -errno;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int verify(const struct shf_identity *identity)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	uint32_t r, e, s;

	if (syscall(SYS_getresuid, &r, &e, &s) < 0)
		return -errno;
	if (r != identity->uid || e != identity->uid || s != identity->uid)
		return -EPERM;
	if (syscall(SYS_getresgid, &r, &e, &s) < 0)
		return -errno;
	if (r != identity->gid || e != identity->gid || s != identity->gid)
		return -EPERM;
	if (syscall(SYS_getgroups, 0, NULL) != (long)identity->n_groups)
		return -EPERM;
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		if (data[i].effective || data[i].permitted || data[i].inheritable)
			return -EPERM;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -EPERM;
	if (syscall(SYS_setuid, 0) == 0 || syscall(SYS_setresuid, -1, 0, -1) == 0)
		return -EPERM;
	return 0;
}

int shf_give_up_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int rc;

	rc = shf_drop_bounding_set();
	if (rc < 0)
		return rc;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	rc = drop_capabilities();
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		if (data[i].effective || data[i].permitted || data[i].inheritable)
			return -EPERM;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}

int shf_become_user(const struct shf_identity *identity, unsigned flags)
{
	int rc;

	if (identity->uid == 0 || identity->uid == UINT32_MAX || identity->gid == 0 ||
	    identity->gid == UINT32_MAX)
		return -EPERM;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	rc = flags & SHF_BECOME_IS_BOUNDED ? 0 : shf_drop_bounding_set();
	if (rc < 0)
		return rc;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	if (syscall(SYS_setgroups, (size_t)identity->n_groups, identity->groups) < 0)
		return -errno;
	if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0)
		return -errno;
	if (syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	rc = drop_capabilities();
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* a kernel without key rings has none to leak */
	if (!(flags & SHF_BECOME_KEEP_KEYRING) &&
	    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return -errno;
	/* changing ids made it dumpable again */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	rc = verify_bounding_set();
	return rc < 0 ? rc : verify(identity);
}

void shf_reset_scheduling(void)
{
	struct sched_param param = { .sched_priority = 0 };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "0", 1) < 0) {
			/* stays as it is: at worst it outlives its neighbours */
		}
		close(fd);
	}
	sched_setscheduler(0, SCHED_OTHER, &param);
	setpriority(PRIO_PROCESS, 0, 0);
	syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 0);
}
