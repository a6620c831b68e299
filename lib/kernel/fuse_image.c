/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/fuse_image.h"

#include "base/cleanup.h"
#include "base/mount_attributes.h"
#include "kernel/credentials.h"
#include "kernel/message.h"
#include "kernel/mounts.h"
#include "kernel/process.h"
#include "kernel/user_helper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MAX = 4096,
       START_MS = 10000 };

/* The low-level one answers several requests at once, so it comes first. */
static const char *const programs[] = {
	"/usr/bin/squashfuse_ll",
	"/usr/local/bin/squashfuse_ll",
	"/usr/bin/squashfuse",
	"/usr/local/bin/squashfuse",
};

static const char *find_program(void)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (faccessat(AT_FDCWD, programs[i], X_OK, AT_EACCESS) == 0)
			return programs[i];
	return NULL;
}

static int open_fuse(const char *name, struct shf_report *report)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return shf_fail_errno(report, SHIFTER_FAULT_SITE, errno,
			      "cannot mount image '%s' without a job: cannot open '/dev/fuse', "
			      "which squashfuse needs",
			      name);
}

static int mount_fuse(int fuse, const char *name, struct shf_report *report)
{
	char fd[16], uid[16], gid[16], detail[256];
	const struct shf_mount_option options[] = {
		{ "source", "shifter" },
		{ "subtype", "squashfuse" },
		{ "fd", fd },
		{ "rootmode", "40000" },
		{ "user_id", uid },
		{ "group_id", gid },
		{ "ro", NULL },
	};
	int rc;

	snprintf(fd, sizeof(fd), "%d", fuse);
	snprintf(uid, sizeof(uid), "%u", geteuid());
	snprintf(gid, sizeof(gid), "%u", getegid());
	rc = shf_new_mount("fuse", options, sizeof(options) / sizeof(*options),
			   SHF_ATTR_RDONLY | SHF_ATTR_NOSUID | SHF_ATTR_NODEV, detail,
			   sizeof(detail));
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_SITE, -rc,
				      "cannot mount image '%s' by FUSE%s%s", name,
				      detail[0] ? ": " : "", detail);
	return rc;
}

/*
 * What the program has to say goes into memory that cannot grow: it may talk
 * on long after its last reader has gone, and a pipe would kill it then.
 */
static int open_words(void)
{
	int fd = memfd_create("squashfuse", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, WORDS_MAX) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd < 0 ? -errno : fd;
}

static _Noreturn void run_program(const char *path, int image, int fuse, int words)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
	int fds[] = { image, fuse, words };
	char *const argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t) "-f",
			       (char *)(uintptr_t) "/proc/self/fd/3",
			       (char *)(uintptr_t) "/dev/fd/4", NULL };
	char *const envp[] = { NULL };

	if (shf_lift_fds(fds, 3) < 0 || shf_null_stdio() < 0 || dup2(fds[2], 2) < 0 ||
	    shf_arrange_fds(fds, 2, 3) < 0 ||
	    chdir("/") < 0 || shf_give_up_capabilities() < 0)
		_exit(125);
	shf_reset_signals();
	/*
	 * A workload manager warns all processes of a job before it kills them, and
	 * programs that heed the warning still need their files.  libfuse leaves
	 * alone what is ignored.
	 */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	execve(path, argv, envp);
	_exit(127);
}

/* Its parent ends at once: what the caller execs later shall not meet a child it never had. */
static int start_program(const char *path, int image, int fuse, int words)
{
	cleanup_child struct shf_child child = SHF_NO_CHILD;
	int status = 0;
	int rc = shf_fork(&child);

	if (rc == 1) {
		pid_t pid;

		if (setsid() < 0)
			_exit(errno);
		pid = shf_clone(SIGCHLD, NULL);
		if (pid == 0)
			run_program(path, image, fuse, words);
		_exit(pid < 0 ? errno : 0);
	}
	if (rc == 0)
		rc = shf_wait_child(&child, shf_now_ms() + START_MS, &status);
	return rc < 0 ? rc : -status;
}

/* The first request; it is answered once the program has looked at the image. */
static void probe(int channel, void *data)
{
	int fd = openat(SHF_HELPER_FIRST_FD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int32_t error = fd < 0 ? errno : 0;

	(void)data;
	shf_send(channel, &error, sizeof(error), NULL, 0);
}

static int wait_for_program(int mount, int timeout_ms)
{
	cleanup_user_helper struct shf_user_helper helper = SHF_NO_USER_HELPER;
	int32_t error = 0;
	ssize_t n;
	int rc;

	rc = shf_start_user_helper(&helper, NULL, probe, NULL, &mount, 1, timeout_ms);
	if (rc < 0)
		return rc;
	n = shf_receive(helper.channel, &error, sizeof(error), NULL, NULL, helper.deadline_ms);
	if (n < 0)
		return (int)n;
	return n == (ssize_t)sizeof(error) ? -error : -EIO;
}

static int explain(const char *path, const char *name, int words, int error,
		   struct shf_report *report)
{
	char text[WORDS_MAX + 1];
	ssize_t n = pread(words, text, WORDS_MAX, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (error == ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot mount image '%s': '%s' did not serve it in time", name,
				path);
	if (text[0])
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot mount image '%s': '%s' says: %s", name, path, text);
	return shf_fail_errno(report, SHIFTER_FAULT_JOB, error,
			      "cannot mount image '%s': '%s' ended without a word", name, path);
}

int shf_mount_fuse_image(int image, const char *name, int timeout_ms, struct shf_report *report)
{
	const char *path = find_program();
	cleanup_fd int fuse = -1;
	cleanup_fd int mount = -1;
	cleanup_fd int words = -1;
	int rc;

	if (!path)
		return shf_fail(report, SHIFTER_FAULT_SITE, ENOENT,
				"cannot mount image '%s' without a job: squashfuse is not "
				"installed (package squashfuse): ask the administrator of this "
				"node, or unpack the image into a directory with 'shifter import'",
				name);
	fuse = open_fuse(name, report);
	if (fuse < 0)
		return fuse;
	mount = mount_fuse(fuse, name, report);
	if (mount < 0)
		return mount;
	words = open_words();
	rc = words < 0 ? words : start_program(path, image, fuse, words);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot start '%s'", path);
	/* while it is open here, too, the end of the program would be no end for the kernel */
	shf_close_fd(&fuse);
	rc = wait_for_program(mount, timeout_ms);
	if (rc < 0)
		return explain(path, name, words, -rc, report);
	return steal_fd(&mount);
}
