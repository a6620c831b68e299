/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "udi_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/command_env.h"
#include "base/locale_name.h"
#include "udi_paths.h"

extern char **environ;

enum {
	ENV_FILE_MAX = 16 << 20,   /* bytes; the kernel takes 2 MiB at the usual stack limit */
	ENV_ENTRY_MAX = 128 << 10, /* bytes, NUL included, of a variable for execve() */
};

static const char site_path[] = UDI_RUN "/site.env";
static char *site_records; /* and NULL if there are none */
static size_t site_length;
static char **own_list; /* the environment for sessions without a caller */

void udi_complain(const char *operation, const char *object, const char *reason)
{
	fprintf(stderr, "udi-session: cannot %s '%s': %s\n", operation, object, reason);
}

/*
 * What shells count and note for themselves.  Where sshd has to run this program through the
 * user's shell (udi_openssh.c), that leaves traces which a session started by sshd does not
 * have: bash skips ~/.bashrc when SHLVL says that it is not the first shell.
 */
static bool belongs_to_shell(const char *entry)
{
	return shf_env_has_name(entry, "SHLVL") || shf_env_has_name(entry, "OLDPWD") ||
	       shf_env_has_name(entry, "_");
}

/*
 * Reads a file of strings that end in NUL.  Returns its text, NUL terminated, which lives until
 * exec, and its length; NULL when there is none or when it cannot be read, which is said.
 */
static char *read_strings(const char *path, size_t *length)
{
	struct stat st;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*length = 0;
	if (fd < 0) {
		if (errno != ENOENT)
			udi_complain("read", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) != 0) {
		udi_complain("read", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		udi_complain("read", path, "not a regular file");
	} else if (st.st_size > ENV_FILE_MAX) {
		udi_complain("read", path, strerror(EFBIG));
	} else if (!(text = malloc((size_t)st.st_size + 1))) {
		udi_complain("read", path, strerror(errno));
	} else {
		ssize_t got = 1;

		while (got > 0 && *length < (size_t)st.st_size) {
			got = read(fd, text + *length, (size_t)st.st_size - *length);
			if (got > 0)
				*length += (size_t)got;
			else if (got < 0 && errno == EINTR)
				got = 1;
		}
		if (got < 0) {
			udi_complain("read", path, strerror(errno));
			free(text);
			text = NULL;
			*length = 0;
		} else {
			text[*length] = '\0';
		}
	}
	close(fd);
	return text;
}

/* execve() fails with one of them, and then no session starts. */
static void drop_long(char **list)
{
	char **kept = list;

	for (; *list; list++) {
		int name = (int)strcspn(*list, "=");

		if (strlen(*list) < ENV_ENTRY_MAX)
			*kept++ = *list;
		else
			fprintf(stderr,
				"udi-session: cannot pass on '%.*s': longer than %d bytes\n",
				name < 64 ? name : 64, *list, ENV_ENTRY_MAX - 1);
	}
	*kept = NULL;
}

/* In the order of command_env.h.  No job knows what belongs to this session, either. */
static void lay_own(struct shf_environ *env)
{
	static const struct {
		const char *path;
		size_t (*lay)(struct shf_environ *env, char *bytes, size_t length);
	} layers[] = {
		{ UDI_RUN "/session.env", shf_env_lay_foreign },
		{ UDI_RUN "/image.env", shf_env_lay_foreign },
		{ site_path, shf_env_lay_site },
	};

	for (char **e = environ; e && *e; e++)
		if (!belongs_to_shell(*e) && !shf_env_has_name(*e, "SSH_ORIGINAL_COMMAND") &&
		    !shf_caller_is_chunk(*e))
			shf_environ_put(env, *e);
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		size_t length, bad = 0;
		char *text = read_strings(layers[i].path, &length);

		if (text)
			bad = layers[i].lay(env, text, length);
		if (bad)
			fprintf(stderr, "udi-session: cannot use %zu entries of '%s'\n", bad,
				layers[i].path);
		if (layers[i].path == site_path) {
			site_records = text;
			site_length = length;
		}
	}
	shf_env_set_path(env);
	shf_env_set_launchers(env);
}

/* The library knows of some; the site of others. */
static bool is_of_node(const char *entry)
{
	if (shf_env_is_of_node(entry))
		return true;
	for (size_t i = 0; site_records && i < site_length; i += strlen(site_records + i) + 1)
		if (site_records[i] == '@' && shf_env_has_name(entry, site_records + i + 1))
			return true;
	return false;
}

/*
 * Among what sshd gives a session are the variables that the site's SetEnv is for.  The rest of it
 * is the session's, or a default that is none of the site's.
 */
static bool is_of_site(const char *entry)
{
	return !belongs_to_shell(entry) && !shf_caller_is_chunk(entry) &&
	       !shf_env_is_of_session(entry) && !shf_env_has_name(entry, "PATH") &&
	       !shf_env_has_name(entry, "MAIL") && !shf_env_has_name(entry, "TZ");
}

/*
 * The caller's, exactly, but for what the site's sshd_config sets, and what the session and the
 * node have of their own, or have not.
 */
static void lay_caller(struct shf_environ *env, char *strings, size_t length, char **own,
		       char **given)
{
	for (size_t i = 0; i < length; i += strlen(strings + i) + 1)
		if (!shf_env_is_of_session(strings + i) && !is_of_node(strings + i))
			shf_environ_put(env, strings + i);
	for (; given && *given; given++)
		if (is_of_site(*given) && !is_of_node(*given))
			shf_environ_put(env, *given);
	for (; *own; own++)
		if (shf_env_is_of_session(*own) || is_of_node(*own) ||
		    (shf_env_has_name(*own, "PATH") && !shf_environ_get(env, "PATH")))
			shf_environ_put(env, *own);
}

static rlim_t lower(uint64_t wanted, rlim_t had)
{
	if (wanted == UINT64_MAX || (had != RLIM_INFINITY && wanted > had))
		return had;
	return (rlim_t)wanted;
}

/* Within the job's limits, which this process has of the process that started sshd. */
static void become_like(const struct shf_caller *caller)
{
	umask((mode_t)caller->umask);
	for (size_t i = 0; i < SHF_LIMITS; i++) {
		int resource = shf_limit_resource(i);
		struct rlimit limit;

		if (!caller->limits[i].is_known || getrlimit((__rlimit_resource_t)resource, &limit))
			continue;
		limit.rlim_max = lower(caller->limits[i].hard, limit.rlim_max);
		limit.rlim_cur = lower(caller->limits[i].soft, limit.rlim_max);
		if (setrlimit((__rlimit_resource_t)resource, &limit) != 0)
			fprintf(stderr, "udi-session: cannot set a limit of the caller: %s\n",
				strerror(errno));
	}
}

static char **finish(struct shf_environ *env)
{
	char **list;

	shf_env_settle_locale(env);
	list = shf_environ_finish(env);
	if (list)
		drop_long(list);
	else
		udi_complain("make", "the environment", strerror(ENOMEM));
	return list;
}

void udi_make_environment(void)
{
	struct shf_environ memory = { 0 }, own = { 0 }, env = { 0 };
	struct shf_caller caller;
	char **list, **given = environ, *strings;
	size_t length;
	int rc = shf_caller_decode(environ, &memory, &caller, &strings, &length);

	if (rc == -EPROTO)
		udi_complain("use", "the caller's environment",
			     "it is not whole, or more than the kernel takes here");
	else if (rc < 0)
		udi_complain("use", "the caller's environment", strerror(-rc));
	lay_own(&own);
	own_list = finish(&own);
	if (!own_list)
		return;
	environ = own_list;
	if (rc <= 0)
		return;
	lay_caller(&env, strings, length, own_list, given);
	list = finish(&env);
	if (!list)
		return;
	environ = list;
	/* last: it may leave little for anything else */
	become_like(&caller);
}

bool udi_leave_caller(void)
{
	if (!own_list || environ == own_list)
		return false;
	fputs("udi-session: the session goes on without the caller's environment: the kernel does "
	      "not take that much here ('ulimit -s')\n",
	      stderr);
	environ = own_list;
	return true;
}
