/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_check_node() - what this node lacks
 *
 * Each look is one that a set-up would take, too, where it fails a job.
 */
#include "verbs/check_node.h"

#include "base/cleanup.h"
#include "kernel/host_facts.h"
#include "kernel/syscalls.h"
#include "kernel/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#ifndef SHF_LIBEXECDIR
#define SHF_LIBEXECDIR "/usr/libexec/shifter"
#endif

void shf_check_tell(struct shf_check *c, const char *name)
{
	struct shf_report *report = &c->report;
	const struct shifter_check_info info = { .size = sizeof(info),
						 .name = name,
						 .problem = report->error ? report->text : NULL,
						 .fault = report->error ? report->fault : 0 };

	if (info.fault && !c->first.error)
		c->first = *report;
	if (!c->stop && c->found)
		c->stop = c->found(&info, c->data);
	shf_report_clear(report);
}

/* The kernel loads the module, if it has one. */
static void check_file_system(struct shf_check *c, const char *type)
{
	cleanup_fd int fd = shf_sys_fsopen(type);

	if (fd < 0)
		shf_fail_errno(&c->report, SHIFTER_FAULT_NODE, errno,
			       "the kernel has no file system '%s': load or build its module",
			       type);
	shf_check_tell(c, type);
}

static void check_loop(struct shf_check *c)
{
	static const char path[] = "/dev/loop-control";
	cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		shf_fail_errno(&c->report, SHIFTER_FAULT_NODE, errno,
			       "cannot open '%s': images cannot be mounted: load the module 'loop'",
			       path);
	shf_check_tell(c, "loop");
}

static void check_program(struct shf_check *c, const char *name, bool is_setuid)
{
	cleanup_fd int fd = -1;
	struct statvfs fs;
	struct stat st;
	char path[256];

	snprintf(path, sizeof(path), SHF_LIBEXECDIR "/%s", name);
	fd = shf_open_trusted(path, O_PATH, (struct shf_owners){ NULL, 0 }, "program",
			      SHIFTER_FAULT_SITE, &c->report);
	if (fd >= 0 && (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0))
		shf_fail_errno(&c->report, SHIFTER_FAULT_NODE, errno, "cannot look at '%s'", path);
	else if (fd >= 0 && (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)))
		shf_fail(&c->report, SHIFTER_FAULT_SITE, EACCES,
			 "the program '%s' is not executable: make its mode %s", path,
			 is_setuid ? "4755" : "755");
	else if (fd >= 0 && fs.f_flag & ST_NOEXEC)
		shf_fail(&c->report, SHIFTER_FAULT_SITE, EACCES,
			 "the program '%s' is on a file system that is mounted noexec", path);
	else if (fd >= 0 && is_setuid && !(st.st_mode & S_ISUID))
		shf_fail(&c->report, SHIFTER_FAULT_SITE, EPERM,
			 "the program '%s' is not setuid: make its mode 4755, or no user gets into "
			 "the container of a job",
			 path);
	else if (fd >= 0 && is_setuid && fs.f_flag & ST_NOSUID)
		shf_fail(
			&c->report, SHIFTER_FAULT_SITE, EPERM,
			"the program '%s' is on a file system that is mounted nosuid: no user gets "
			"into the container of a job",
			path);
	shf_check_tell(c, name);
}

static void check_image_path(struct shf_check *c)
{
	const char *path = c->ctx->config.image_path;
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		shf_fail_errno(&c->report, SHIFTER_FAULT_SITE, errno,
			       "cannot open '%s', which imagePath names", path);
	shf_check_tell(c, "imagePath");
}

static void check_site_mounts(struct shf_check *c)
{
	const struct shf_mounts *site = &c->ctx->config.site_fs;

	for (size_t i = 0; i < site->count; i++) {
		const struct shf_mount *mount = &site->list[i];
		struct stat st;

		if (!mount->optional && stat(mount->source, &st) < 0)
			shf_fail_errno(&c->report, SHIFTER_FAULT_SITE, errno,
				       "cannot look at '%s', which siteFs names", mount->source);
		if (c->report.error)
			break;
	}
	shf_check_tell(c, "siteFs");
}

int shifter_check_node(struct shifter_ctx *ctx, shifter_check_fn found, void *data)
{
	struct shf_check c = { .ctx = ctx, .found = found, .data = data };
	int rc;

	shf_begin(ctx);
	rc = shf_require_root(&ctx->report, "check a node");
	if (rc < 0)
		return rc;
	shf_check_kernel(&c.report);
	shf_check_tell(&c, "kernel");
	check_file_system(&c, "tmpfs");
	check_file_system(&c, "overlay");
	check_file_system(&c, "squashfs");
	check_loop(&c);
	check_program(&c, "shifter-enter", true);
	check_program(&c, "shifter-keeper", false);
	check_program(&c, "shifter-lookup", false);
	check_program(&c, "shifter-builder", false);
	check_program(&c, "shifter-usher", false);
	check_program(&c, "shifter-readconf", false);
	check_image_path(&c);
	check_site_mounts(&c);
	shf_check_ssh(&c);
	if (c.stop)
		return c.stop;
	if (c.first.error)
		return shf_fail(&ctx->report, c.first.fault, EUCLEAN, "%s", c.first.text);
	return 0;
}
