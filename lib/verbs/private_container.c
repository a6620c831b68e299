/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_enter_private_container() - a container without privilege
 *
 * What asks who may change a file is done first: in a user namespace of one
 * user, root's files are nobody's.  What is mounted is opened after it, since
 * descriptors from before belong to mounts that are out of reach then.
 */
#include "base/cleanup.h"
#include "base/mount_attributes.h"
#include "kernel/builder.h"
#include "kernel/fuse_image.h"
#include "kernel/host_facts.h"
#include "kernel/mounts.h"
#include "kernel/trust.h"
#include "kernel/user_namespace.h"
#include "verbs/setup.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* On the way to the container's root something must be covered for a moment. */
#define STAGE "/proc"

static int check_caller(struct setup *s)
{
	struct shf_report *report = &s->ctx->report;

	if (geteuid() == 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EPERM,
				"cannot make a container for root: become the user first whose it "
				"is to be");
	if (s->spec.uid != geteuid() || s->spec.gid != getegid())
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: uid and gid are not the caller's");
	if (s->spec.flags & ~(uint32_t)SHIFTER_SETUP_WRITABLE)
		return shf_fail(report, SHIFTER_FAULT_CALLER, EINVAL,
				"malformed container spec: a container without a job has no sshd");
	/* for messages only */
	s->spec.id = "private";
	return shf_setup_check(s);
}

static int open_udi(struct setup *s)
{
	const char *path = s->ctx->config.udiimage_path;
	int fd;

	fd = shf_open_trusted(path, O_PATH | O_DIRECTORY, (struct shf_owners){ NULL, 0 },
			      "udiImage", SHIFTER_FAULT_SITE, &s->ctx->report);
	if (fd == -ENOENT) {
		shf_log(s->ctx, SHIFTER_LOG_DEBUG, "no udiImage: %s", s->ctx->report.text);
		shf_report_clear(&s->ctx->report);
		return 0;
	}
	if (fd < 0)
		return fd;
	s->udi.dir = fd;
	return 0;
}

/* The same directory in the namespaces that are ours. */
static int reopen(struct setup *s, int *fd, const char *path)
{
	cleanup_fd int again = -1;
	struct stat before, after;

	again = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0 || fstat(*fd, &before) < 0 || fstat(again, &after) < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_JOB, errno, "cannot open '%s'",
				      path);
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EAGAIN,
				"cannot open '%s': it was replaced in this moment", path);
	shf_close_fd(fd);
	*fd = steal_fd(&again);
	return 0;
}

/*
 * What is changed is copied first, with its owner and that of each directory above it,
 * and a namespace of one user has a number for one owner alone.
 */
static int check_writable(struct setup *s)
{
	struct stat st;

	if (!(s->spec.flags & SHIFTER_SETUP_WRITABLE))
		return 0;
	if (s->image.is_directory && fstat(s->image.fd, &st) == 0 && st.st_uid == geteuid())
		return 0;
	return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EOPNOTSUPP,
			"cannot make image '%s' writable without a job: it is not a directory of "
			"your own: make one with 'shifter import', or submit a job with --writable",
			s->image.path);
}

static int mount_image(struct setup *s)
{
	int timeout_ms = (int)s->ctx->config.helper_timeout_s * 1000;
	int rc;

	if (!s->image.is_directory) {
		rc = shf_mount_fuse_image(s->image.fd, s->image.path, timeout_ms, &s->ctx->report);
		if (rc < 0)
			return rc;
		s->slots[SHF_SLOT_IMAGE] = rc;
		return 0;
	}
	rc = reopen(s, &s->image.fd, s->image.path);
	if (rc < 0)
		return rc;
	rc = shf_clone_mount(s->image.fd, "", false,
			     SHF_ATTR_RDONLY | SHF_ATTR_NOSUID | SHF_ATTR_NODEV);
	/* what root mounted in there must not be uncovered by a user */
	if (rc == -EINVAL)
		return shf_fail(&s->ctx->report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s' without a job: something is mounted below "
				"it",
				s->image.path);
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot mount image '%s'", s->image.path);
	s->slots[SHF_SLOT_IMAGE] = rc;
	return 0;
}

static int enter(struct setup *s)
{
	if (setns(s->namespace, CLONE_NEWNS) < 0 || chdir("/") < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, errno,
				      "cannot enter the container");
	return 0;
}

static int set_up(struct setup *s)
{
	int rc = check_caller(s);

	if (rc == 0)
		rc = shf_check_kernel(&s->ctx->report);
	if (rc == 0)
		rc = shf_open_image(&s->ctx->config, &s->ref, &s->session, &s->image,
				    &s->ctx->report);
	if (rc == 0)
		rc = check_writable(s);
	if (rc == 0)
		rc = open_udi(s);
	if (rc == 0)
		/* what is asked next is asked in there */
		shf_end_user_session(&s->session);
	if (rc == 0)
		rc = shf_enter_user_namespace(&s->ctx->report);
	if (rc == 0)
		rc = mount_image(s);
	if (rc == 0 && s->udi.dir >= 0)
		rc = reopen(s, &s->udi.dir, s->ctx->config.udiimage_path);
	if (rc < 0)
		return rc;
	s->slots[SHF_SLOT_UDI] = s->udi.dir;
	rc = shf_setup_open_volumes(s);
	if (rc == 0)
		rc = shf_setup_open_live_directory(s);
	if (rc == 0)
		rc = shf_setup_ask_about_image(s);
	if (rc == 0)
		rc = shf_setup_hear_about_image(s);
	if (rc == 0)
		rc = shf_setup_start_build(s, STAGE);
	if (rc == 0)
		rc = shf_setup_finish_build(s);
	if (rc == 0)
		rc = enter(s);
	if (rc < 0)
		return rc;
	rc = shf_give_up_capabilities();
	if (rc < 0)
		return shf_fail_errno(&s->ctx->report, SHIFTER_FAULT_NODE, -rc,
				      "cannot give up privileges");
	return 0;
}

int shifter_enter_private_container(struct shifter_ctx *ctx,
				    const struct shifter_container_spec *spec)
{
	struct setup *s;
	int rc;

	shf_begin(ctx);
	s = calloc(1, sizeof(*s));
	if (!s)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot make a container");
	shf_setup_init(s, ctx);
	s->session.identity = NULL;
	rc = shf_copy_spec(&ctx->report, "container spec", spec, &s->spec, sizeof(s->spec));
	if (rc == 0)
		rc = set_up(s);
	if (rc == 0)
		shf_log(ctx, SHIFTER_LOG_INFO, "made a container of image '%s'", s->image.path);
	shf_setup_release(s);
	free(s);
	return rc;
}
