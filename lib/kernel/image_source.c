/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_source.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/image_finder.h"
#include "kernel/image_lookup.h"
#include "kernel/image_store.h"
#include "kernel/loop_device.h"
#include "kernel/mounts.h"
#include "kernel/syscalls.h"
#include "kernel/trust.h"

#include <endian.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stored(const struct shf_image_ref *ref)
{
	return ref->kind == SHF_IMAGE_ID || ref->kind == SHF_IMAGE_NAME;
}

static int plan_search(const struct shf_config *config, const struct shf_image_ref *ref,
		       struct shf_image_search *search, struct shf_report *report)
{
	char name[SHF_PATH_MAX];

	search->count = 0;
	snprintf(search->store, sizeof(search->store), "%s", config->image_path);
	if (ref->kind == SHF_IMAGE_LOCAL) {
		if (!config->allow_local_images)
			return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
					"cannot use image 'local:%s': this site allows images of "
					"its store '%s' only (allowLocalImages)",
					ref->text, config->image_path);
		snprintf(search->paths[search->count++], SHF_PATH_MAX, "%s", ref->text);
		return 0;
	}
	while (search->count < SHF_IMAGE_CANDIDATES &&
	       shf_image_store_candidate(ref, search->count, name, sizeof(name)) == 0) {
		if (snprintf(search->paths[search->count], SHF_PATH_MAX, "%s/%s",
			     config->image_path, name) >= SHF_PATH_MAX)
			return shf_fail(report, SHIFTER_FAULT_JOB, ENAMETOOLONG,
					"cannot look up image '%s': its path is too long",
					ref->text);
		search->count++;
	}
	return 0;
}

static int explain(const struct shf_image_ref *ref, const struct shf_image_search *search,
		   int error, struct shf_report *report)
{
	if (error == ENOENT && ref->kind == SHF_IMAGE_NAME && search->count > 1)
		return shf_fail(report, SHIFTER_FAULT_JOB, error,
				"there is no image '%s': neither '%s' nor '%s' exists, and "
				"'docker:%s:latest' is not known",
				ref->text, search->paths[0], search->paths[1], ref->text);
	if (error == ENOENT && search->count > 1)
		return shf_fail(report, SHIFTER_FAULT_JOB, error,
				"there is no image '%s': neither '%s' nor '%s' exists", ref->text,
				search->paths[0], search->paths[1]);
	if (error == ENOENT)
		return shf_fail(report, SHIFTER_FAULT_JOB, error,
				"there is no image '%s': '%s' does not exist", ref->text,
				search->paths[0]);
	return shf_fail_errno(report, SHIFTER_FAULT_JOB, error, "cannot read image '%s'",
			      ref->text);
}

/* ---- is it one? ---- */

static int check_squashfs(const struct shf_image_ref *ref,
			  const struct shf_image_finding *finding, struct shf_report *report)
{
	const char *name;
	uint64_t used;

	if (!shf_is_squashfs(finding->head, finding->head_length)) {
		name = shf_name_image_format(finding->head, finding->head_length,
					     finding->volume);
		if (!finding->size)
			name = "empty";
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': '%s' is %s; make an image of it with "
				"'shifterctl import'",
				ref->text, finding->path,
				name ? name : "neither a directory nor a squashfs file");
	}
	/* bytes used, at 40, little endian: the squashfs format, section 3 */
	memcpy(&used, finding->head + 40, sizeof(used));
	used = le64toh(used);
	if (used > finding->size)
		return shf_fail(
			report, SHIFTER_FAULT_JOB, EINVAL,
			"cannot use image '%s': '%s' is truncated, it has %llu of %llu bytes",
			ref->text, finding->path, (unsigned long long)finding->size,
			(unsigned long long)used);
	return 0;
}

static const char *name_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO: return "a FIFO";
	case S_IFSOCK: return "a socket";
	case S_IFBLK:
	case S_IFCHR: return "a device";
	default: return "a special file";
	}
}

static int check_finding(const struct shf_image_ref *ref,
			 const struct shf_image_finding *finding, struct shf_report *report)
{
	const char *unfit;

	if (S_ISREG(finding->mode))
		return check_squashfs(ref, finding, report);
	if (!S_ISDIR(finding->mode))
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': '%s' is %s, neither a directory nor a "
				"regular file",
				ref->text, finding->path, name_type(finding->mode));
	/* by a link, that is */
	if (strcmp(finding->path, "/") == 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': the host's own root is no image",
				ref->text);
	/* an overlay reads with root's rights, and these have a word in who reads */
	unfit = shf_name_unfit_file_system(finding->fs_type);
	if (unfit)
		return shf_fail(report, SHIFTER_FAULT_JOB, ENOTSUP,
				"cannot use image '%s': a directory on %s cannot be one; make a "
				"squashfs image of it with 'shifterctl import'",
				ref->text, unfit);
	return 0;
}

/* ---- its metadata ---- */

static bool admits_caller(const struct shf_image_meta *meta)
{
	uint32_t groups[NGROUPS_MAX];
	int n;

	_Static_assert(sizeof(gid_t) == sizeof(*groups), "group ids have 32 bits");
	if (geteuid() == 0)
		return true;
	n = getgroups(NGROUPS_MAX, groups);
	return shf_image_meta_admits(meta, geteuid(), getegid(), groups, n < 0 ? 0 : (size_t)n);
}

static int check_meta(const struct shf_image_ref *ref, const char *path,
		      const struct shf_identity *identity, const struct shf_image_meta *meta,
		      struct shf_report *report)
{
	bool is_admitted = identity ? shf_image_meta_admits(meta, identity->uid, identity->gid,
							    identity->groups, identity->n_groups)
				    : admits_caller(meta);

	if (!is_admitted)
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot use image '%s': it is private, and the access list in '%s' "
				"does not name uid %u nor a group of it",
				ref->text, path, (unsigned)(identity ? identity->uid : geteuid()));
	if (meta->format[0] && strcmp(meta->format, "squashfs") != 0 &&
	    strcmp(meta->format, "VFS") != 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': it has the format '%s', says '%s'; make a "
				"squashfs image of it with 'shifterctl import'",
				ref->text, meta->format, path);
	return 0;
}

/*
 * Read it from the copy of it, or, where the user may not, as root: an access
 * list that cannot be read must not be one that admits all.
 */
static int read_meta(const struct shf_config *config, const struct shf_image_ref *ref,
		     const struct shf_image_finding *finding, int copy,
		     const struct shf_identity *identity, struct shf_image_meta *meta,
		     struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	char path[SHF_PATH_MAX];
	int rc;

	if (finding->meta_error == ENOENT || shf_image_meta_path(finding->path, path) < 0)
		return 0;
	if (finding->meta_error == EACCES && is_stored(ref)) {
		/* set-up will ask again */
		if (geteuid() != 0)
			return 0;
		rc = shf_read_trusted_file(config, path, "image metadata", SHF_IMAGE_META_MAX,
					   &text, report);
		if (rc == -ENOENT)
			return 0;
		if (rc < 0)
			return rc;
	} else {
		rc = -finding->meta_error;
		if (rc == 0 && lseek(copy, 0, SEEK_SET) < 0)
			rc = -errno;
		if (rc == 0)
			rc = shf_read_all(copy, SHF_IMAGE_META_MAX, &text);
		if (rc < 0)
			return shf_fail_errno(report, SHIFTER_FAULT_JOB, -rc,
					      "cannot read the metadata '%s' of the image", path);
	}
	rc = shf_image_meta_parse(path, text.data ? text.data : "", text.length, meta, report);
	return rc < 0 ? rc : check_meta(ref, path, identity, meta, report);
}

/* ---- all of it ---- */

static int find(const struct shf_config *config, const struct shf_image_ref *ref,
		const struct shf_image_search *search, struct shf_user_session *session,
		struct shf_image_finding *finding, int *fd, int *meta, struct shf_report *report)
{
	char what[SHF_PATH_MAX + 16];
	int rc = shf_find_image(search, session, finding, fd, meta);

	if (rc == -ETIMEDOUT)
		return shf_fail(
			report, SHIFTER_FAULT_JOB, ETIMEDOUT,
			"cannot read image '%s': its file system did not answer within %u s",
			ref->text, config->helper_timeout_s);
	if (rc == -EIO) {
		snprintf(what, sizeof(what), "image '%s'", ref->text);
		return shf_explain_user(session, rc, what, report);
	}
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot look up image '%s'",
				      ref->text);
	if (finding->error == EACCES && is_stored(ref) && session->identity && geteuid() == 0 &&
	    shf_is_private_store(config)) {
		memset(finding, 0, sizeof(*finding));
		rc = shf_find_private_image(config, search, finding, fd, report);
		/* its metadata, too, is for root to read */
		finding->meta_error = EACCES;
	}
	return rc;
}

/* What a name means that is no file of the store: a tag, perhaps.  0, -ENOENT in silence. */
static int look_up_name(const struct shf_config *config, struct shf_image_ref *ref,
			struct shf_user_session *session, struct shf_report *report)
{
	struct shf_report failure = { 0 };
	struct shf_image_ref tag, id;
	char text[SHF_PATH_MAX + 8];
	int rc;

	snprintf(text, sizeof(text), "docker:%s", ref->text);
	if (ref->kind != SHF_IMAGE_NAME || shf_image_parse(text, &tag, &failure) < 0)
		return -ENOENT;
	rc = shf_look_up_image(config, &tag, session, &id, &failure);
	if (rc == 0)
		*ref = id;
	else if (rc != -ENOENT)
		shf_fail(report, failure.fault, -rc, "%s", failure.text);
	return rc;
}

static int open_found(const struct shf_config *config, struct shf_image_ref *ref,
		      struct shf_user_session *session, struct shf_image_finding *finding,
		      struct shf_image_source *out, struct shf_report *report)
{
	cleanup_free struct shf_image_search *search = malloc(sizeof(*search));
	cleanup_fd int fd = -1;
	cleanup_fd int meta = -1;
	int rc;

	if (!search)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot look up image '%s'", ref->text);
	rc = plan_search(config, ref, search, report);
	if (rc == 0)
		rc = find(config, ref, search, session, finding, &fd, &meta, report);
	if (rc < 0)
		return rc;
	if (finding->error)
		return explain(ref, search, finding->error, report);
	rc = read_meta(config, ref, finding, meta, session->identity, &out->meta, report);
	if (rc == 0)
		rc = check_finding(ref, finding, report);
	if (rc < 0)
		return rc;
	out->fd = steal_fd(&fd);
	out->is_directory = S_ISDIR(finding->mode);
	memcpy(out->path, finding->path, sizeof(out->path));
	memcpy(out->store, finding->store, sizeof(out->store));
	return 0;
}

int shf_open_image(const struct shf_config *config, struct shf_image_ref *ref,
		   struct shf_user_session *session, struct shf_image_source *out,
		   struct shf_report *report)
{
	cleanup_free struct shf_image_finding *finding = calloc(1, sizeof(*finding));
	struct shf_report failure = { 0 };
	struct shf_image_ref id;
	int rc;

	if (!finding)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot look up image '%s'", ref->text);
	if (ref->kind == SHF_IMAGE_DOCKER || ref->kind == SHF_IMAGE_CUSTOM) {
		rc = shf_look_up_image(config, ref, session, &id, report);
		if (rc < 0)
			return rc;
		*ref = id;
	}
	rc = open_found(config, ref, session, finding, out, &failure);
	/* in a store that cannot be looked into, the site's program knows more */
	if (rc == -ENOENT ||
	    (rc == -EACCES && config->image_lookup[0] && shf_is_private_store(config))) {
		int found = look_up_name(config, ref, session, report);

		if (found < 0 && found != -ENOENT)
			return found;
		if (found == 0) {
			shf_report_clear(&failure);
			rc = open_found(config, ref, session, finding, out, &failure);
		}
	}
	return rc < 0 ? shf_fail(report, failure.fault, -rc, "%s", failure.text) : 0;
}

void shf_close_image(struct shf_image_source *source)
{
	shf_close_fd(&source->fd);
	shf_image_meta_free(&source->meta);
}

static int mount_squashfs(const struct shf_image_source *source, struct shf_report *report)
{
	char device[SHF_LOOP_NAME], detail[256];
	cleanup_fd int loop = -1;
	const struct shf_mount_option options[] = { { "source", device }, { "ro", NULL } };
	int rc;

	loop = shf_attach_loop_device(source->fd, device);
	if (loop < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -loop,
				      "cannot attach a loop device to image '%s'", source->path);
	rc = shf_new_mount("squashfs", options, 2,
			   SHF_ATTR_RDONLY | SHF_ATTR_NOSUID | SHF_ATTR_NODEV, detail,
			   sizeof(detail));
	if (rc == -ENODEV)
		return shf_fail(report, SHIFTER_FAULT_NODE, ENODEV,
				"cannot mount image '%s': the kernel of this node has no squashfs",
				source->path);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_JOB, -rc,
				      "cannot mount image '%s' as squashfs%s%s", source->path,
				      detail[0] ? ": " : "", detail);
	return rc;
}

int shf_mount_image(const struct shf_config *config, const struct shf_image_source *source,
		    struct shf_report *report)
{
	struct shf_owners owners = { config->trusted_image_owners, config->n_trusted_image_owners };
	int rc;

	if (!source->is_directory) {
		rc = shf_check_trusted_fd(source->fd, owners, "image", SHIFTER_FAULT_JOB, report);
		return rc < 0 ? rc : mount_squashfs(source, report);
	}
	rc = shf_clone_mount(source->fd, "", false,
			     SHF_ATTR_RDONLY | SHF_ATTR_NOSUID | SHF_ATTR_NODEV);
	/* a way there through /proc, say, that leads to another mount namespace */
	if (rc == -EINVAL)
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot mount image '%s': it is on no mount of this node's own",
				source->path);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot mount image '%s'",
				      source->path);
	return rc;
}
