/* SPDX-License-Identifier: BSD-3-Clause */
#include "private_tmp.h"

#include "common/child.h"
#include "context.h"
#include "common/scope.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { TIMEOUT_MS = 20000,
       SAID_MAX = 1024,
       WHY_SIZE = 1024,
       PATH_SIZE = 4096,
       RECURSIVE = 0x8000 /* AT_RECURSIVE, which fcntl.h has from some version on */ };

/* linux/mount.h does not go together with sys/mount.h, and older ones lack the structure. */
struct attributes {
	uint64_t set, clear, propagation, userns_fd;
};

static const char *const places[] = { "/tmp", "/dev/shm" };
enum { PLACES = sizeof(places) / sizeof(*places) };

struct private
{
	const struct shf_slurm_args *args;
	char container[SHF_SLURM_ID_SIZE];
	char namespace[PATH_SIZE]; /* pinned by Slurm */
};

/* Undo mountinfo's \040 and its kin, in place. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		unsigned int c;

		if (*text == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
			*out++ = (char)c;
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

/*
 * Slurm pins the job's mount namespace at BasePath/[NODE/]JOB/.ns.  Where BasePath is, only
 * job_container.conf says, but the mount is there to be seen.  Returns 1, 0 if there is none, or
 * a negative errno value.
 */
static int find_namespace(uint32_t job, char path[PATH_SIZE])
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	scope_free char *line = NULL;
	size_t size = 0, end_length;
	char end[32];
	int found = 0;

	if (!mounts)
		return -errno;
	end_length = (size_t)snprintf(end, sizeof(end), "/%u/.ns", (unsigned int)job);
	while (!found && getline(&line, &size, mounts) > 0) {
		char *at = line, *separator = strstr(line, " - nsfs ");
		size_t n;

		/* the fifth word */
		for (int i = 0; separator && at && i < 4; i++)
			if ((at = strchr(at, ' ')))
				at++;
		if (!separator || !at)
			continue;
		at[strcspn(at, " ")] = '\0';
		unescape(at);
		n = strlen(at);
		if (n < end_length || n >= PATH_SIZE || strcmp(at + n - end_length, end) != 0)
			continue;
		memcpy(path, at, n + 1);
		found = 1;
	}
	fclose(mounts);
	return found;
}

static int say(const char *what, const char *object)
{
	int error = errno;

	dprintf(STDERR_FILENO, "cannot %s '%s': %s\n", what, object, strerror(error));
	return 1;
}

enum { MOVE_FDS = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH };

/* Put the mount fd over place, if that is one; what was forbidden there stays forbidden. */
static int cover(int fd, const char *place)
{
	struct attributes attributes = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
					 .propagation = 1 << 18 /* MS_PRIVATE */ };
	scope_fd int at = open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statvfs flags;
	struct statx st;

	if (at < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR))
		return 0;
	if (at < 0 || statx(at, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0 || fstatvfs(at, &flags) < 0)
		return say("look at the container's", place);
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	if (flags.f_flag & ST_RDONLY)
		attributes.set |= MOUNT_ATTR_RDONLY;
	if (flags.f_flag & ST_NOEXEC)
		attributes.set |= MOUNT_ATTR_NOEXEC;
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | RECURSIVE, &attributes,
		    sizeof(attributes)) < 0 ||
	    syscall(SYS_move_mount, fd, "", at, "", MOVE_FDS) < 0)
		return say("attach the job's own", place);
	return 0;
}

/* In the child: from the node's mount namespace into the job's, and on into the container. */
static int attach(int fd, void *data)
{
	const struct private *private = data;
	struct shifter_container *container;
	struct shifter_ctx *ctx;
	char why[WHY_SIZE];
	int fds[PLACES], namespace, fault;

	if (dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0)
		return 127;
	if (shf_slurm_context(private->args, &ctx, why, sizeof(why), &fault) < 0) {
		dprintf(STDERR_FILENO, "%s\n", why);
		return 1;
	}
	namespace = open(private->namespace, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return say("open", private->namespace);
	if (shifter_open_container(ctx, private->container, &container) < 0) {
		dprintf(STDERR_FILENO, "%s\n", shifter_get_error(ctx));
		return 1;
	}
	if (setns(namespace, CLONE_NEWNS) < 0)
		return say("enter", private->namespace);
	for (size_t i = 0; i < PLACES; i++) {
		fds[i] = (int)syscall(SYS_open_tree, AT_FDCWD, places[i],
				      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE);
		if (fds[i] < 0)
			return say("open the job's own", places[i]);
	}
	if (shifter_enter_container(container, SHIFTER_ENTER_KEEP_CREDENTIALS) < 0) {
		dprintf(STDERR_FILENO, "%s\n", shifter_get_error(ctx));
		return 1;
	}
	for (size_t i = 0; i < PLACES; i++)
		if (cover(fds[i], places[i]) != 0)
			return 1;
	return 0;
}

int shf_slurm_attach_private_tmp(const struct shf_slurm_args *args, uint32_t job, char *why,
				 size_t size)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	struct private private = { .args = args };
	int rc = find_namespace(job, private.namespace);

	if (rc == 0)
		return 0;
	if (rc > 0) {
		shf_slurm_container_id(job, private.container);
		rc = shf_wlm_child_run(attach, &private, SAID_MAX, TIMEOUT_MS, &said);
	}
	if (rc == 0 && WIFEXITED(said.exit_status) && WEXITSTATUS(said.exit_status) == 0)
		return 0;
	snprintf(why, size, "cannot give the container the job's own /tmp and /dev/shm: %.*s",
		 rc < 0 ? 200 : (int)strcspn(said.bytes, "\n"),
		 rc < 0 ? strerror(-rc) : said.bytes);
	return rc < 0 && rc != -EACCES ? rc : -EIO;
}

void shf_slurm_namespace(char out[64])
{
	ssize_t n = readlink("/proc/self/ns/mnt", out, 63);

	out[n < 0 ? 0 : n] = '\0';
}
