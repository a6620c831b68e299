/* SPDX-License-Identifier: BSD-3-Clause */
#include "node.h"

#include "common/child.h"
#include "common/scope.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 1024 * 1024,
       TIMEOUT_MS = 15000 };

/* The value of "     NAME = VALUE"; its end is that of the line.  NULL if there is none. */
static const char *find_attribute(const char *said, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");

		/* an attribute is indented, a name of a node is not */
		if (at == line || strncmp(at, name, length) != 0 ||
		    strncmp(at + length, " = ", 3) != 0)
			continue;
		return at + length + 3;
	}
	return NULL;
}

/* Is word, between commas and blanks, one of the line? */
static bool has_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	while (*line && *line != '\n') {
		size_t n;

		line += strspn(line, ", ");
		n = strcspn(line, ", \n");
		if (n == length && memcmp(line, word, n) == 0)
			return true;
		line += n;
	}
	return false;
}

/* "0-3/12.head,5,6/13.head": what is behind the slashes. */
static bool has_only_job(const char *line, const char *job_id)
{
	size_t length = strlen(job_id);

	while (*line && *line != '\n') {
		size_t n;
		const char *slash;

		line += strspn(line, ", ");
		n = strcspn(line, ", \n");
		slash = memchr(line, '/', n);
		if (slash &&
		    ((size_t)(line + n - slash - 1) != length ||
		     memcmp(slash + 1, job_id, length) != 0))
			return false;
		line += n;
	}
	return true;
}

enum shf_torque_share shf_torque_judge_node(const char *said, const char *job_id)
{
	const char *state = find_attribute(said, "state");
	const char *jobs = find_attribute(said, "jobs");

	if (!state)
		return SHF_TORQUE_UNKNOWN;
	if (!has_word(state, "job-exclusive"))
		return SHF_TORQUE_SHARED;
	return !jobs || has_only_job(jobs, job_id) ? SHF_TORQUE_EXCLUSIVE : SHF_TORQUE_SHARED;
}

int shf_torque_find_self(const char *exec_host, const char *self, char *out, size_t size)
{
	size_t length = strcspn(self, ".");

	while (*exec_host) {
		size_t n = strcspn(exec_host, "/+");

		if (n >= length && memcmp(exec_host, self, length) == 0 &&
		    (n == length || exec_host[length] == '.')) {
			if (n >= size)
				return -ENAMETOOLONG;
			memcpy(out, exec_host, n);
			out[n] = '\0';
			return 0;
		}
		exec_host += strcspn(exec_host, "+");
		exec_host += *exec_host == '+';
	}
	return -ENOENT;
}

/* In the child. */
static int run_pbsnodes(int fd, void *data)
{
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	char *const argv[] = { (char *)"pbsnodes", data, NULL };
	static const char *const places[] = {
		"/usr/bin/pbsnodes",
		"/usr/local/bin/pbsnodes",
		"/usr/sbin/pbsnodes",
		"/usr/local/sbin/pbsnodes",
		"/opt/torque/bin/pbsnodes",
	};

	if (dup2(fd, STDOUT_FILENO) < 0)
		return 126;
	close(fd);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		execve(places[i], argv, environment);
	return 127;
}

enum shf_torque_share shf_torque_ask_node(const char *node, const char *job_id, char *why,
					  size_t size)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	enum shf_torque_share share;
	int rc;

	rc = shf_wlm_child_run(run_pbsnodes, (void *)node, ANSWER_MAX, TIMEOUT_MS, &said);
	if (rc < 0)
		snprintf(why, size, "cannot ask pbsnodes about node '%s': %s", node, strerror(-rc));
	else if (!WIFEXITED(said.exit_status) || WEXITSTATUS(said.exit_status) == 127)
		snprintf(why, size, "cannot ask pbsnodes about node '%s': it cannot be run", node);
	else if (WEXITSTATUS(said.exit_status) != 0)
		snprintf(why, size, "cannot ask pbsnodes about node '%s': it ended with status %d",
			 node, WEXITSTATUS(said.exit_status));
	else if ((share = shf_torque_judge_node(said.bytes, job_id)) != SHF_TORQUE_UNKNOWN)
		return share;
	else
		snprintf(why, size, "cannot ask pbsnodes about node '%s': it names no state", node);
	return SHF_TORQUE_UNKNOWN;
}
