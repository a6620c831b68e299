/* SPDX-License-Identifier: BSD-3-Clause */
/* bubblewrap, as the user: it has no container that stays, only a command with one of its own. */
#include "fail.h"
#include "floor.h"
#include "programs.h"
#include "start.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct bench_setting *setting;
static char root[4096];

static bool prepare(const struct bench_setting *given)
{
	setting = given;
	if (access("/usr/bin/bwrap", X_OK) < 0)
		return false;
	snprintf(root, sizeof(root), "%s/bwrap", setting->work);
	BENCH_MUST(mkdir(root, 0755), root);
	return true;
}

static void run_remove(void)
{
	const char *const argv[] = { "/usr/bin/bwrap", "--ro-bind", root, "/", "--dev-bind", "/dev",
				     "/dev", "--ro-bind", "/sys", "/sys", "--bind", "/proc",
				     "/proc", "--bind", "/home", "/home", "--bind", "/tmp", "/tmp",
				     "--bind", "/var/tmp", "/var/tmp", "--tmpfs", "/run", "--",
				     setting->command, NULL };
	int fd = bench_mount_squashfs(setting->image);

	BENCH_MUST(syscall(SYS_move_mount, fd, "", AT_FDCWD, root, 4), root);
	close(fd);
	bench_wait(bench_start((char *const *)argv, setting->environment, setting->uid), "bwrap");
	BENCH_MUST(umount2(root, MNT_DETACH), root);
}

const struct bench_program bench_bwrap = { "bwrap", prepare, NULL, NULL,
					   NULL, run_remove, NULL };
