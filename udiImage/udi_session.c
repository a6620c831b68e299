/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi-session: what every ssh session in a container goes through.
 *
 * As sshd's ForceCommand it makes the environment of the session, of what sshd, the job, the image
 * and the site say (lib/base/command_env.h, as for commands that shifter runs), and then does what
 * sshd would have done: run the command in the user's shell, or a login shell.
 *
 * As the shell in the user's passwd entry it serves images that have no shell at all: it passes
 * its arguments on to a shell where there is one, and runs plain command lines itself otherwise.
 *
 * It has no privilege beyond the user's: the environment files are root's only so that what they
 * say is the job's, and nothing here needs to be proof against the user.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command_env.h"
#include "udi_paths.h"

extern char **environ;

static const char self_path[] = UDI_PREFIX "/libexec/udi-session";

enum {
	ENV_FILE_MAX = 16 << 20,   /* bytes; the kernel takes 2 MiB at the usual stack limit */
	ENV_ENTRY_MAX = 128 << 10, /* bytes, NUL included, of a variable for execve() */
	WORDS_MAX = 1024,          /* of a command that is run without a shell */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

static void complain(const char *operation, const char *object, const char *reason)
{
	fprintf(stderr, "udi-session: cannot %s '%s': %s\n", operation, object, reason);
}

static bool has_name(const char *entry, const char *name)
{
	size_t length = strcspn(entry, "=");

	return strlen(name) == length && memcmp(entry, name, length) == 0;
}

/*
 * What shells count and note for themselves.  sshd runs this program through the user's shell,
 * which leaves traces that a session started by sshd does not have: bash skips ~/.bashrc when
 * SHLVL says that it is not the first shell.
 */
static bool belongs_to_shell(const char *entry)
{
	return has_name(entry, "SHLVL") || has_name(entry, "OLDPWD") || has_name(entry, "_");
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
			complain("read", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) != 0) {
		complain("read", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		complain("read", path, "not a regular file");
	} else if (st.st_size > ENV_FILE_MAX) {
		complain("read", path, strerror(EFBIG));
	} else if (!(text = malloc((size_t)st.st_size + 1))) {
		complain("read", path, strerror(errno));
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
			complain("read", path, strerror(errno));
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

/*
 * Replaces environ.  With a defect in a file the session starts all the same: a user who cannot
 * log in cannot look.
 */
static void make_environment(void)
{
	/* In the order of command_env.h.  No job knows what belongs to this session, either. */
	static const struct {
		const char *path;
		size_t (*lay)(struct shf_environ *env, char *bytes, size_t length);
	} layers[] = {
		{ UDI_RUN "/session.env", shf_env_lay_foreign },
		{ UDI_RUN "/image.env", shf_env_lay_foreign },
		{ UDI_RUN "/site.env", shf_env_lay_site },
	};
	struct shf_environ env = { 0 };
	char **list;

	for (char **e = environ; e && *e; e++)
		if (!belongs_to_shell(*e) && !has_name(*e, "SSH_ORIGINAL_COMMAND"))
			shf_environ_put(&env, *e);
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		size_t length, bad = 0;
		char *text = read_strings(layers[i].path, &length);

		if (text)
			bad = layers[i].lay(&env, text, length);
		if (bad)
			fprintf(stderr, "udi-session: cannot use %zu entries of '%s'\n", bad,
				layers[i].path);
	}
	shf_env_set_path(&env);
	shf_env_set_launchers(&env);
	list = shf_environ_finish(&env);
	if (!list) {
		complain("make", "the environment", strerror(ENOMEM));
		return;
	}
	drop_long(list);
	environ = list;
}

static bool is_usable_shell(const char *path)
{
	struct stat shell, self;

	if (!path || *path != '/' || stat(path, &shell) != 0 || !S_ISREG(shell.st_mode) ||
	    access(path, X_OK) != 0)
		return false;
	return stat(self_path, &self) != 0 || shell.st_dev != self.st_dev ||
	       shell.st_ino != self.st_ino;
}

/* What /etc/profile.d/zz-shifter.sh, which the container has of us, restores and removes. */
static void save_path(void)
{
	const char *path = getenv("PATH");

	if (path && access("/etc/profile", R_OK) == 0 && setenv("SHIFTER_PATH", path, 1) != 0)
		complain("keep", "PATH", strerror(errno));
}

/*
 * Executes the first shell that works, as sshd would: a NULL argument list is a login shell.
 * args[0] is replaced by the shell's own name.  Returns only when there is none, with 0 or, when
 * the kernel refused for a reason that no other shell can mend, the exit status.
 */
static int exec_shell(char **args)
{
	const char *candidates[] = { getenv("SHELL"), "/bin/bash", "/bin/sh" };
	char *login[] = { NULL, NULL };

	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		const char *path = candidates[i];
		char *name = NULL;

		if (!is_usable_shell(path))
			continue;
		if (asprintf(&name, "%s%s", args ? "" : "-", strrchr(path, '/') + 1) < 0 ||
		    setenv("SHELL", path, 1) != 0) {
			complain("run", path, strerror(ENOMEM));
			return EXIT_CANNOT_RUN;
		}
		(args ? args : login)[0] = name;
		execv(path, args ? args : login);
		if (errno == E2BIG || errno == ENOMEM) {
			complain("run", path, strerror(errno));
			return EXIT_CANNOT_RUN;
		}
		/* A shell without its loader or libraries; the next may be a static one. */
		complain("run", path, strerror(errno));
		free(name);
	}
	return 0;
}

/*
 * Splits line, in place, into words.  Returns their number, or 0 when the line is empty or means
 * something to a shell beyond words.
 */
static size_t split_plain_line(char *line, char **words, size_t room)
{
	size_t count = 0;

	if (strpbrk(line, "|&;<>()$`\\\"'*?[{}\n"))
		return 0;
	for (char *word, *rest = line; (word = strtok_r(rest, " \t", &rest));) {
		if (*word == '~' || *word == '#' || count + 1 == room)
			return 0;
		if (count == 0 && (*word == '!' || strchr(word, '=')))
			return 0;
		if (count == 0 && strcmp(word, "exec") == 0) /* as ssh prefixes a ProxyCommand */
			continue;
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

static int run_without_shell(char *line)
{
	char *words[WORDS_MAX];

	if (split_plain_line(line, words, WORDS_MAX) == 0) {
		fputs("udi-session: cannot run the command: this container image has no shell, and "
		      "the command is more than a program and its arguments\n",
		      stderr);
		return EXIT_NOT_FOUND;
	}
	execvp(words[0], words);
	complain("run", words[0], strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int refuse_login(void)
{
	fputs("udi-session: cannot open a session: this container image has no shell; give ssh a "
	      "program to run, as in: ssh HOST /path/to/program\n",
	      stderr);
	return EXIT_NOT_FOUND;
}

static int run_session(void)
{
	char shell[] = "", option[] = "-c";
	char *args[] = { shell, option, NULL, NULL };
	const char *value = getenv("SSH_ORIGINAL_COMMAND");
	int status;

	if (value && !(args[2] = strdup(value))) {
		complain("run the command of", "SSH_ORIGINAL_COMMAND", strerror(errno));
		return EXIT_CANNOT_RUN;
	}
	make_environment();
	if (!args[2])
		save_path();
	status = exec_shell(args[2] ? args : NULL);
	if (status != 0)
		return status;
	return args[2] ? run_without_shell(args[2]) : refuse_login();
}

int main(int argc, char **argv)
{
	int status;

	/*
	 * The second form is sshd running its ForceCommand through the passwd entry's shell when
	 * that is this program, too.
	 */
	if (argc <= 1 ||
	    (argc == 3 && strcmp(argv[1], "-c") == 0 && strcmp(argv[2], self_path) == 0))
		return run_session();
	status = exec_shell(argv);
	if (status != 0)
		return status;
	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return run_without_shell(argv[2]);
	if (argc == 2 && (strcmp(argv[1], "-l") == 0 || strcmp(argv[1], "-i") == 0))
		return refuse_login();
	complain("understand", argv[1], "this container image has no shell; use -c COMMAND");
	return EXIT_CANNOT_RUN;
}
