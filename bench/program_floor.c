/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor.h"
#include "floor_sshd.h"
#include "programs.h"
#include "start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static const struct bench_setting *setting;
static struct bench_floor container;
static pid_t sshd;

static bool prepare(const struct bench_setting *given)
{
	setting = given;
	bench_prepare_sshd(given->udiimage, given->uid);
	return true;
}

static void set_up(void)
{
	bench_floor_set_up(setting->image, setting->udiimage, setting->uid, &container);
	/* for floor-enter */
	fcntl(container.namespace, F_SETFD, 0);
}

static pid_t start_entry(void)
{
	char namespace[16], uid[16];
	char *argv[] = { (char *)setting->floor_enter, namespace, uid, (char *)setting->command,
			 NULL };

	snprintf(namespace, sizeof(namespace), "%d", container.namespace);
	snprintf(uid, sizeof(uid), "%u", (unsigned)setting->uid);
	return bench_start(argv, setting->environment, 0);
}

static void tear_down(void)
{
	if (sshd) {
		kill(sshd, SIGKILL);
		waitpid(sshd, NULL, 0);
		sshd = 0;
	}
	bench_floor_tear_down(&container);
}

static void run_remove(void)
{
	set_up();
	bench_wait(start_entry(), "floor-enter");
	tear_down();
}

static void set_up_sshd(void)
{
	set_up();
	sshd = bench_start_sshd(container.namespace, setting->uid);
}

const struct bench_program bench_floor = { "floor", prepare, set_up, start_entry,
					   tear_down, run_remove, set_up_sshd };
