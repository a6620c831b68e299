/* SPDX-License-Identifier: BSD-3-Clause */
#include "adopt.h"

#include "common/child.h"
#include "common/scope.h"
#include "say.h"
#include "user.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TIMEOUT_MS = 10000,
       PROCESSES_MAX = 65536,
       TM_ADOPT_JOBID = 114 /* of Torque's tm_.h, which is not installed */
};

typedef int (*adopt_fn)(char *job_id, int command, pid_t pid);

/* In a child only: what the library brings in stays there. */
static adopt_fn find_adopt(void)
{
	static const char *const names[] = { "libtorque.so.2", "libtorque.so" };
	adopt_fn adopt = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !adopt; i++) {
		void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		void *found = library ? dlsym(library, "tm_adopt") : NULL;

		memcpy(&adopt, &found, sizeof(found));
	}
	return adopt;
}

static int look_for_library(int fd, void *data)
{
	(void)fd;
	(void)data;
	return find_adopt() ? 0 : 1;
}

bool shf_torque_can_adopt(void)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };

	return shf_wlm_child_run(look_for_library, NULL, 0, TIMEOUT_MS, &said) == 0 &&
	       WIFEXITED(said.exit_status) && WEXITSTATUS(said.exit_status) == 0;
}

/* ---- which sessions are there? ---- */

struct pids {
	pid_t *list; /* owned */
	size_t n, capacity;
};

static void add_pid(struct pids *pids, pid_t pid)
{
	if (pids->n == pids->capacity) {
		size_t capacity = pids->capacity ? 2 * pids->capacity : 64;
		pid_t *list = capacity <= PROCESSES_MAX
				      ? reallocarray(pids->list, capacity, sizeof(*list))
				      : NULL;

		/* what is left out will be found the next time */
		if (!list)
			return;
		pids->list = list;
		pids->capacity = capacity;
	}
	pids->list[pids->n++] = pid;
}

/* The children of one thread. */
static void add_children(struct pids *pids, pid_t pid, const char *thread)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/children", (int)pid, thread);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1)
		add_pid(pids, child);
	fclose(file);
}

static void add_children_of(struct pids *pids, pid_t pid)
{
	const struct dirent *entry;
	char path[32];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return;
	while ((entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			add_children(pids, pid, entry->d_name);
	closedir(threads);
}

/* Does the process lead a session?  It may be gone meanwhile. */
static bool read_leader(pid_t pid, struct shf_torque_session *out)
{
	char path[32], line[2048];
	unsigned long long started;
	const char *rest;
	int session;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	/* state, parent, group, session; the start is the 22nd of all */
	if (!rest ||
	    sscanf(rest + 1,
		   " %*c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		   "%*d %llu",
		   &session, &started) != 2 ||
	    session != pid)
		return false;
	out->id = pid;
	out->started = started;
	return true;
}

static void find_sessions(pid_t usher, struct shf_torque_sessions *out)
{
	struct pids pids = { NULL, 0, 0 };

	add_children_of(&pids, usher);
	for (size_t i = 0; i < pids.n; i++)
		add_children_of(&pids, pids.list[i]);
	out->list = calloc(pids.n + 1, sizeof(*out->list));
	out->n = 0;
	for (size_t i = 0; i < pids.n && out->list; i++)
		if (read_leader(pids.list[i], &out->list[out->n]))
			out->n++;
	free(pids.list);
}

static bool is_known(const struct shf_torque_sessions *known, const struct shf_torque_session *s)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->list[i].id == s->id && known->list[i].started == s->started)
			return true;
	return false;
}

/* ---- adoption ---- */

struct adoption {
	const char *job_id;
	const struct shf_wlm_account *account;
	pid_t session;
};

/* In the child.  tm_adopt() wants its caller to be the owner of /proc/SESSION. */
static int adopt(int fd, void *data)
{
	const struct adoption *adoption = data;
	char path[32];
	struct stat st;
	adopt_fn function;

	(void)fd;
	snprintf(path, sizeof(path), "/proc/%d", (int)adoption->session);
	if (stat(path, &st) < 0)
		return 0;
	function = find_adopt();
	if (!function)
		return 1;
	/* one that cannot be traced, as sshd, counts as root's */
	if (st.st_uid != 0 && shf_torque_become(adoption->account) < 0)
		return 1;
	return function((char *)adoption->job_id, TM_ADOPT_JOBID, adoption->session) == 0 ? 0 : 1;
}

void shf_torque_adopt_sessions(const char *job_id, const struct shf_wlm_account *account,
			       pid_t usher, struct shf_torque_sessions *known)
{
	struct shf_torque_sessions found = { NULL, 0 };

	find_sessions(usher, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct adoption adoption = { job_id, account, found.list[i].id };
		scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };

		if (is_known(known, &found.list[i]))
			continue;
		if (shf_wlm_child_run(adopt, &adoption, 0, TIMEOUT_MS, &said) < 0 ||
		    said.exit_status != 0)
			shf_torque_note("pbs_mom did not adopt session %d", (int)adoption.session);
	}
	shf_torque_sessions_free(known);
	*known = found;
}

void shf_torque_sessions_free(struct shf_torque_sessions *sessions)
{
	free(sessions->list);
	sessions->list = NULL;
	sessions->n = 0;
}
