/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/builder.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/message.h"
#include "kernel/mounts.h"
#include "kernel/syscalls.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* What the child says at its end. */
struct answer {
	uint32_t step;
	int32_t error; /* 0: built, and the namespace comes along */
	char detail[256];
};

struct builder {
	const struct shf_plan *plan;
	const struct shf_identity *reader;
	int slots[SHF_PLAN_SLOTS];
	int namespace;
	struct answer answer;
};

static int isolate(struct builder *b)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	/* now, while there is a /proc that can be trusted to be one */
	b->namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return b->namespace < 0 ? -errno : 0;
}

static int place(struct builder *b, const struct shf_step *step)
{
	int rc;

	rc = shf_sys_move_mount(b->slots[step->slot], "", AT_FDCWD, step->path,
				SHF_MOVE_F_EMPTY_PATH);
	return rc < 0 ? -errno : 0;
}

static int own(int fd, const struct shf_step *step)
{
	if ((step->owner || step->group) && fchown(fd, step->owner, step->group) < 0)
		return -errno;
	/* after the owner: chown clears bits; and the umask is the caller's */
	return fchmod(fd, step->mode) < 0 ? -errno : 0;
}

static int make_directory(int base, const struct shf_step *step)
{
	cleanup_fd int fd = -1;

	if (mkdirat(base, step->path, 0700) < 0)
		return errno == EEXIST && !(step->flags & SHF_STEP_FRESH) ? 0 : -errno;
	fd = openat(base, step->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return own(fd, step);
}

static int make_file(int base, const struct shf_step *step)
{
	cleanup_fd int fd = -1;
	int rc;

	fd = openat(base, step->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = shf_write_all(fd, step->bytes, step->length);
	return rc < 0 ? rc : own(fd, step);
}

/*
 * Is what is to be mounted a directory?  It may be the user's, on a file system
 * that root may not look at, or that does not answer: ask for no more than that.
 */
static int is_directory(int mount)
{
	cleanup_fd int self = -1;
	struct statx st;

	if (statx(mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0)
		return S_ISDIR(st.stx_mode);
	if (errno != EACCES)
		return -errno;
	/* to start from what is none fails before any question of rights */
	self = openat(mount, ".", O_PATH | O_CLOEXEC);
	return self >= 0 || errno != ENOTDIR;
}

static int make_mount_point(struct builder *b, int base, const struct shf_step *step)
{
	struct shf_step made = *step;
	bool is_file = step->flags & SHF_STEP_IS_FILE;
	int rc;

	made.mode = 0755;
	if (!is_file && !(step->flags & SHF_STEP_IS_DIRECTORY) && b->slots[step->slot] >= 0) {
		rc = is_directory(b->slots[step->slot]);
		if (rc < 0)
			return rc;
		is_file = !rc;
	}
	if (is_file) {
		made.mode = 0644;
		made.bytes = "";
		made.length = 0;
		rc = make_file(base, &made);
		return rc == -EEXIST ? 0 : rc;
	}
	return make_directory(base, &made);
}

/*
 * An overlay reads its layers with the rights of who made it, and a directory of the
 * site layer has its own mode, not that of the image's below it.  In a directory that
 * users can write to, that may be anybody's by then: the user's rights have to do.
 * The user's file system id comes without the capabilities over files.
 */
static int read_as(const struct shf_identity *reader)
{
	if (setgroups(reader->n_groups, reader->groups) < 0)
		return -errno;
	setfsgid(reader->gid);
	setfsuid(reader->uid);
	/* neither says whether it worked, but what is the case now */
	if ((gid_t)setfsgid((gid_t)-1) != reader->gid || (uid_t)setfsuid((uid_t)-1) != reader->uid)
		return -EPERM;
	return 0;
}

static void read_as_root(void)
{
	setfsuid(0);
	setfsgid(0);
}

static int make_overlay(struct builder *b, const struct shf_step *step)
{
	static const struct shf_mount_option merged[] = {
		{ "source", "shifter" },
		/* relative: the path of the stage needs no quoting */
		{ "lowerdir", "site:image" },
		{ "redirect_dir", "nofollow" },
		{ "metacopy", "off" },
		{ "xino", "off" },
		{ "ro", NULL },
	};
	static const struct shf_mount_option alone[] = {
		{ "source", "shifter" },
		/* it takes two layers at least */
		{ "lowerdir", "nothing:source" },
		{ "redirect_dir", "nofollow" },
		{ "metacopy", "off" },
		{ "xino", "off" },
		{ "ro", NULL },
	};
	static const struct shf_mount_option writable[] = {
		{ "source", "shifter" },
		{ "lowerdir", "site:image" },
		{ "upperdir", "upper" },
		{ "workdir", "work" },
		{ "redirect_dir", "nofollow" },
		{ "metacopy", "off" },
		{ "xino", "off" },
		/* wants file handles of each lower file system, for hard links alone */
		{ "index", "off" },
		/* last: what a new directory hides is noted in trusted.* else, which is root's */
		{ "userxattr", NULL },
	};
	const bool is_writable = step->flags & SHF_STEP_WRITABLE;
	const bool is_alone = step->flags & SHF_STEP_IMAGE_ALONE;
	const struct shf_mount_option *options = is_writable ? writable : is_alone ? alone
										   : merged;
	size_t n = is_writable ? sizeof(writable) / sizeof(*writable)
			       : sizeof(merged) / sizeof(*merged);
	uint32_t attributes = SHF_ATTR_NOSUID | SHF_ATTR_NODEV;
	int rc = 0;

	_Static_assert(sizeof(merged) == sizeof(alone), "they differ in their layers only");
	if (is_writable && !(step->flags & SHF_STEP_UNPRIVILEGED))
		n--;
	if (!is_writable)
		attributes |= SHF_ATTR_RDONLY;
	if (fchdir(b->slots[step->base]) < 0)
		return -errno;
	if (step->flags & SHF_STEP_AS_READER)
		rc = read_as(b->reader);
	if (rc == 0)
		rc = shf_new_mount("overlay", options, n, attributes, b->answer.detail,
				   sizeof(b->answer.detail));
	if (step->flags & SHF_STEP_AS_READER)
		read_as_root();
	return rc;
}

static int attach(struct builder *b, const struct shf_step *step)
{
	int mount = b->slots[step->slot];
	int rc;

	if (mount < 0)
		return step->flags & SHF_STEP_OPTIONAL ? 0 : -EBADF;
	rc = shf_attach_mount(mount, b->slots[step->base], step->path);
	return step->flags & SHF_STEP_LENIENT ? 0 : rc;
}

/* pivot_root(2), "pivot_root(".", ".")"; not chroot: it breaks nested namespaces */
static int enter(struct builder *b, const struct shf_step *step)
{
	if (fchdir(b->slots[step->slot]) < 0 || shf_sys_pivot_root(".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

/* A step that fills a slot returns the descriptor. */
static int walk(struct builder *b, const struct shf_step *step)
{
	int base = b->slots[step->base];
	int rc;

	switch (step->kind) {
	case SHF_STEP_CLONE_PATH:
		rc = shf_clone_mount(AT_FDCWD, step->source, step->flags & SHF_STEP_RECURSIVE,
				     step->attributes);
		if (rc == -ENOENT && (step->flags & SHF_STEP_OPTIONAL))
			return 0;
		break;
	case SHF_STEP_CLONE_FD:
		rc = shf_clone_mount(base, step->path ? step->path : "",
				     step->flags & SHF_STEP_RECURSIVE, step->attributes);
		if (rc == -ENOENT && (step->flags & SHF_STEP_OPTIONAL))
			return 0;
		break;
	case SHF_STEP_TMPFS:
		rc = shf_new_tmpfs(step->options, step->mode, b->answer.detail,
				   sizeof(b->answer.detail));
		break;
	case SHF_STEP_OPEN:
		rc = shf_open_beneath(base, step->path, O_RDONLY | O_DIRECTORY);
		break;
	case SHF_STEP_OVERLAY:
		rc = make_overlay(b, step);
		break;
	case SHF_STEP_ISOLATE:
		return isolate(b);
	case SHF_STEP_PLACE:
		return place(b, step);
	case SHF_STEP_DIRECTORY:
		return make_directory(base, step);
	case SHF_STEP_FILE:
		return make_file(base, step);
	case SHF_STEP_LINK:
		return symlinkat(step->source, base, step->path) < 0 ? -errno : 0;
	case SHF_STEP_WHITEOUT:
		/* a whiteout in a lower layer, as overlayfs(5) of the kernel has it */
		return mknodat(base, step->path, S_IFCHR, 0) < 0 ? -errno : 0;
	case SHF_STEP_MOUNT_POINT:
		return make_mount_point(b, base, step);
	case SHF_STEP_ATTACH:
		return attach(b, step);
	case SHF_STEP_ENTER:
		return enter(b, step);
	default:
		return -ENOSYS;
	}
	if (rc >= 0)
		b->slots[step->slot] = rc;
	return rc < 0 ? rc : 0;
}

static _Noreturn void walk_all(struct builder *b, int channel)
{
	struct rlimit files;
	int rc = 0;

	/* a caller that dies takes us along; the end of its thread is its death */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || shf_lift_fds(&channel, 1) < 0 ||
	    shf_lift_fds(b->slots, SHF_PLAN_SLOTS) < 0 || shf_null_stdio() < 0)
		_exit(125);
	umask(022);
	/* a descriptor for each mount: the soft limit is for select(), which is not used here */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (size_t i = 0; i < b->plan->count && rc == 0; i++) {
		b->answer.step = (uint32_t)i;
		rc = walk(b, &b->plan->steps[i]);
	}
	b->answer.error = -rc;
	shf_send(channel, &b->answer, sizeof(b->answer), &b->namespace, rc == 0 ? 1 : 0);
	_exit(0);
}

int shf_start_build(const struct shf_plan *plan, const int *slots,
		    const struct shf_identity *reader, int timeout_ms, struct shf_build *build,
		    struct shf_report *report)
{
	struct builder b = { .plan = plan, .reader = reader, .namespace = -1 };
	cleanup_fd int theirs = -1;
	int pair[2];
	int rc;

	*build = SHF_NO_BUILD;
	build->plan = plan;
	build->timeout_ms = timeout_ms;
	build->deadline_ms = shf_now_ms() + timeout_ms;
	memcpy(b.slots, slots, sizeof(b.slots));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, errno, "cannot make a socket");
	build->channel = pair[0];
	theirs = pair[1];
	rc = shf_fork(&build->child);
	if (rc == 1)
		walk_all(&b, theirs);
	if (rc < 0) {
		shf_end_build(build);
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot fork");
	}
	return 0;
}

static int take_namespace(struct shf_build *build, struct shf_report *report)
{
	cleanup_fd int namespace = -1;
	struct answer answer;
	size_t n_fds = 1;
	ssize_t n;
	int rc;

	n = shf_receive(build->channel, &answer, sizeof(answer), &namespace, &n_fds,
			build->deadline_ms);
	if (n == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_NODE, ETIMEDOUT,
				"cannot build the container: a file system did not answer within "
				"%d s",
				build->timeout_ms / 1000);
	if (n != (ssize_t)sizeof(answer))
		return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
				"cannot build the container: the builder ended early");
	if (answer.error)
		return shf_plan_explain(build->plan, answer.step, answer.error, answer.detail,
					report);
	if (n_fds != 1)
		return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
				"cannot build the container: it has no namespace");
	/* it is done: let it go in peace, and with it the last use of its descriptors */
	rc = shf_wait_child(&build->child, build->deadline_ms, NULL);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc,
				      "cannot build the container: the builder does not end");
	return steal_fd(&namespace);
}

int shf_finish_build(struct shf_build *build, struct shf_report *report)
{
	int rc = take_namespace(build, report);

	shf_end_build(build);
	return rc;
}

void shf_end_build(struct shf_build *build)
{
	shf_close_fd(&build->channel);
	shf_end_child(&build->child);
}
