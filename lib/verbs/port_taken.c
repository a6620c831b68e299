/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs/port_taken.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/port_holder.h"
#include "kernel/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { SEARCH_MS = 2000 };

/* Does it hold the port?  A record alone does not: its keeper may be gone. */
static bool has_port(const char *id, uint32_t port)
{
	cleanup_state struct shf_state state = SHF_NO_STATE;
	cleanup_fd int keeper = -1;
	struct shf_report ignored = { 0 };
	struct shf_record record;

	if (shf_open_state(id, &state, &ignored) < 0 ||
	    shf_read_record(&state, &record, &ignored) < 0)
		return false;
	if (record.port == port)
		keeper = shf_open_process(record.keeper_pid, record.keeper_start);
	shf_record_free(&record);
	return keeper >= 0;
}

static bool find_container(struct setup *s, uint32_t port, int64_t deadline_ms, char id[65])
{
	int fd = openat(s->state.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!dir) {
		shf_close_fd(&fd);
		return false;
	}
	while (!found && (entry = readdir(dir)) && shf_now_ms() < deadline_ms) {
		if (!shf_is_id(entry->d_name) || strcmp(entry->d_name, s->spec.id) == 0)
			continue;
		found = has_port(entry->d_name, port);
		snprintf(id, 65, "%.64s", entry->d_name);
	}
	closedir(dir);
	return found;
}

/* What the site, or who asked for this port, can do about it. */
static const char *get_advice(const struct setup *s, bool is_container)
{
	if (s->spec.sshd_port)
		return "ask for another port";
	if (s->ctx->config.sshd_ports.high)
		return is_container ? "sshdPortRange has to be larger"
				    : "sshdPortRange has to be where nobody else has ports";
	return is_container ? "jobs that share a node need sshdPortRange, or whole nodes"
			    : "jobs need another sshdPort, or sshdPortRange";
}

int shf_report_taken_port(struct setup *s, uint32_t port)
{
	struct shf_report *report = &s->ctx->report;
	int64_t deadline_ms = shf_now_ms() + SEARCH_MS;
	struct shf_port_holder holder;
	char id[65];

	shf_find_port_holder(port, deadline_ms, &holder);
	/* the sockets of containers are root's */
	if ((!holder.has_socket || holder.uid == 0) && find_container(s, port, deadline_ms, id))
		return shf_fail(report, SHIFTER_FAULT_SITE, EADDRINUSE,
				"cannot listen on port %u: it is taken by container '%s'; %s", port,
				id, get_advice(s, true));
	if (holder.pid)
		return shf_fail(report, SHIFTER_FAULT_SITE, EADDRINUSE,
				"cannot listen on port %u: it is taken by process %d (%s) of user "
				"id %u; %s",
				port, (int)holder.pid, holder.name, holder.uid,
				get_advice(s, false));
	if (holder.has_socket)
		return shf_fail(report, SHIFTER_FAULT_SITE, EADDRINUSE,
				"cannot listen on port %u: it is taken by a process of user id %u "
				"that could not be found; %s",
				port, holder.uid, get_advice(s, false));
	return shf_fail(report, SHIFTER_FAULT_SITE, EADDRINUSE,
			"cannot listen on port %u: it is taken by a process that could not be "
			"found; %s",
			port, get_advice(s, false));
}
