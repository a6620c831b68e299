/* SPDX-License-Identifier: BSD-3-Clause */
#include "usher_syslog.h"

#include "kernel/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	PRIORITY = 10 * 8 + 6, /* authpriv, info */
	PAUSE_MIN_MS = 50,
	PAUSE_MAX_MS = 60000,
};

void usher_syslog_open(struct usher_syslog *log, const char *id, uint32_t uid)
{
	log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	log->id = id;
	log->uid = uid;
	/* the C library may want memory for the time zone: now, and not for a peer */
	tzset();
}

static bool offer(const struct usher_syslog *log, const char *line)
{
	static const struct sockaddr_un place = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

	/* by name each time: a syslogd that was restarted has another socket */
	return sendto(log->fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)(const void *)&place, sizeof(place)) >= 0;
}

/* "<86>Nov 26 21:38:35 shifter-usher[4711]: container slurm-12: " and what comes next */
static size_t begin(const struct usher_syslog *log, char line[USHER_SYSLOG_LINE])
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm = { 0 };
	int n;

	localtime_r(&now, &tm);
	n = snprintf(line, USHER_SYSLOG_LINE,
		     "<%d>%s %2d %02d:%02d:%02d shifter-usher[%d]: container %s: ", PRIORITY,
		     months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		     (int)getpid(), log->id);
	return n < 0 ? 0 : (size_t)n;
}

void usher_syslog_connection(struct usher_syslog *log, const char *address, unsigned port)
{
	char *line;
	size_t n;

	if (log->fd < 0)
		return;
	if (log->count == USHER_SYSLOG_KEPT) {
		log->lost++;
		return;
	}
	line = log->lines[(log->first + log->count++) % USHER_SYSLOG_KEPT];
	n = begin(log, line);
	snprintf(line + n, USHER_SYSLOG_LINE - n, "ssh connection from %s port %u for uid %u",
		 address, port, log->uid);
}

/* How many were lost, which has to find its way like any line. */
static bool admit_loss(struct usher_syslog *log)
{
	char line[USHER_SYSLOG_LINE];
	size_t n = begin(log, line);

	snprintf(line + n, sizeof(line) - n, "%u lines about ssh connections were lost",
		 log->lost);
	if (!offer(log, line))
		return false;
	log->lost = 0;
	return true;
}

int usher_syslog_flush(struct usher_syslog *log)
{
	int64_t now = shf_now_ms();

	if (!log->count && !log->lost)
		return -1;
	if (log->pause && now < log->next_ms)
		return (int)(log->next_ms - now);
	while (log->count && offer(log, log->lines[log->first])) {
		log->first = (log->first + 1) % USHER_SYSLOG_KEPT;
		log->count--;
		log->pause = 0;
	}
	if (!log->count && (!log->lost || admit_loss(log))) {
		log->pause = 0;
		return -1;
	}
	/* full: soon; without a syslogd: seldom */
	log->pause = log->pause ? log->pause * 2 : PAUSE_MIN_MS;
	if (log->pause > PAUSE_MAX_MS)
		log->pause = PAUSE_MAX_MS;
	log->next_ms = now + log->pause;
	return (int)log->pause;
}
