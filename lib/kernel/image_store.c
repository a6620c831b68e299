/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_store.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct shf_owners owners_of(const struct shf_config *config)
{
	return (struct shf_owners){ config->trusted_image_owners, config->n_trusted_image_owners };
}

bool shf_is_private_store(const struct shf_config *config)
{
	struct stat st;

	return stat(config->image_path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) == 0 && (!geteuid() || st.st_uid != geteuid());
}

int shf_find_private_image(const struct shf_config *config, const struct shf_image_search *search,
			   struct shf_image_finding *finding, int *fd, struct shf_report *report)
{
	int rc = -ENOENT;

	for (unsigned i = 0; i < search->count && rc == -ENOENT; i++) {
		struct shf_report failure = { 0 };

		rc = shf_open_trusted(search->paths[i], O_PATH, owners_of(config), "image",
				      SHIFTER_FAULT_SITE, &failure);
		if (rc < 0 && rc != -ENOENT)
			return shf_fail(report, failure.fault, -rc, "%s", failure.text);
	}
	if (rc >= 0) {
		cleanup_fd int found = rc;

		rc = shf_examine_image(found, finding);
		if (rc == found)
			found = -1;
	}
	finding->error = rc < 0 ? -rc : 0;
	*fd = rc < 0 ? -1 : rc;
	return 0;
}

int shf_read_trusted_file(const struct shf_config *config, const char *path, const char *what,
			  size_t limit, struct shf_text *out, struct shf_report *report)
{
	struct shf_report failure = { 0 };
	cleanup_fd int fd = -1;
	struct stat st;
	int rc;

	fd = shf_open_trusted(path, O_RDONLY | O_NOCTTY, owners_of(config), what,
			      SHIFTER_FAULT_SITE, &failure);
	if (fd == -ENOENT)
		return -ENOENT;
	if (fd < 0)
		return shf_fail(report, failure.fault, -fd, "%s", failure.text);
	rc = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0
							       : -EINVAL;
	if (rc == 0)
		rc = shf_read_all(fd, limit, out);
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_SITE, -rc, "cannot read %s '%s'", what,
				      path);
	return 0;
}
