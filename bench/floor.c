/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor.h"

#include "fail.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/mount.h, which does not go together with every C library's sys/mount.h */
enum {
	CLONE_TREE = 1 | O_CLOEXEC,
	RECURSIVE = 0x8000,
	FROM_FD = 0x4,
	RDONLY = 1,
	NOSUID = 2,
	NODEV = 4,
	NOEXEC = 8,
	SET_FLAG = 0,
	SET_STRING = 1,
	CREATE = 6,
	REC_PRIVATE = 16384 | (1 << 18),
	DETACH = 2
};

struct attributes {
	uint64_t set, clear, propagation, userns_fd;
};

static int new_mount(const char *type, const char *const options[][2], size_t n, unsigned flags)
{
	int context = (int)BENCH_MUST(syscall(SYS_fsopen, type, 1), type);
	int fd;

	for (size_t i = 0; i < n; i++)
		BENCH_MUST(syscall(SYS_fsconfig, context, options[i][1] ? SET_STRING : SET_FLAG,
				   options[i][0], options[i][1], 0),
			   options[i][0]);
	BENCH_MUST(syscall(SYS_fsconfig, context, CREATE, NULL, NULL, 0), type);
	fd = (int)BENCH_MUST(syscall(SYS_fsmount, context, 1, flags), type);
	close(context);
	return fd;
}

int bench_mount_squashfs(const char *path)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR };
	char device[32];
	const char *const options[][2] = { { "source", device }, { "ro", NULL } };
	int control = (int)BENCH_MUST(open("/dev/loop-control", O_RDWR | O_CLOEXEC), "loop");
	int loop, fd, number;

	config.fd = (uint32_t)BENCH_MUST(open(path, O_RDONLY | O_CLOEXEC), path);
	do {
		number = (int)BENCH_MUST(ioctl(control, LOOP_CTL_GET_FREE), "LOOP_CTL_GET_FREE");
		snprintf(device, sizeof(device), "/dev/loop%d", number);
		loop = (int)BENCH_MUST(open(device, O_RDONLY | O_CLOEXEC), device);
		fd = ioctl(loop, LOOP_CONFIGURE, &config);
		if (fd < 0)
			close(loop);
	} while (fd < 0);
	fd = new_mount("squashfs", options, 2, RDONLY | NOSUID | NODEV);
	close(loop);
	close(control);
	close((int)config.fd);
	return fd;
}

static int clone_tree(const char *path, uint64_t set)
{
	struct attributes attributes = { .set = set, .propagation = 1 << 18 };
	int fd = (int)BENCH_MUST(syscall(SYS_open_tree, AT_FDCWD, path, CLONE_TREE | RECURSIVE),
				 path);

	BENCH_MUST(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | RECURSIVE, &attributes,
			   sizeof(attributes)),
		   path);
	return fd;
}

static void attach(int fd, int at, const char *path)
{
	BENCH_MUST(syscall(SYS_move_mount, fd, "", at, path, FROM_FD), path);
	close(fd);
}

static void make_file(const char *path, const char *text)
{
	int fd = (int)BENCH_MUST(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), path);

	BENCH_MUST(write(fd, text, strlen(text)), path);
	close(fd);
}

static void make_site_layer(void)
{
	static const char *const directories[] = { "etc", "dev", "proc", "sys", "run", "home",
						   "tmp", "var", "var/tmp", "opt", "opt/udiImage" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		BENCH_MUST(mkdir(directories[i], 0755), directories[i]);
	make_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:2001:2001::/home:/bin/sh\n");
	make_file("etc/group", "root:x:0:\nuser:x:2001:\n");
	make_file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
	make_file("etc/resolv.conf", "nameserver 127.0.0.1\n");
	BENCH_MUST(symlink("../run/shifter/hosts", "etc/hosts"), "etc/hosts");
	BENCH_MUST(symlink("../run/shifter/hostsfile", "var/hostsfile"), "var/hostsfile");
}

/* In the holder: the order is that of the library, whose reasons hold here, too. */
static void build(const char *image, const char *udiimage, uid_t uid)
{
	const char *const tmpfs[][2] = { { "size", "256m" }, { "mode", "0755" } };
	const char *const layers[][2] = { { "lowerdir", "site:image" } };
	int squashfs = bench_mount_squashfs(image);
	int dev, sys, proc, home, tmp, var_tmp, udi, root;
	char user[32];

	BENCH_MUST(unshare(CLONE_NEWNS), "unshare");
	BENCH_MUST(syscall(SYS_mount, NULL, "/", NULL, REC_PRIVATE, NULL), "/");
	dev = clone_tree("/dev", NOSUID);
	sys = clone_tree("/sys", RDONLY | NOSUID | NODEV | NOEXEC);
	proc = clone_tree("/proc", NOSUID | NODEV | NOEXEC);
	home = clone_tree("/home", NOSUID | NODEV);
	tmp = clone_tree("/tmp", NOSUID | NODEV);
	var_tmp = clone_tree("/var/tmp", NOSUID | NODEV);
	udi = clone_tree(udiimage, RDONLY | NOSUID | NODEV);
	attach(new_mount("tmpfs", tmpfs, 2, NOSUID | NODEV), AT_FDCWD, "/mnt");
	BENCH_MUST(chdir("/mnt"), "/mnt");
	BENCH_MUST(mkdir("site", 0755), "site");
	BENCH_MUST(mkdir("image", 0755), "image");
	BENCH_MUST(mkdir("root", 0755), "root");
	attach(squashfs, AT_FDCWD, "image");
	BENCH_MUST(chdir("site"), "site");
	make_site_layer();
	BENCH_MUST(chdir(".."), "..");
	root = new_mount("overlay", layers, 1, RDONLY | NOSUID | NODEV);
	attach(root, AT_FDCWD, "root");
	BENCH_MUST(chdir("root"), "root");
	attach(dev, AT_FDCWD, "dev");
	attach(sys, AT_FDCWD, "sys");
	attach(proc, AT_FDCWD, "proc");
	attach(new_mount("tmpfs", tmpfs, 2, NOSUID | NODEV), AT_FDCWD, "run");
	BENCH_MUST(mkdir("run/user", 0755), "run/user");
	snprintf(user, sizeof(user), "run/user/%u", (unsigned)uid);
	BENCH_MUST(mkdir(user, 0700), user);
	BENCH_MUST(chown(user, uid, uid), user);
	BENCH_MUST(mkdir("run/shifter", 0755), "run/shifter");
	attach(new_mount("tmpfs", tmpfs, 2, NOSUID | NODEV), AT_FDCWD, "run/shifter");
	attach(home, AT_FDCWD, "home");
	attach(tmp, AT_FDCWD, "tmp");
	attach(var_tmp, AT_FDCWD, "var/tmp");
	attach(udi, AT_FDCWD, "opt/udiImage");
	BENCH_MUST(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	BENCH_MUST(syscall(SYS_umount2, ".", DETACH), "umount2");
	BENCH_MUST(chdir("/"), "/");
}

void bench_floor_set_up(const char *image, const char *udiimage, uid_t uid,
			struct bench_floor *out)
{
	int ready[2];
	char path[64], byte;

	BENCH_MUST(pipe2(ready, O_CLOEXEC), "pipe");
	out->holder = (pid_t)BENCH_MUST(fork(), "fork");
	if (out->holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		build(image, udiimage, uid);
		BENCH_MUST(write(ready[1], "r", 1), "pipe");
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "the floor's set-up failed");
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)out->holder);
	out->namespace = (int)BENCH_MUST(open(path, O_RDONLY | O_CLOEXEC), path);
}

void bench_floor_tear_down(struct bench_floor *floor)
{
	kill(floor->holder, SIGKILL);
	while (waitpid(floor->holder, NULL, 0) < 0)
		;
	close(floor->namespace);
}
