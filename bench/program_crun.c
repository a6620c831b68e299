/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crun as it comes, with a bundle like a job's container: only a mount
 * namespace, the same directories of the host, no seccomp, no cgroup of its own.
 */
#include "fail.h"
#include "floor.h"
#include "programs.h"
#include "start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct bench_setting *setting;
static char root[4096], state[4096], idle[4096], once[4096], pid_file[4096];

static void write_bundle(const char *bundle, const char *command, const char *argument)
{
	static const char *const binds[] = { "/dev", "/sys", "/proc", "/home", "/tmp", "/var/tmp" };
	char path[4200];
	FILE *file;

	BENCH_MUST(mkdir(bundle, 0755), bundle);
	snprintf(path, sizeof(path), "%s/config.json", bundle);
	file = fopen(path, "we");
	if (!file)
		err(1, "%s", path);
	fprintf(file, "{\"ociVersion\": \"1.0.2\", "
		      "\"root\": {\"path\": \"%s\", \"readonly\": true},",
		root);
	fprintf(file, "\"process\": {\"user\": {\"uid\": %u, \"gid\": %u}, \"cwd\": \"/\",",
		(unsigned)setting->uid, (unsigned)setting->uid);
	fprintf(file, "\"args\": [\"%s\"%s%s%s], \"env\": [\"PATH=/usr/bin:/bin\"],", command,
		argument ? ", \"" : "", argument ? argument : "", argument ? "\"" : "");
	fprintf(file, "\"noNewPrivileges\": true},\"mounts\": [");
	for (size_t i = 0; i < sizeof(binds) / sizeof(*binds); i++)
		fprintf(file, "{\"destination\": \"%s\", \"source\": \"%s\", \"type\": \"bind\","
			      "\"options\": [\"rbind\", \"rprivate\", \"nosuid\"]},",
			binds[i], binds[i]);
	fprintf(file, "{\"destination\": \"/run\", \"source\": \"tmpfs\", \"type\": \"tmpfs\","
		      "\"options\": [\"nosuid\", \"nodev\"]}],"
		      "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}]}}");
	if (fclose(file) != 0)
		err(1, "%s", path);
}

static bool prepare(const struct bench_setting *given)
{
	setting = given;
	if (access("/usr/bin/crun", X_OK) < 0)
		return false;
	snprintf(root, sizeof(root), "%s/root", setting->work);
	snprintf(state, sizeof(state), "%s/crun", setting->work);
	snprintf(idle, sizeof(idle), "%s/idle", setting->work);
	snprintf(once, sizeof(once), "%s/once", setting->work);
	snprintf(pid_file, sizeof(pid_file), "%s/crun.pid", setting->work);
	BENCH_MUST(mkdir(root, 0755), root);
	write_bundle(idle, "/bin/sleep", "3600");
	write_bundle(once, setting->command, NULL);
	return true;
}

static pid_t start(const char *const *arguments)
{
	char *argv[16] = { (char *)"/usr/bin/crun", (char *)"--root", state,
			   (char *)"--cgroup-manager=disabled" };
	size_t n = 4;

	while (*arguments)
		argv[n++] = (char *)*arguments++;
	return bench_start(argv, setting->environment, 0);
}

static void mount_image(void)
{
	int fd = bench_mount_squashfs(setting->image);

	BENCH_MUST(syscall(SYS_move_mount, fd, "", AT_FDCWD, root, 4), root);
	close(fd);
}

static void unmount_image(void)
{
	BENCH_MUST(umount2(root, MNT_DETACH), root);
}

static void set_up(void)
{
	mount_image();
	bench_wait(start((const char *const[]){ "run", "-d", "--pid-file", pid_file, "-b", idle,
						"bench", NULL }),
		   "crun run -d");
}

static pid_t start_entry(void)
{
	return start((const char *const[]){ "exec", "bench", setting->command, NULL });
}

/* Without a cgroup "crun delete -f" lets what runs in the container be. */
static void kill_container(void)
{
	FILE *file = fopen(pid_file, "re");
	int pid = 0;

	if (!file || fscanf(file, "%d", &pid) != 1 || pid <= 1)
		errx(1, "crun has not written a pid to '%s'", pid_file);
	fclose(file);
	BENCH_MUST(kill(pid, SIGKILL), "kill");
}

static void tear_down(void)
{
	kill_container();
	bench_wait(start((const char *const[]){ "delete", "-f", "bench", NULL }), "crun delete");
	unmount_image();
}

static void run_remove(void)
{
	mount_image();
	bench_wait(start((const char *const[]){ "run", "-b", once, "once", NULL }), "crun run");
	unmount_image();
}

const struct bench_program bench_crun = { "crun", prepare, set_up,
					  start_entry, tear_down, run_remove, NULL };
