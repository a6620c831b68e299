/* SPDX-License-Identifier: BSD-3-Clause */
#include "hook.h"

#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of pbs_mom's calls: with the name of the program and all arguments. */
enum { PROLOGUE_ARGC = 9,
       EPILOGUE_ARGC = 12,
       JOB_ID_MAX = 1024 };

int64_t shf_torque_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_job_id(const char *id)
{
	size_t length = strlen(id);

	return length > 0 && length <= JOB_ID_MAX && id[0] != '-' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789._-[]") == length;
}

static int refuse(char *why, size_t size, const char *what)
{
	snprintf(why, size, "cannot understand the call of pbs_mom: %s", what);
	return -EINVAL;
}

int shf_torque_hook_read(struct shf_torque_hook *hook, int argc, char **argv, char *why,
			 size_t size)
{
	bool is_prologue = argc == PROLOGUE_ARGC;

	memset(hook, 0, sizeof(*hook));
	hook->started_ms = shf_torque_now_ms();
	if (geteuid() != 0)
		return 0;
	if (!is_prologue && argc != EPILOGUE_ARGC)
		return refuse(why, size, "a prologue has 8 arguments, an epilogue 11");
	hook->node_number = getenv("PBS_NODENUM");
	if (!hook->node_number || !*hook->node_number ||
	    strspn(hook->node_number, "0123456789") != strlen(hook->node_number))
		return refuse(why, size, "PBS_NODENUM is no number");
	hook->role = is_prologue ? SHF_TORQUE_PROLOGUE : SHF_TORQUE_EPILOGUE;
	hook->is_first = strcmp(hook->node_number, "0") == 0;
	hook->job_id = argv[1];
	hook->user = argv[2];
	hook->group = argv[3];
	hook->job_name = argv[4];
	hook->resources = is_prologue ? argv[5] : NULL;
	hook->queue = argv[is_prologue ? 6 : 8];
	hook->node_file = getenv("PBS_NODEFILE");
	hook->n_nodes = getenv("PBS_NUM_NODES");
	hook->n_per_node = getenv("PBS_NUM_PPN");
	hook->n_processes = getenv("PBS_NP");
	hook->work_dir = getenv("PBS_O_WORKDIR");
	if (!is_job_id(hook->job_id))
		return refuse(why, size, "its first argument is no id of a job");
	if (!shf_torque_is_account_name(hook->user))
		return refuse(why, size, "its second argument is no name of a user");
	if (*hook->group && !shf_torque_is_account_name(hook->group))
		return refuse(why, size, "its third argument is no name of a group");
	if (shf_torque_read_script_path(argv[argc - 1], hook->key, hook->job_file) < 0)
		return refuse(why, size, "its last argument is no path of a job's script");
	shf_torque_container_id(hook->key, hook->container);
	return 0;
}

static int open_standard(void)
{
	int fd;

	/* the lowest free one is taken, so there are 0, 1 and 2 at the end of it */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return -errno;
	close(fd);
	return 0;
}

int shf_torque_sanitise(void)
{
	int rc;

	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0)
		return -errno;
	rc = open_standard();
	if (rc < 0)
		return rc;
	shf_wlm_reset_signals();
	umask(022);
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
	    chdir("/") < 0 || clearenv() != 0 ||
	    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0)
		return errno ? -errno : -EINVAL;
	/* a pipe or a file of the job's that is gone must not end us */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}
