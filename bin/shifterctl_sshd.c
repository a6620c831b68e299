/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl sshd
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 16384 /* bytes, of a public key's file */ };

enum {
	OPT_ENV = 256,
	OPT_PRINCIPAL,
	OPT_PRIVATE_KEY_FILE,
	OPT_TIMEOUT,
	OPT_USER_KEY,
	OPT_USER_KEY_FILE
};

static const struct option sshd_options[] = {
	{ "env", required_argument, NULL, OPT_ENV },
	{ "principal", required_argument, NULL, OPT_PRINCIPAL },
	{ "private-key-file", required_argument, NULL, OPT_PRIVATE_KEY_FILE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "user-key", required_argument, NULL, OPT_USER_KEY },
	{ "user-key-file", required_argument, NULL, OPT_USER_KEY_FILE },
	{ NULL, 0, NULL, 0 },
};

static int fail_read(const char *path, const char *reason)
{
	shf_say("cannot read public key '%s': %s", path, reason);
	return SHF_EXIT_CALLER;
}

/*
 * Read the one line of path.  This is root reading what may be a user's file:
 * no links at its end, no waiting for a FIFO, nothing that is quoted in an
 * error before the library found it to be a public key.
 */
static int read_public_key(const char *path, char key[KEY_MAX + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	size_t length = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return fail_read(path, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail_read(path, "not a regular file");
	}
	while (n != 0 && length <= KEY_MAX) {
		n = read(fd, key + length, KEY_MAX + 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			close(fd);
			return fail_read(path, strerror(error));
		}
		length += (size_t)n;
	}
	close(fd);
	if (length > KEY_MAX)
		return fail_read(path, "too long for a public key");
	key[length] = '\0';
	if (strlen(key) != length)
		return fail_read(path, "not a public key");
	if (length > 0 && key[length - 1] == '\n')
		key[length - 1] = '\0';
	return 0;
}

static int start(struct shifter_ctx *ctx, const char *id, const struct shifter_sshd_spec *spec)
{
	struct shifter_container *container = NULL;
	int status = 0;

	if (shifter_open_container(ctx, id, &container) < 0)
		return shf_ctl_failure(ctx);
	if (shifter_start_user_sshd(container, spec) < 0)
		status = shf_ctl_failure(ctx);
	shifter_close_container(container);
	return status;
}

int shf_ctl_sshd(struct shifter_ctx *ctx, int argc, char **argv)
{
	struct shifter_sshd_spec spec = { .size = sizeof(spec) };
	const char **env = calloc((size_t)argc + 1, sizeof(*env)), *key_file = NULL;
	char key[KEY_MAX + 1];
	size_t n_env = 0;
	int c, status = 0;

	if (!env) {
		shf_say("cannot run sshd: out of memory");
		return SHF_EXIT_NODE;
	}
	while (status == 0 && (c = shf_ctl_getopt(argc, argv, sshd_options)) != -1) {
		switch (c) {
		case OPT_ENV: env[n_env++] = optarg; break;
		case OPT_PRINCIPAL: spec.principal = optarg; break;
		case OPT_PRIVATE_KEY_FILE: spec.user_key_file = optarg; break;
		case OPT_USER_KEY: spec.user_key = optarg; break;
		case OPT_USER_KEY_FILE: key_file = optarg; break;
		case OPT_TIMEOUT:
			if (!shf_ctl_number("--timeout", optarg, 1, 3600000, &spec.timeout_ms))
				status = SHF_EXIT_CALLER;
			break;
		default: status = SHF_EXIT_CALLER;
		}
	}
	spec.env = n_env ? env : NULL;
	if (status == 0 && optind + 1 != argc)
		status = shf_ctl_misuse("sshd", "one container's id is needed");
	else if (status == 0 && !spec.principal)
		status = shf_ctl_misuse("sshd", "no --principal");
	else if (status == 0 && !spec.user_key == !key_file)
		status = shf_ctl_misuse("sshd", "one of --user-key, --user-key-file is needed");
	if (status == 0 && key_file) {
		status = read_public_key(key_file, key);
		spec.user_key = key;
	}
	if (status == 0)
		status = start(ctx, argv[optind], &spec);
	free(env);
	return status;
}
