/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ferry-hook prolog|task COMMAND...|epilog - containers for Ferry, which ../README.md invents
 */
#include <shifter/shifter.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shifter_ctx *ctx;

static int fail(void) /* before any other call: it is about the last one */
{
	fprintf(stderr, "ferry: %s\n", shifter_get_error(ctx));
	return (const int[]){ 0, 3, 4, 5, 2 }[shifter_get_fault(ctx)]; /* by SHIFTER_FAULT_... */
}

static uint32_t number(const char *text) /* 0, which the library refuses, if there is none */
{
	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* The hosts provider: "node1:4 node2:4", the first one first.  NULL: no address is known. */
static int provide_hosts(struct shifter_hosts *hosts, void *data)
{
	int rc = 0;

	for (char *h = data ? strtok(data, " :") : NULL; h && rc == 0; h = strtok(NULL, " :"))
		rc = shifter_add_host(hosts, h, NULL, number(strtok(NULL, " :")));
	return rc;
}

static int prolog(const char *id)
{
	struct shifter_container_spec spec = { .size = sizeof(spec), .id = id };
	struct shifter_hostsfile_spec hosts = { .size = sizeof(hosts), .provide = provide_hosts };
	struct shifter_sshd_spec sshd = { .size = sizeof(sshd), .principal = id };
	struct shifter_container *container = NULL;
	gid_t groups[1024];
	int status = 0, n = 1024;

	spec.image = getenv("FERRY_IMAGE"); /* what is missing, the library refuses by name */
	spec.user = getenv("FERRY_USER");
	spec.home = getenv("FERRY_HOME");
	spec.uid = number(getenv("FERRY_UID"));
	spec.gid = number(getenv("FERRY_GID"));
	spec.groups = groups; /* the library asks no name service; a hook may */
	if (spec.user && getgrouplist(spec.user, spec.gid, groups, &n) >= 0)
		spec.n_groups = (uint32_t)n;
	spec.hook_pid = getpid();                                /* the later of two wins */
	spec.flags = SHIFTER_SETUP_SSHD | SHIFTER_SETUP_REPLACE; /* what a crash left goes */
	hosts.data = getenv("FERRY_HOSTS");
	sshd.user_key = getenv("FERRY_KEY"); /* sshd stays in our cgroup, which is the job's */
	if (shifter_setup_container(ctx, &spec, &container) < 0 ||
	    shifter_write_hostsfile(container, &hosts) < 0 ||
	    shifter_start_user_sshd(container, &sshd) < 0)
		status = fail(); /* the epilog tidies up */
	shifter_close_container(container);
	return status;
}

static int task(const char *id, char **command)
{
	struct shifter_container *container;

	if (shifter_open_container(ctx, id, &container) < 0 ||
	    shifter_enter_container(container, 0) < 0)
		_exit(fail());
	setenv("PATH", "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin", 1);
	execvp(command[0], command); /* as the user now, with the image's files */
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "", *job = getenv("FERRY_JOB");
	char id[80];
	int rc, status = 2;

	snprintf(id, sizeof(id), "ferry-%s", job ? job : "");
	if (shifter_new(&ctx) < 0)
		return 5;
	rc = shifter_load_config(ctx, NULL);
	if (strcmp(verb, "epilog") == 0) /* whatever somebody wrote into the configuration */
		status = shifter_teardown(ctx, id) < 0 ? fail() : 0;
	else if (rc < 0 && rc != -ENOENT) /* without a file its defaults hold */
		status = fail();
	else if (strcmp(verb, "prolog") == 0)
		status = prolog(id);
	else if (strcmp(verb, "task") == 0 && argc > 2)
		status = task(id, argv + 2);
	shifter_free(ctx);
	return status;
}
