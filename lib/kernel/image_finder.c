/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_finder.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/message.h"
#include "kernel/syscalls.h"
#include "model/image_meta.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static int get_path(int fd, char link[32], char path[SHF_PATH_MAX])
{
	ssize_t length;

	snprintf(link, 32, "/proc/self/fd/%d", fd);
	length = readlink(link, path, SHF_PATH_MAX - 1);
	if (length < 0)
		return -errno;
	path[length] = '\0';
	return 0;
}

int shf_examine_image(int fd, struct shf_image_finding *finding)
{
	char link[32];
	struct statfs fs;
	struct stat st;
	ssize_t length;
	int opened, rc;

	rc = get_path(fd, link, finding->path);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* replaced since: the path, and so the metadata, would be another image's */
	if (st.st_nlink == 0)
		return -ESTALE;
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
	finding->head_length = length < 0 ? 0 : (uint32_t)length;
	if (length >= 0 && !shf_is_squashfs(finding->head, finding->head_length))
		length = pread(opened, finding->volume, sizeof(finding->volume),
			       SHF_IMAGE_VOLUME_AT);
	if (length < 0) {
		rc = -errno;
		close(opened);
		return rc;
	}
	return opened;
}

/* ---- in the helper, as the user: neither heap nor stdio ---- */

/* A copy, so that whoever reads on waits for no file system. */
static int copy_meta(const char *path)
{
	static char bytes[32 * 1024];
	cleanup_fd int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_fd int copy = -1;
	size_t total = 0;
	struct stat st;
	ssize_t n;
	int rc;

	if (file < 0)
		/* no file can have such a name */
		return errno == ENAMETOOLONG ? -ENOENT : -errno;
	if (fstat(file, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	copy = memfd_create("image.meta", MFD_CLOEXEC);
	if (copy < 0)
		return -errno;
	/* what is too long stays so, by a bit */
	while (total <= SHF_IMAGE_META_MAX && (n = read(file, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		rc = shf_write_all(copy, bytes, (size_t)n);
		if (rc < 0)
			return rc;
		total += (size_t)n;
	}
	return steal_fd(&copy);
}

/* The question: the store, then the paths. */
static int find_first(const struct shf_question *question, struct shf_image_finding *finding)
{
	const char *path = shf_next_string(question, NULL);
	int error = ENOENT;

	while (error == ENOENT && (path = shf_next_string(question, path))) {
		/* links of /proc lead out of what this node has mounted */
		cleanup_fd int fd = shf_openat2(AT_FDCWD, path, O_PATH | O_CLOEXEC,
						RESOLVE_NO_MAGICLINKS);
		int rc;

		if (fd >= 0) {
			rc = shf_examine_image(fd, finding);
			return rc == fd ? steal_fd(&fd) : rc;
		}
		error = errno == ENOTDIR ? ENOENT : errno;
	}
	return -error;
}

void shf_answer_image(int channel, const struct shf_question *question, int fd)
{
	static struct shf_image_finding finding;
	static char meta_path[SHF_PATH_MAX];
	const char *asked_store = shf_next_string(question, NULL);
	int fds[2] = { -ESTALE, -1 };
	char link[32];
	int store;

	(void)fd;
	/* of an earlier question; paths need their beginning only */
	memset(&finding, 0, offsetof(struct shf_image_finding, path));
	finding.path[0] = finding.store[0] = '\0';
	for (int tries = 0; tries < 4 && fds[0] == -ESTALE; tries++)
		fds[0] = find_first(question, &finding);
	finding.error = fds[0] < 0 ? -fds[0] : 0;
	if (*asked_store) {
		store = open(asked_store, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (store < 0 || get_path(store, link, finding.store) < 0)
			finding.store[0] = '\0';
		shf_close_fd(&store);
	}
	finding.meta_error = ENOENT;
	if (!finding.error && shf_image_meta_path(finding.path, meta_path) == 0) {
		fds[1] = copy_meta(meta_path);
		finding.meta_error = fds[1] < 0 ? -fds[1] : 0;
	}
	shf_send(channel, &finding,
		 offsetof(struct shf_image_finding, store) + strlen(finding.store) + 1, fds,
		 finding.error ? 0 : finding.meta_error ? 1
							: 2);
	for (int i = 0; i < 2; i++)
		shf_close_fd(&fds[i]);
}

/* ---- in the library ---- */

int shf_find_image(const struct shf_image_search *search, struct shf_user_session *session,
		   struct shf_image_finding *finding, int *fd, int *meta)
{
	struct shf_question question;
	const size_t least = offsetof(struct shf_image_finding, store);
	int fds[2] = { -1, -1 };
	size_t n_fds = 2;
	ssize_t n;
	int rc;

	_Static_assert(sizeof(search->paths) + sizeof(search->store) <= SHF_QUESTION_MAX,
		       "a search is one question");
	shf_begin_question(&question, SHF_ASK_IMAGE);
	shf_add_to_question(&question, search->store);
	for (unsigned i = 0; i < search->count; i++)
		shf_add_to_question(&question, search->paths[i]);
	rc = shf_ask_user(session, &question, -1);
	if (rc < 0)
		return rc;
	n = shf_hear_user(session, finding, sizeof(*finding), fds, &n_fds);
	if (n == -ETIMEDOUT)
		return -ETIMEDOUT;
	/* it ran as the user: what it says is not believed beyond that */
	if (n > (ssize_t)least && finding->error >= 0 && finding->meta_error >= 0 &&
	    finding->head_length <= sizeof(finding->head)) {
		finding->path[sizeof(finding->path) - 1] = '\0';
		finding->store[(size_t)n - least - 1] = '\0';
		if (n_fds == (finding->error ? 0 : finding->meta_error ? 1
								       : 2)) {
			*fd = n_fds > 0 ? fds[0] : -1;
			*meta = n_fds > 1 ? fds[1] : -1;
			return 0;
		}
	}
	if (n > 0)
		for (size_t i = 0; i < n_fds; i++)
			close(fds[i]);
	return -EIO;
}
