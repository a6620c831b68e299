/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi-wait: the job's readiness barrier.  Run inside the container, it ends when the sshd of every
 * host of the job has answered, or at a deadline, naming those that did not.
 *
 * A host has answered when its banner is one of SSH and ends with the job's principal, which the
 * job's sshd is told to append: another job's sshd on the same port is not ours.  The login
 * itself checks keys; this only waits.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "udi_names.h"
#include "udi_paths.h"

enum {
	EXIT_NOT_READY = 1,
	EXIT_USAGE = 2,
	DEFAULT_TIMEOUT_S = 60,
	MAX_TIMEOUT_S = 86400,
	SLOTS_MAX = 256,   /* connections at once */
	ATTEMPT_MS = 5000, /* connection and banner; spans two retries of a lost SYN */
	BACKOFF_MIN_MS = 50,
	BACKOFF_MAX_MS = 1000,
	BANNER_MAX = 255, /* bytes with CR LF, RFC 4253 */
	FAILURES_SHOWN = 20,
	HOST_NAME_BYTES_MAX = 255,
	DESCRIPTORS_SPARED = 16, /* standard ones, files, the resolver's */
};

static const char self[] = "udi-wait";
static const char conf_path[] = UDI_RUN "/wait.conf";

enum state { PENDING,
	     TRYING,
	     READY };

/* Why the last attempt failed, where no errno says it. */
enum defect { DEFECT_NONE,
	      DEFECT_CLOSED,
	      DEFECT_SILENT,
	      DEFECT_NOT_SSH,
	      DEFECT_OTHER_JOB };

struct target {
	enum state state;
	enum defect defect;
	int error; /* errno of the last attempt, or 0 */
	size_t next_address;
	int64_t backoff_ms, not_before_ms;
};

struct slot {
	int fd; /* -1: free */
	bool is_connected;
	size_t target;
	int64_t end_ms;
	size_t length;
	char banner[BANNER_MAX + 1];
};

struct barrier {
	char *hosts_text;
	struct shf_name *names;
	struct target *targets;
	size_t count, cursor;
	struct shf_resolver resolver;
	struct slot slots[SLOTS_MAX];
	size_t slot_count;
	const char *hosts_path;
	long port;
	char *principal; /* NULL or empty: any sshd will do */
	int64_t timeout_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what to wait for */

static int parse_port(const char *text, long *port)
{
	char *end;

	errno = 0;
	*port = strtol(text, &end, 10);
	return isdigit((unsigned char)*text) && *end == '\0' && errno == 0 && *port >= 1 &&
			       *port <= 65535
		       ? 0
		       : -EINVAL;
}

static int parse_timeout(const char *text, int64_t *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end != '\0' || !(seconds <= MAX_TIMEOUT_S))
		return -EINVAL;
	*ms = (int64_t)(seconds * 1000);
	return 0;
}

static bool is_principal(const char *text)
{
	if (strlen(text) > BANNER_MAX / 2)
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

static bool is_host(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= HOST_NAME_BYTES_MAX && *text != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
		       length;
}

static int conf_error(unsigned int line, const char *what)
{
	fprintf(stderr, "%s: cannot use line %u of '%s': %s\n", self, line, conf_path, what);
	return -EINVAL;
}

/* What the command line did not say; the caller says what is missing then. */
static int read_conf(struct barrier *b)
{
	char *line = NULL;
	size_t room = 0;
	unsigned int number = 0;
	int rc = 0;
	FILE *file = fopen(conf_path, "re");

	if (!file) {
		if (errno == ENOENT)
			return 0;
		fprintf(stderr, "%s: cannot open '%s': %s\n", self, conf_path, strerror(errno));
		return -EIO;
	}
	while (rc == 0 && getline(&line, &room, file) >= 0) {
		char *rest = line, *name, *value;

		number++;
		name = strtok_r(rest, " \t\r\n", &rest);
		if (!name || *name == '#')
			continue;
		value = strtok_r(rest, " \t\r\n", &rest);
		if (!value || strtok_r(rest, " \t\r\n", &rest)) {
			rc = conf_error(number, "not of the form NAME VALUE");
		} else if (strcmp(name, "port") == 0) {
			long port;

			if (parse_port(value, &port) < 0)
				rc = conf_error(number, "the port is not in 1..65535");
			else if (b->port == 0)
				b->port = port;
		} else if (strcmp(name, "principal") == 0) {
			if (!is_principal(value))
				rc = conf_error(number, "not a principal");
			else if (!b->principal && !(b->principal = strdup(value)))
				rc = conf_error(number, strerror(ENOMEM));
		} else {
			rc = conf_error(number, "neither port nor principal");
		}
	}
	if (rc == 0 && ferror(file)) {
		fprintf(stderr, "%s: cannot read '%s': %s\n", self, conf_path, strerror(errno));
		rc = -EIO;
	}
	free(line);
	fclose(file);
	return rc;
}

/* The whole file, NUL terminated, owned by the caller; NULL with errno. */
static char *read_file(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file = fopen(path, "re");

	if (!file)
		return NULL;
	length = getdelim(&text, &room, '\0', file);
	if (length < 0) {
		int error = ferror(file) ? errno : 0;

		free(text);
		text = error ? NULL : strdup("");
		errno = error ? error : errno;
	}
	fclose(file);
	return text;
}

static int compare_texts(const void *a, const void *b)
{
	const struct shf_name *left = a, *right = b;

	return strcasecmp(left->text, right->text);
}

static int read_hosts(struct barrier *b)
{
	size_t lines = 1, unique = 0;
	unsigned int number = 0;
	char *line, *rest;

	b->hosts_text = read_file(b->hosts_path);
	if (!b->hosts_text) {
		fprintf(stderr, "%s: cannot read '%s': %s\n", self, b->hosts_path, strerror(errno));
		return -EIO;
	}
	for (const char *p = b->hosts_text; *p; p++)
		lines += *p == '\n';
	b->names = calloc(lines, sizeof(*b->names));
	b->targets = calloc(lines, sizeof(*b->targets));
	if (!b->names || !b->targets) {
		fprintf(stderr, "%s: cannot read '%s': %s\n", self, b->hosts_path,
			strerror(ENOMEM));
		return -ENOMEM;
	}
	for (rest = b->hosts_text; (line = strsep(&rest, "\n"));) {
		char *host = line + strspn(line, " \t\r"), *end = host + strcspn(host, " \t\r");

		number++;
		if (*host == '\0')
			continue;
		if (end[strspn(end, " \t\r")] != '\0' || (*end = '\0', !is_host(host))) {
			fprintf(stderr, "%s: cannot use line %u of '%s': not one host name\n", self,
				number, b->hosts_path);
			return -EINVAL;
		}
		b->names[b->count++].text = host;
	}
	if (b->count == 0) {
		fprintf(stderr, "%s: cannot wait for the hosts in '%s': it names none\n", self,
			b->hosts_path);
		return -EINVAL;
	}
	qsort(b->names, b->count, sizeof(*b->names), compare_texts);
	for (size_t i = 0; i < b->count; i++)
		if (i == 0 || compare_texts(&b->names[i], &b->names[unique - 1]) != 0)
			b->names[unique++] = b->names[i];
	b->count = unique;
	return 0;
}

/* ---- attempts */

static void end_attempt(struct barrier *b, struct slot *slot, enum defect defect, int error)
{
	struct target *target = &b->targets[slot->target];

	close(slot->fd);
	slot->fd = -1;
	target->state = PENDING;
	target->defect = defect;
	target->error = error;
	/* The other addresses of a host are tried at once, the first again after a pause. */
	if (++target->next_address < b->names[slot->target].count)
		return;
	target->next_address = 0;
	target->backoff_ms = target->backoff_ms ? target->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (target->backoff_ms > BACKOFF_MAX_MS)
		target->backoff_ms = BACKOFF_MAX_MS;
	target->not_before_ms = now_ms() + target->backoff_ms;
}

/* Returns 0, or -errno when this process has no descriptor to spare and must wait for one. */
static int start_attempt(struct barrier *b, struct slot *slot, size_t index)
{
	struct target *target = &b->targets[index];
	union shf_address address = b->names[index].addresses[target->next_address];
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		return -errno;
	if (address.any.sa_family == AF_INET6)
		address.v6.sin6_port = htons((uint16_t)b->port);
	else
		address.v4.sin_port = htons((uint16_t)b->port);
	target->state = TRYING;
	slot->fd = fd;
	slot->target = index;
	slot->length = 0;
	slot->is_connected = false;
	slot->end_ms = now_ms() + ATTEMPT_MS;
	if (fd < 0 ||
	    (connect(fd, &address.any, shf_address_length(&address)) != 0 && errno != EINPROGRESS))
		end_attempt(b, slot, DEFECT_NONE, errno);
	return 0;
}

static bool is_from_this_job(const struct barrier *b, const char *banner)
{
	size_t length, wanted;

	if (!b->principal || !*b->principal)
		return true;
	length = strlen(banner);
	wanted = strlen(b->principal);
	return length > wanted && banner[length - wanted - 1] == ' ' &&
	       strcmp(banner + length - wanted, b->principal) == 0;
}

static void judge_banner(struct barrier *b, struct slot *slot)
{
	slot->banner[strcspn(slot->banner, "\r\n")] = '\0';
	if (strncmp(slot->banner, "SSH-2.0-", 8) != 0) {
		end_attempt(b, slot, DEFECT_NOT_SSH, 0);
	} else if (!is_from_this_job(b, slot->banner)) {
		end_attempt(b, slot, DEFECT_OTHER_JOB, 0);
	} else {
		close(slot->fd);
		slot->fd = -1;
		b->targets[slot->target].state = READY;
	}
}

static void continue_attempt(struct barrier *b, struct slot *slot)
{
	ssize_t got;

	if (!slot->is_connected) {
		int error = 0;
		socklen_t size = sizeof(error);

		if (getsockopt(slot->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
			error = errno;
		if (error != 0) {
			end_attempt(b, slot, DEFECT_NONE, error);
			return;
		}
		slot->is_connected = true;
	}
	got = read(slot->fd, slot->banner + slot->length, BANNER_MAX - slot->length);
	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			end_attempt(b, slot, DEFECT_NONE, errno);
		return;
	}
	slot->length += (size_t)got;
	slot->banner[slot->length] = '\0';
	if (memchr(slot->banner, '\n', slot->length) || slot->length == BANNER_MAX)
		judge_banner(b, slot);
	else if (got == 0)
		end_attempt(b, slot, DEFECT_CLOSED, 0);
}

/* ---- the barrier */

static struct slot *find_free_slot(struct barrier *b)
{
	for (size_t i = 0; i < b->slot_count; i++)
		if (b->slots[i].fd < 0)
			return &b->slots[i];
	return NULL;
}

/*
 * Starts what can be started.  The cursor goes round, so that hosts which never answer cannot keep
 * the slots from the others.  Lowers *wake_ms to when the next host may be tried again.
 */
static void start_attempts(struct barrier *b, int64_t *wake_ms)
{
	struct slot *slot = find_free_slot(b);
	size_t first = b->cursor;
	int64_t now = now_ms();

	for (size_t i = 0; i < b->count && slot; i++) {
		size_t index = (first + i) % b->count;
		struct target *target = &b->targets[index];
		int64_t again_ms = target->not_before_ms;

		if (target->state != PENDING || b->names[index].count == 0)
			continue;
		if (again_ms <= now) {
			int rc = start_attempt(b, slot, index);

			if (rc < 0) {
				/* Until a descriptor comes free here or, who knows, elsewhere. */
				target->error = -rc;
				slot = NULL;
				again_ms = now + BACKOFF_MIN_MS;
			} else {
				b->cursor = (index + 1) % b->count;
				slot = find_free_slot(b);
				again_ms = target->not_before_ms;
			}
		}
		if (target->state == PENDING && again_ms < *wake_ms)
			*wake_ms = again_ms;
	}
}

static bool is_undecided(const struct barrier *b, size_t index)
{
	return b->targets[index].state != READY && !b->names[index].failure;
}

static bool is_over(const struct barrier *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (is_undecided(b, i))
			return false;
	return true;
}

/* Waits for events until wake_ms and handles them.  Returns 0 or -errno. */
static int handle_events(struct barrier *b, int64_t wake_ms)
{
	struct pollfd fds[SLOTS_MAX + 1];
	struct slot *of[SLOTS_MAX];
	nfds_t count = 0;
	int64_t now;
	int rc;

	for (size_t i = 0; i < b->slot_count; i++) {
		struct slot *slot = &b->slots[i];

		if (slot->fd < 0)
			continue;
		if (slot->end_ms < wake_ms)
			wake_ms = slot->end_ms;
		of[count] = slot;
		fds[count++] = (struct pollfd){ .fd = slot->fd,
						.events = slot->is_connected ? POLLIN : POLLOUT };
	}
	fds[count] = (struct pollfd){ .fd = b->resolver.fd, .events = POLLIN };
	now = now_ms();
	rc = poll(fds, count + 1, wake_ms > now ? (int)(wake_ms - now) : 0);
	if (rc < 0)
		return errno == EINTR ? 0 : -errno;
	now = now_ms();
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].revents)
			continue_attempt(b, of[i]);
		else if (of[i]->end_ms <= now)
			end_attempt(b, of[i], of[i]->is_connected ? DEFECT_SILENT : DEFECT_NONE,
				    of[i]->is_connected ? 0 : ETIMEDOUT);
	}
	return fds[count].revents ? shf_resolver_take(&b->resolver, b->names, b->count) : 0;
}

/* Returns 0 when it is known of every host, or the time is over; or -errno. */
static int wait_for_all(struct barrier *b)
{
	int64_t deadline = now_ms() + b->timeout_ms;
	int rc = shf_names_look_up_files(b->names, b->count);

	if (rc == 0)
		rc = shf_resolver_start(&b->resolver, b->names, b->count);
	while (rc == 0 && !is_over(b)) {
		int64_t wake_ms = deadline;

		if (now_ms() >= deadline)
			break;
		start_attempts(b, &wake_ms);
		rc = handle_events(b, wake_ms);
	}
	for (size_t i = 0; i < b->slot_count; i++) {
		struct slot *slot = &b->slots[i];
		struct target *target = &b->targets[slot->target];

		if (slot->fd < 0)
			continue;
		/* What earlier attempts learnt says more than that this one had no time. */
		if ((target->defect || target->error) &&
		    now_ms() < slot->end_ms - ATTEMPT_MS + BACKOFF_MAX_MS)
			end_attempt(b, slot, target->defect, target->error);
		else
			end_attempt(b, slot, slot->is_connected ? DEFECT_SILENT : DEFECT_NONE,
				    slot->is_connected ? 0 : ETIMEDOUT);
	}
	shf_resolver_stop(&b->resolver);
	return rc;
}

static void report_host(const struct barrier *b, size_t index)
{
	const struct target *target = &b->targets[index];
	const struct shf_name *name = &b->names[index];

	if (name->failure)
		fprintf(stderr, "%s: cannot resolve: %s\n", name->text, name->failure);
	else if (name->count == 0)
		fprintf(stderr, "%s: cannot resolve: %s\n", name->text, strerror(ETIMEDOUT));
	else if (target->defect == DEFECT_OTHER_JOB)
		fprintf(stderr, "%s: port %ld answers for another job\n", name->text, b->port);
	else if (target->defect == DEFECT_NOT_SSH)
		fprintf(stderr, "%s: port %ld is not answered by an sshd\n", name->text, b->port);
	else if (target->defect == DEFECT_CLOSED)
		fprintf(stderr, "%s: no answer on port %ld: connection closed without a banner\n",
			name->text, b->port);
	else if (target->defect == DEFECT_SILENT)
		fprintf(stderr, "%s: no answer on port %ld: connected, but no banner\n", name->text,
			b->port);
	else
		fprintf(stderr, "%s: no answer on port %ld: %s\n", name->text, b->port,
			strerror(target->error ? target->error : ETIMEDOUT));
}

static int report(const struct barrier *b)
{
	size_t failed = 0;

	for (size_t i = 0; i < b->count; i++)
		if (b->targets[i].state != READY && failed++ < FAILURES_SHOWN)
			report_host(b, i);
	if (failed > FAILURES_SHOWN)
		fprintf(stderr, "and %zu more hosts\n", failed - FAILURES_SHOWN);
	return failed ? EXIT_NOT_READY : EXIT_SUCCESS;
}

/* ---- arguments */

static int usage(FILE *where)
{
	fprintf(where,
		"usage: %s [--timeout SECONDS] [--hosts FILE] [--port PORT] [--principal NAME]\n"
		"Waits until the sshd of every host of the job answers; names those that do not.\n"
		"Defaults: %d seconds, %s, and port and principal\n"
		"from %s.  An empty principal accepts any sshd.\n",
		self, DEFAULT_TIMEOUT_S, UDI_RUN "/hosts.unique", conf_path);
	return where == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static int bad_value(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "%s: cannot use '%s' as %s: %s\n", self, value, option, why);
	return EXIT_USAGE;
}

/* Returns -1 to go on, or the exit status. */
static int parse_arguments(struct barrier *b, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "hosts", required_argument, NULL, 'f' },
		{ "port", required_argument, NULL, 'p' },
		{ "principal", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 't':
			if (parse_timeout(optarg, &b->timeout_ms) < 0)
				return bad_value("the timeout", optarg, "not seconds in 0..86400");
			break;
		case 'f': b->hosts_path = optarg; break;
		case 'p':
			if (parse_port(optarg, &b->port) < 0)
				return bad_value("the port", optarg, "not in 1..65535");
			break;
		case 'n':
			if (!is_principal(optarg))
				return bad_value("the principal", optarg,
						 "too long, or not printable in one word");
			free(b->principal);
			b->principal = strdup(optarg);
			if (!b->principal)
				return bad_value("the principal", optarg, strerror(errno));
			break;
		case 'h': return usage(stdout);
		default: return usage(stderr);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unknown argument '%s'\n", self, argv[optind]);
		return usage(stderr);
	}
	return -1;
}

static int run(struct barrier *b, int argc, char **argv)
{
	struct rlimit limit;
	int rc = parse_arguments(b, argc, argv);

	if (rc >= 0)
		return rc;
	if (read_conf(b) < 0)
		return EXIT_USAGE;
	if (b->port == 0) {
		fprintf(stderr,
			"%s: cannot tell the port: neither --port nor '%s' names it; is this "
			"a container of a job with sshd?\n",
			self, conf_path);
		return EXIT_USAGE;
	}
	if (read_hosts(b) < 0)
		return EXIT_USAGE;
	b->slot_count = SLOTS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < SLOTS_MAX + DESCRIPTORS_SPARED)
		b->slot_count = limit.rlim_cur > DESCRIPTORS_SPARED
					? (size_t)limit.rlim_cur - DESCRIPTORS_SPARED
					: 1;
	rc = wait_for_all(b);
	if (rc < 0) {
		fprintf(stderr, "%s: cannot wait for the hosts in '%s': %s\n", self, b->hosts_path,
			strerror(-rc));
		return EXIT_NOT_READY;
	}
	return report(b);
}

int main(int argc, char **argv)
{
	static struct barrier b = {
		.resolver = { .fd = -1 },
		.hosts_path = UDI_RUN "/hosts.unique",
		.timeout_ms = DEFAULT_TIMEOUT_S * 1000,
	};
	int status;

	for (size_t i = 0; i < SLOTS_MAX; i++)
		b.slots[i].fd = -1;
	status = run(&b, argc, argv);
	shf_names_free(b.names, b.count);
	free(b.names);
	free(b.targets);
	free(b.hosts_text);
	free(b.principal);
	return status;
}
