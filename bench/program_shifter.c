/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs.h"

#include "start.h"

#include <shifter/shifter.h>

#include <err.h>
#include <stdio.h>

static const struct bench_setting *setting;
static struct shifter_ctx *ctx;
static struct shifter_container_spec spec = { .size = sizeof(spec) };
static struct shifter_sshd_spec sshd = { .size = sizeof(sshd), .principal = "udi.bench.0" };

static void must(int rc)
{
	if (rc < 0)
		errx(1, "shifter: %s", shifter_get_error(ctx));
}

static bool prepare(const struct bench_setting *given)
{
	static char image[4096];

	setting = given;
	sshd.user_key = given->user_key;
	if (shifter_new(&ctx) < 0)
		errx(1, "shifter: out of memory");
	must(shifter_load_config(ctx, NULL));
	snprintf(image, sizeof(image), "local:%s", setting->image);
	spec.id = "bench";
	spec.image = image;
	spec.user = "alice";
	spec.home = "/home/alice";
	spec.shell = "/bin/bash";
	spec.uid = spec.gid = setting->uid;
	return true;
}

static void set_up(void)
{
	must(shifter_setup_container(ctx, &spec, NULL));
}

static pid_t start_entry(void)
{
	char program[] = "/usr/bin/shifter", option[] = "--container=bench", end[] = "--";
	char *argv[] = { program, option, end, (char *)setting->command, NULL };

	return bench_start(argv, setting->environment, setting->uid);
}

static void tear_down(void)
{
	must(shifter_teardown(ctx, spec.id));
}

static void run_remove(void)
{
	set_up();
	bench_wait(start_entry(), "shifter");
	tear_down();
}

static void set_up_sshd(void)
{
	struct shifter_container *container;

	spec.flags = SHIFTER_SETUP_SSHD;
	must(shifter_setup_container(ctx, &spec, &container));
	spec.flags = 0;
	must(shifter_start_user_sshd(container, &sshd));
	shifter_close_container(container);
}

const struct bench_program bench_shifter = { "shifter", prepare, set_up, start_entry,
					     tear_down, run_remove, set_up_sshd };
