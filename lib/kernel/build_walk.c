/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/build_walk.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/message.h"
#include "kernel/mounts.h"
#include "kernel/syscalls.h"
#include "model/flat_plan.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct builder {
	const struct shf_flat_plan *plan;
	int slots[SHF_PLAN_SLOTS];
	int namespace;
	struct shf_build_answer answer;
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

/* There is no umask here: what is made has its mode at once, but for what chown(2) clears. */
static bool is_made_as_it_is(const struct shf_step *step)
{
	return !step->owner && !step->group && !(step->mode & (S_ISUID | S_ISGID));
}

static int own(int fd, const struct shf_step *step)
{
	if (is_made_as_it_is(step))
		return 0;
	if (fchown(fd, step->owner, step->group) < 0 || fchmod(fd, step->mode) < 0)
		return -errno;
	return 0;
}

static int make_directory(int base, const struct shf_step *step)
{
	bool is_whole = is_made_as_it_is(step);
	cleanup_fd int fd = -1;

	if (mkdirat(base, step->path, is_whole ? step->mode : 0700) < 0)
		return errno == EEXIST && !(step->flags & SHF_STEP_FRESH) ? 0 : -errno;
	if (is_whole)
		return 0;
	fd = openat(base, step->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return own(fd, step);
}

static int make_file(int base, const struct shf_step *step)
{
	cleanup_fd int fd = -1;
	int rc;

	fd = openat(base, step->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    is_made_as_it_is(step) ? step->mode : 0600);
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

	if (shf_sys_statx(mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0)
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
static int read_as_user(const struct shf_flat_plan *plan)
{
	if (setgroups(plan->n_reader_groups, shf_get_reader_groups(plan)) < 0)
		return -errno;
	setfsgid(plan->reader_gid);
	setfsuid(plan->reader_uid);
	/* neither says whether it worked, but what is the case now */
	if ((gid_t)setfsgid((gid_t)-1) != plan->reader_gid ||
	    (uid_t)setfsuid((uid_t)-1) != plan->reader_uid)
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
		rc = read_as_user(b->plan);
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

/* A descriptor for each mount: the soft limit is for select(), which is not used here. */
static void raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static const struct shf_flat_plan *receive_plan(int channel)
{
	const struct shf_flat_plan *plan;
	cleanup_fd int file = -1;
	size_t n_fds = 1;
	uint64_t size;

	if (shf_receive(channel, &size, sizeof(size), &file, &n_fds, INT64_MAX) !=
		    (ssize_t)sizeof(size) ||
	    n_fds != 1)
		return NULL;
	plan = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	return plan == MAP_FAILED || plan->size != size || plan->n_slots > SHF_PLAN_SLOTS ? NULL
											  : plan;
}

/* They come in the order of their numbers, as many at a time as there is room for. */
static bool receive_slots(struct builder *b, int channel)
{
	const uint32_t *given = shf_get_given_slots(b->plan);
	uint32_t taken = 0;

	memset(b->slots, 0xff, b->plan->n_slots * sizeof(*b->slots));
	while (taken < b->plan->n_given) {
		int fds[SHF_MESSAGE_FDS];
		size_t n_fds = SHF_MESSAGE_FDS;
		char byte;

		if (shf_receive(channel, &byte, 1, fds, &n_fds, INT64_MAX) != 1 || n_fds == 0)
			return false;
		for (size_t i = 0; i < n_fds && taken < b->plan->n_given; i++)
			b->slots[given[taken++]] = fds[i];
	}
	return true;
}

bool shf_serve_build(int channel)
{
	static struct builder b = { .namespace = -1 };
	int rc = 0;

	umask(0);
	raise_limit();
	b.plan = receive_plan(channel);
	if (!b.plan || !receive_slots(&b, channel))
		return false;
	for (uint32_t i = 0; i < b.plan->n_steps && rc == 0; i++) {
		const struct shf_step step = shf_get_flat_step(b.plan, i);

		b.answer.step = i;
		rc = walk(&b, &step);
	}
	b.answer.error = -rc;
	if (shf_send(channel, &b.answer, sizeof(b.answer), &b.namespace, rc == 0 ? 1 : 0) < 0)
		rc = -EPIPE;
	munmap((void *)(uintptr_t)b.plan, b.plan->size);
	return rc == 0;
}
