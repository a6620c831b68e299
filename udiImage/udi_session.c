/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi-session: what every ssh session in a container goes through.
 *
 * As sshd's ForceCommand it makes the environment of the session (udi_env.h), and then does what
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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udi_env.h"
#include "udi_paths.h"

extern char **environ;

static const char self_path[] = UDI_PREFIX "/libexec/udi-session";

enum {
	WORDS_MAX = 1024, /* of a command that is run without a shell */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

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
		udi_complain("keep", "PATH", strerror(errno));
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
			udi_complain("run", path, strerror(ENOMEM));
			return EXIT_CANNOT_RUN;
		}
		(args ? args : login)[0] = name;
		execv(path, args ? args : login);
		if (errno == E2BIG || errno == ENOMEM) {
			udi_complain("run", path, strerror(errno));
			return EXIT_CANNOT_RUN;
		}
		/* A shell without its loader or libraries; the next may be a static one. */
		udi_complain("run", path, strerror(errno));
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
	udi_complain("run", words[0], strerror(errno));
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
		udi_complain("run the command of", "SSH_ORIGINAL_COMMAND", strerror(errno));
		return EXIT_CANNOT_RUN;
	}
	udi_make_environment();
	if (!args[2])
		save_path();
	status = exec_shell(args[2] ? args : NULL);
	if (status != 0 && udi_leave_caller()) {
		if (!args[2])
			save_path();
		status = exec_shell(args[2] ? args : NULL);
	}
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
	udi_complain("understand", argv[1], "this container image has no shell; use -c COMMAND");
	return EXIT_CANNOT_RUN;
}
