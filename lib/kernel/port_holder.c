/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/port_holder.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { LISTENING = 0x0a }; /* proc_net_tcp in the kernel's documentation */

struct tcp_socket {
	uint64_t inode; /* 0: none */
	uint32_t uid;
	bool listens;
};

/* Take the socket of a line of /proc/net/tcp if it is at the port and better than *found. */
static void look_at_line(const char *line, uint32_t port, struct tcp_socket *found)
{
	unsigned at, state, uid;
	unsigned long long inode;

	/* number: local remote state queues timer retries uid timeout inode */
	if (sscanf(line, "%*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %u %*u %llu", &at,
		   &state, &uid, &inode) != 4)
		return;
	/* what nobody has any more, as in TIME_WAIT, is in nobody's way */
	if (at != port || !inode || (found->inode && state != LISTENING))
		return;
	*found = (struct tcp_socket){ .inode = inode, .uid = uid, .listens = state == LISTENING };
}

static void search_table(const char *path, uint32_t port, int64_t deadline_ms,
			 struct tcp_socket *found)
{
	FILE *table = fopen(path, "re");
	char line[512];

	if (!table)
		return;
	while (!found->listens && shf_now_ms() < deadline_ms && fgets(line, sizeof(line), table))
		look_at_line(line, port, found);
	fclose(table);
}

/* Has the process a descriptor of that name? */
static bool has_descriptor(int process, const char *wanted, int64_t deadline_ms)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (entry = readdir(dir)) && shf_now_ms() < deadline_ms) {
		char target[64];
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(dir);
	return found;
}

static void read_name(int process, char *name, size_t size)
{
	cleanup_fd int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, size - 1);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static void search_processes(uint64_t inode, int64_t deadline_ms, struct shf_port_holder *holder)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char wanted[64];

	if (!processes)
		return;
	snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);
	while (!holder->pid && (entry = readdir(processes)) && shf_now_ms() < deadline_ms) {
		cleanup_fd int process = -1;
		uint32_t pid;

		if (!shf_parse_u32(entry->d_name, 1, INT32_MAX, &pid))
			continue;
		process = openat(dirfd(processes), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process < 0 || !has_descriptor(process, wanted, deadline_ms))
			continue;
		holder->pid = (pid_t)pid;
		read_name(process, holder->name, sizeof(holder->name));
	}
	closedir(processes);
}

void shf_find_port_holder(uint32_t port, int64_t deadline_ms, struct shf_port_holder *holder)
{
	struct tcp_socket found = { 0 };

	*holder = (struct shf_port_holder){ 0 };
	/* of the thread: that of the process is another one's if a thread has its own network */
	search_table("/proc/thread-self/net/tcp", port, deadline_ms, &found);
	if (!found.listens)
		search_table("/proc/thread-self/net/tcp6", port, deadline_ms, &found);
	if (!found.inode)
		return;
	holder->has_socket = true;
	holder->uid = found.uid;
	search_processes(found.inode, deadline_ms, holder);
}
