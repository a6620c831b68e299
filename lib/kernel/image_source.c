/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_source.h"

#include "base/cleanup.h"
#include "kernel/loop_device.h"
#include "kernel/message.h"
#include "kernel/mounts.h"
#include "kernel/syscalls.h"
#include "kernel/trust.h"
#include "kernel/user_helper.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { CANDIDATES = 2,
       SUPERBLOCK = 96 };

/* What the helper is to look for. */
struct search {
	char paths[CANDIDATES][SHF_PATH_MAX];
	unsigned count;
};

/* What it found. */
struct finding {
	int32_t error;
	uint32_t mode;
	uint64_t size;
	uint64_t fs_type;
	uint32_t head_length;
	unsigned char head[SUPERBLOCK];
	char path[SHF_PATH_MAX];
};

/* ---- in the helper, as the user ---- */

static int examine(int fd, struct finding *finding)
{
	char link[32];
	struct statfs fs;
	struct stat st;
	ssize_t length;
	int opened;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, finding->path, sizeof(finding->path) - 1);
	if (length < 0 || fstat(fd, &st) < 0)
		return -errno;
	finding->path[length] = '\0';
	finding->mode = st.st_mode;
	finding->size = (uint64_t)st.st_size;
	if (S_ISDIR(st.st_mode)) {
		if (fstatfs(fd, &fs) < 0)
			return -errno;
		finding->fs_type = (uint64_t)fs.f_type;
		/* may the user list and enter it? */
		if (faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) < 0)
			return -errno;
		return fd;
	}
	if (!S_ISREG(st.st_mode))
		return fd;
	/* the descriptor that was looked at, not the path once more; never waiting */
	opened = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	length = pread(opened, finding->head, sizeof(finding->head), 0);
	if (length < 0)
		return -errno;
	finding->head_length = (uint32_t)length;
	return opened;
}

static void find_image(int channel, void *data)
{
	struct search *search = data;
	static struct finding finding;
	int fd = -1;

	finding.error = ENOENT;
	for (unsigned i = 0; i < search->count && finding.error == ENOENT; i++) {
		fd = open(search->paths[i], O_PATH | O_CLOEXEC);
		finding.error = 0;
		if (fd < 0)
			finding.error = errno == ENOTDIR ? ENOENT : errno;
	}
	if (!finding.error) {
		fd = examine(fd, &finding);
		if (fd < 0)
			finding.error = -fd;
	}
	shf_send(channel, &finding, sizeof(finding), &fd, finding.error ? 0 : 1);
}

/* ---- in the library ---- */

static int plan_search(const struct shf_config *config, const struct shf_image_ref *ref,
		       struct search *search, struct shf_report *report)
{
	char name[SHF_PATH_MAX];

	search->count = 0;
	switch (ref->kind) {
	case SHF_IMAGE_LOCAL:
		if (!config->allow_local_images)
			return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
					"cannot use image 'local:%s': this site allows images of "
					"its store '%s' only (allowLocalImages)",
					ref->text, config->image_path);
		snprintf(search->paths[search->count++], SHF_PATH_MAX, "%s", ref->text);
		return 0;
	case SHF_IMAGE_DOCKER:
		return shf_fail(report, SHIFTER_FAULT_JOB, ENOENT,
				"there is no image 'docker:%s' in the store '%s': name an image "
				"of the store, or local:/PATH",
				ref->text, config->image_path);
	case SHF_IMAGE_ID:
	case SHF_IMAGE_NAME: break;
	}
	while (search->count < CANDIDATES &&
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

static int explain(const struct shf_image_ref *ref, const struct search *search, int error,
		   struct shf_report *report)
{
	if (error == ENOENT && search->count == 2)
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

static int check_squashfs(const struct shf_image_ref *ref, const struct finding *finding,
			  struct shf_report *report)
{
	uint64_t used;

	/* magic at 0, bytes used at 40, little endian: the squashfs format, section 3 */
	if (finding->head_length < SUPERBLOCK || memcmp(finding->head, "hsqs", 4) != 0)
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': '%s' is neither a directory nor a squashfs "
				"file",
				ref->text, finding->path);
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

/* statfs(2) and linux/magic.h */
static const char *name_unfit_file_system(uint64_t type)
{
	static const struct {
		uint64_t type;
		const char *name;
	} unfit[] = {
		{ 0x6969, "NFS" },
		{ 0x0bd00bd0, "Lustre" },
		{ 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB" },
		{ 0x65735546, "FUSE" },
		{ 0x47504653, "GPFS" },
		{ 0x00c36400, "Ceph" },
		{ 0x5346414f, "AFS" },
		{ 0x6b414653, "AFS" },
		{ 0x01021997, "9P" },
		{ 0x19830326, "BeeGFS" },
		{ 0xaad7aaea, "PanFS" },
		{ 0x01161970, "GFS2" },
	};

	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++)
		if ((type & 0xffffffff) == unfit[i].type)
			return unfit[i].name;
	return NULL;
}

static int check_finding(const struct shf_image_ref *ref, const struct finding *finding,
			 struct shf_report *report)
{
	const char *unfit;

	if (S_ISREG(finding->mode))
		return check_squashfs(ref, finding, report);
	if (!S_ISDIR(finding->mode))
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '%s': '%s' is neither a directory nor a regular "
				"file",
				ref->text, finding->path);
	/* an overlay reads with root's rights, and these have a word in who reads */
	unfit = name_unfit_file_system(finding->fs_type);
	if (unfit)
		return shf_fail(report, SHIFTER_FAULT_JOB, ENOTSUP,
				"cannot use image '%s': a directory on %s cannot be one; make it a "
				"squashfs file with mksquashfs",
				ref->text, unfit);
	return 0;
}

int shf_open_image(const struct shf_config *config, const struct shf_image_ref *ref,
		   const struct shf_identity *identity, struct shf_image_source *out,
		   struct shf_report *report)
{
	cleanup_user_helper struct shf_user_helper helper = SHF_NO_USER_HELPER;
	cleanup_fd int fd = -1;
	struct search search;
	struct finding finding;
	size_t n_fds = 1;
	ssize_t n;
	int rc;

	rc = plan_search(config, ref, &search, report);
	if (rc < 0)
		return rc;
	rc = shf_start_user_helper(&helper, identity, find_image, &search, NULL, 0,
				   (int)config->helper_timeout_s * 1000);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot look up image '%s'",
				      ref->text);
	n = shf_receive(helper.channel, &finding, sizeof(finding), &fd, &n_fds, helper.deadline_ms);
	if (n == -ETIMEDOUT)
		return shf_fail(
			report, SHIFTER_FAULT_JOB, ETIMEDOUT,
			"cannot read image '%s': its file system did not answer within %u s",
			ref->text, config->helper_timeout_s);
	if (n != (ssize_t)sizeof(finding) || (!finding.error && n_fds != 1))
		return shf_fail(report, SHIFTER_FAULT_NODE, EIO,
				"cannot look up image '%s': the helper that acts as the user ended "
				"early",
				ref->text);
	finding.path[sizeof(finding.path) - 1] = '\0';
	rc = finding.error ? explain(ref, &search, finding.error, report)
			   : check_finding(ref, &finding, report);
	if (rc < 0)
		return rc;
	out->fd = steal_fd(&fd);
	out->is_directory = S_ISDIR(finding.mode);
	memcpy(out->path, finding.path, sizeof(out->path));
	return 0;
}

void shf_close_image(struct shf_image_source *source)
{
	shf_close_fd(&source->fd);
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
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, -rc, "cannot mount image '%s'",
				      source->path);
	return rc;
}
