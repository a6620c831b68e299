/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cleanup.h"
#include "kernel/greeting.h"
#include "verbs/sshd_start.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* The last line that sshd left in its log, to end a sentence of ours. */
static void read_last_words(int live, char *line, size_t size)
{
	cleanup_fd int fd = openat(live, "sshd.log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	char *last;
	ssize_t n;

	n = pread(fd, line, size - 1, end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0);
	n = n < 0 ? 0 : n;
	while (n > 0 && strchr("\n .", line[n - 1]))
		n--;
	line[n] = '\0';
	last = strrchr(line, '\n');
	if (last)
		memmove(line, last + 1, strlen(last + 1) + 1);
}

int shf_sshd_await(struct shf_sshd_start *s)
{
	const char *id = s->container->record.id;
	char words[256];
	int rc;

	/* one is as good as all: they are bound already, and the same usher accepts from each */
	rc = shf_check_greeting(s->listeners.fds[0], s->facts.principal,
				"ssh-ed25519-cert-v01@openssh.com", s->usher.pidfd, s->deadline_ms);
	if (rc == 0)
		return 0;
	/* not the node's, whatever it looks like: sshd and its key are the user's */
	if (rc == -ETIMEDOUT)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, ETIMEDOUT,
				"the sshd of container '%s' did not answer on port %u in time", id,
				s->facts.port);
	if (rc == -ENOKEY)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EIO,
				"the sshd of container '%s' answers on port %u, but shows no host "
				"certificate",
				id, s->facts.port);
	/* it is the usher who writes the log */
	poll(NULL, 0, 20);
	read_last_words(s->live, words, sizeof(words));
	return shf_fail(s->report, SHIFTER_FAULT_SITE, EIO,
			"the sshd of container '%s' does not serve: %s", id,
			words[0] ? words : "it ended without a word");
}
