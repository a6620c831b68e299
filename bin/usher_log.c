/* SPDX-License-Identifier: BSD-3-Clause */
#include "usher_log.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "sshd.log"
#define OLD_NAME "sshd.log.1"

enum {
	SIZE_MAX_BYTES = 512 << 10, /* of each of both: the live directory is memory */
	PIPE_BYTES = 65536,         /* what a pipe holds: so whole lines are read */
};

static int open_file(struct usher_log *log)
{
	log->size = 0;
	log->file = openat(log->live, NAME,
			   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	return log->file >= 0 && fchmod(log->file, 0644) < 0 ? -errno : 0;
}

int usher_log_open(struct usher_log *log, int live)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	log->live = live;
	log->reader = ends[0];
	log->writer = ends[1];
	/* a reader that is late must stall nobody's sshd, nor one sshd another */
	if (fcntl(log->writer, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(log->reader, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return open_file(log);
}

static void rotate(struct usher_log *log)
{
	close(log->file);
	log->file = -1;
	if (renameat(log->live, NAME, log->live, OLD_NAME) == 0)
		open_file(log);
}

size_t usher_log_take(struct usher_log *log, const char **text)
{
	static char chunk[PIPE_BYTES];
	ssize_t n = read(log->reader, chunk, sizeof(chunk));

	*text = chunk;
	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)chunk[i];

		/* sshd ends its lines with "\r\n", and peers name themselves */
		if (c == '\r')
			chunk[i] = ' ';
		else if ((c < 0x20 && c != '\n') || c >= 0x7f)
			chunk[i] = '?';
	}
	if (log->file >= 0 && log->size + (size_t)n > SIZE_MAX_BYTES)
		rotate(log);
	log->size += (size_t)n;
	/* full memory loses lines, and no more */
	if (log->file >= 0 && shf_write_all(log->file, chunk, (size_t)n) < 0)
		log->size = SIZE_MAX_BYTES;
	return (size_t)n;
}
