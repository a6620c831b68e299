/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter_make_user_key() - the user's udiRoot key, made at first use
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/spawn.h"
#include "model/key.h"
#include "verbs/context.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define KEY_DIR ".udiRoot"
#define KEY_NAME "id_ed25519"

enum { KEYGEN_MS = 20000,
       OUTPUT_MAX = 16384 };

/* The directory: the caller's own, and nobody else's business. */
static int open_key_dir(struct shifter_ctx *ctx, const char *home)
{
	cleanup_fd int parent = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int dir = -1;
	struct stat st;

	if (parent < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_JOB, errno,
				      "cannot open home directory '%s'", home);
	/* the umask may be anything; what is there already has the mode that it was given */
	if (mkdirat(parent, KEY_DIR, 0700) < 0 ? errno != EEXIST
					       : fchmodat(parent, KEY_DIR, 0700, 0) < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_JOB, errno,
				      "cannot make '%s/" KEY_DIR "'", home);
	dir = openat(parent, KEY_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_JOB, errno,
				      "cannot open '%s/" KEY_DIR "'", home);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, EPERM,
				"refusing '%s/" KEY_DIR "': it must be yours alone, mode 0700, not "
				"uid %u's with mode %04o",
				home, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
	return steal_fd(&dir);
}

static int run_keygen(struct shifter_ctx *ctx, char *const *argv, struct shf_text *output,
		      const char *what)
{
	cleanup_text struct shf_text errors = { 0 };
	char path[SHF_PATH_MAX];
	struct shf_run run = {
		.path = path,
		.argv = argv,
		.namespace = -1,
		.input = -1,
		.output = output,
		.errors = &errors,
		.limit = OUTPUT_MAX,
		.timeout_ms = KEYGEN_MS,
	};
	int rc;

	if (snprintf(path, sizeof(path), "%s/bin/ssh-keygen", ctx->config.udiimage_path) >=
	    (int)sizeof(path))
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, ENAMETOOLONG,
				"cannot run ssh-keygen: udiImagePath is too long");
	rc = shf_run_program(&run);
	if (rc == 0)
		return 0;
	if (rc == 127)
		return shf_fail(&ctx->report, SHIFTER_FAULT_SITE, ENOENT,
				"cannot %s: '%s' cannot be executed; is udiImage installed?", what,
				path);
	if (rc < 0)
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, -rc, "cannot %s", what);
	if (errors.data)
		errors.data[strcspn(errors.data, "\r\n")] = '\0';
	return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, EIO, "cannot %s: ssh-keygen: %s", what,
			errors.length ? errors.data : "failed without a word");
}

/*
 * Make the pair under a name of this process's own and link() it in place: of
 * many that do so at once, one wins, and the others use its key.
 */
static int make_key(struct shifter_ctx *ctx, int dir, const char *home)
{
	char name[64], path[SHF_PATH_MAX];
	unsigned char random[8];
	char *const argv[] = { (char *)(uintptr_t) "ssh-keygen", (char *)(uintptr_t) "-q",
			       (char *)(uintptr_t) "-t", (char *)(uintptr_t) "ed25519",
			       (char *)(uintptr_t) "-N", (char *)(uintptr_t) "",
			       (char *)(uintptr_t) "-C", (char *)(uintptr_t) "udiRoot",
			       (char *)(uintptr_t) "-f", path,
			       NULL };
	char public[80];
	int rc;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return shf_fail_errno(&ctx->report, SHIFTER_FAULT_NODE, EIO,
				      "cannot get random bytes");
	snprintf(name, sizeof(name), ".new-%02x%02x%02x%02x%02x%02x%02x%02x", random[0], random[1],
		 random[2], random[3], random[4], random[5], random[6], random[7]);
	snprintf(public, sizeof(public), "%s.pub", name);
	if (snprintf(path, sizeof(path), "%s/" KEY_DIR "/%s", home, name) >= (int)sizeof(path))
		return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, ENAMETOOLONG,
				"cannot make a key: home directory '%s' is too long", home);
	rc = run_keygen(ctx, argv, NULL, "make the udiRoot key");
	if (rc == 0 && linkat(dir, name, dir, KEY_NAME, 0) < 0 && errno != EEXIST) {
		/* a file system without hard links: the plain way, if still free */
		if (renameat2(dir, name, dir, KEY_NAME, RENAME_NOREPLACE) < 0 && errno != EEXIST)
			rc = shf_fail_errno(&ctx->report, SHIFTER_FAULT_JOB, errno,
					    "cannot make '%s/" KEY_DIR "/" KEY_NAME "'", home);
	}
	unlinkat(dir, name, 0);
	unlinkat(dir, public, 0);
	return rc;
}

static int check_key(struct shifter_ctx *ctx, int dir, const char *home)
{
	struct stat st;

	if (fstatat(dir, KEY_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, EPERM,
				"refusing '%s/" KEY_DIR "/" KEY_NAME "': it must be a file of "
				"yours alone, mode 0600",
				home);
	return 0;
}

int shifter_make_user_key(struct shifter_ctx *ctx, const char *home, const char **out)
{
	cleanup_text struct shf_text line = { 0 };
	struct shf_text key = { 0 };
	cleanup_fd int dir = -1;
	char path[SHF_PATH_MAX];
	/* with an empty passphrase, or it would ask for one */
	char *const argv[] = { (char *)(uintptr_t) "ssh-keygen", (char *)(uintptr_t) "-y",
			       (char *)(uintptr_t) "-P", (char *)(uintptr_t) "",
			       (char *)(uintptr_t) "-f", path,
			       NULL };
	int rc;

	shf_begin(ctx);
	if (!home || shf_path_clean(home, path) < 0 ||
	    strlen(home) + sizeof("/" KEY_DIR "/" KEY_NAME) > sizeof(path))
		return shf_fail(&ctx->report, SHIFTER_FAULT_JOB, EINVAL,
				"malformed home directory '%s'", home ? home : "");
	dir = open_key_dir(ctx, home);
	if (dir < 0)
		return dir;
	rc = check_key(ctx, dir, home);
	if (rc == -ENOENT) {
		rc = make_key(ctx, dir, home);
		if (rc == 0)
			rc = check_key(ctx, dir, home);
		if (rc == 0)
			shf_log(ctx, SHIFTER_LOG_INFO, "made '%s/" KEY_DIR "/" KEY_NAME "'", home);
	}
	if (rc < 0)
		return ctx->report.error
			       ? rc
			       : shf_fail_errno(&ctx->report, SHIFTER_FAULT_JOB, -rc,
						"cannot open '%s/" KEY_DIR "/" KEY_NAME "'", home);
	snprintf(path, sizeof(path), "%s/" KEY_DIR "/" KEY_NAME, home);
	rc = run_keygen(ctx, argv, &line, "read the udiRoot key");
	if (rc == 0)
		rc = shf_public_key_normalise(line.data ? line.data : "", &key, &ctx->report);
	if (rc == 0 && strncmp(key.data, "ssh-ed25519 ", 12) != 0)
		rc = shf_fail(&ctx->report, SHIFTER_FAULT_JOB, EINVAL,
			      "cannot use '%s': it is no ed25519 key; move it away and a new one "
			      "is made",
			      path);
	if (rc < 0) {
		shf_text_free(&key);
		return rc;
	}
	return shf_hand_out(ctx, key.data, out);
}
