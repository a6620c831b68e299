/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/new_file.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static bool write_out(void *data, const char *bytes, size_t length)
{
	struct shf_new_file *file = data;

	file->error = shf_write_all(file->fd, bytes, length);
	return file->error == 0;
}

static int name_temporary(const char *name, char *out, size_t size)
{
	int n = snprintf(out, size, ".%s.new", name);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int shf_clear_new_file(int dir, const char *name)
{
	char temporary[sizeof(((struct shf_new_file *)NULL)->temporary)];
	int rc = name_temporary(name, temporary, sizeof(temporary));

	if (rc == 0 && unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		rc = -errno;
	return rc;
}

int shf_begin_new_file(struct shf_new_file *file, int dir, const char *name)
{
	int rc;

	*file = (struct shf_new_file){
		.text = { .drain = write_out, .drain_to = file },
		.dir = dir,
		.fd = -1,
		.name = name,
	};
	rc = shf_clear_new_file(dir, name);
	if (rc == 0)
		rc = name_temporary(name, file->temporary, sizeof(file->temporary));
	if (rc == 0) {
		file->fd = openat(dir, file->temporary,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = file->fd < 0 ? -errno : 0;
	}
	if (rc < 0)
		*file = (struct shf_new_file){ .fd = -1 };
	return rc;
}

int shf_put_new_file(struct shf_new_file *file, mode_t mode, uint32_t uid, uint32_t gid)
{
	bool is_given = uid != (uint32_t)-1 || gid != (uint32_t)-1;
	int rc = file->error;

	if (rc == 0 && file->text.failed)
		rc = -ENOMEM;
	if (rc == 0)
		rc = shf_write_all(file->fd, file->text.data, file->text.length);
	if (rc == 0 && is_given && fchown(file->fd, uid, gid) < 0)
		rc = -errno;
	/* after the content and the owner: nobody reads half, and the umask does not matter */
	if (rc == 0 && fchmod(file->fd, mode) < 0)
		rc = -errno;
	if (rc == 0 && renameat(file->dir, file->temporary, file->dir, file->name) < 0)
		rc = -errno;
	if (rc == 0)
		shf_close_fd(&file->fd);
	shf_drop_new_file(file);
	return rc;
}

void shf_drop_new_file(struct shf_new_file *file)
{
	if (file->temporary[0] && file->fd >= 0) {
		unlinkat(file->dir, file->temporary, 0);
		shf_close_fd(&file->fd);
	}
	shf_text_free(&file->text);
	*file = (struct shf_new_file){ .fd = -1 };
}

int shf_replace_file(int dir, const char *name, mode_t mode, const void *bytes, size_t length)
{
	struct shf_new_file file;
	int rc = shf_begin_new_file(&file, dir, name);

	if (rc < 0)
		return rc;
	shf_text_add_mem(&file.text, bytes, length);
	return shf_put_new_file(&file, mode, (uint32_t)-1, (uint32_t)-1);
}
