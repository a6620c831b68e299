/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "udi_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a worker says about one name: one packet of a pipe in packet mode. */
struct answer {
	uint64_t index;
	int32_t error; /* of getaddrinfo() */
	uint32_t count;
	union shf_address addresses[SHF_ADDRESSES_MAX];
};

socklen_t shf_address_length(const union shf_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static bool parse_address(const char *text, union shf_address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		return true;
	}
	return false;
}

static int add_address(struct shf_name *name, const union shf_address *address)
{
	union shf_address *grown;

	for (size_t i = 0; i < name->count; i++)
		if (memcmp(&name->addresses[i], address, sizeof(*address)) == 0)
			return 0;
	if (name->count == SHF_ADDRESSES_MAX)
		return 0;
	grown = realloc(name->addresses, (name->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	name->addresses = grown;
	grown[name->count++] = *address;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct shf_name *const *left = a, *const *right = b;

	return strcasecmp((*left)->text, (*right)->text);
}

static int add_host_line(char *line, struct shf_name **sorted, size_t count)
{
	union shf_address address;
	char *word, *rest = line;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(rest, " \t\r", &rest);
	if (!word || !parse_address(word, &address))
		return 0;
	while ((word = strtok_r(rest, " \t\r", &rest))) {
		struct shf_name wanted = { .text = word }, *key = &wanted, **found;
		int rc;

		found = bsearch(&key, sorted, count, sizeof(*sorted), compare_names);
		rc = found ? add_address(*found, &address) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_hosts_file(struct shf_name **sorted, size_t count)
{
	char *line = NULL;
	size_t room = 0;
	int rc = 0;
	FILE *file = fopen("/etc/hosts", "re");

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (rc == 0 && getline(&line, &room, file) >= 0)
		rc = add_host_line(line, sorted, count);
	if (rc == 0 && ferror(file))
		rc = -EIO;
	free(line);
	fclose(file);
	return rc;
}

int shf_names_look_up_files(struct shf_name *names, size_t count)
{
	struct shf_name **sorted = calloc(count + 1, sizeof(*sorted));
	size_t wanted = 0;
	int rc = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count && rc == 0; i++) {
		union shf_address address;

		if (parse_address(names[i].text, &address))
			rc = add_address(&names[i], &address);
		else
			sorted[wanted++] = &names[i];
	}
	if (rc == 0 && wanted > 0) {
		qsort(sorted, wanted, sizeof(*sorted), compare_names);
		rc = read_hosts_file(sorted, wanted);
	}
	free(sorted);
	return rc;
}

static void resolve_name(const struct shf_name *name, struct answer *answer)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	answer->count = 0;
	answer->error = getaddrinfo(name->text, NULL, &hints, &list);
	if (answer->error != 0)
		return;
	for (struct addrinfo *a = list; a && answer->count < SHF_ADDRESSES_MAX; a = a->ai_next) {
		union shf_address *address = &answer->addresses[answer->count];

		if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) ||
		    a->ai_addrlen > sizeof(*address))
			continue;
		memset(address, 0, sizeof(*address));
		memcpy(address, a->ai_addr, a->ai_addrlen);
		answer->count++;
	}
	freeaddrinfo(list);
	if (answer->count == 0)
		answer->error = EAI_NONAME;
}

/* Every step-th name from first on; until all are answered, or the caller ends this process. */
static _Noreturn void work(const struct shf_name *names, size_t count, size_t first, size_t step,
			   int fd)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	bool *is_answered = calloc(count, sizeof(*is_answered));
	bool again = true;

	if (!is_answered)
		_exit(1);
	while (again) {
		size_t position = 0;

		again = false;
		for (size_t i = 0; i < count; i++) {
			struct answer answer = { .index = i };

			if (names[i].count > 0 || position++ % step != first || is_answered[i])
				continue;
			resolve_name(&names[i], &answer);
			if (answer.error == EAI_AGAIN || answer.error == EAI_SYSTEM) {
				again = true;
				continue;
			}
			if (write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
				_exit(1);
			is_answered[i] = true;
		}
		if (again)
			nanosleep(&pause, NULL);
	}
	_exit(0);
}

int shf_resolver_start(struct shf_resolver *resolver, struct shf_name *names, size_t count)
{
	size_t unknown = 0, workers;
	pid_t parent = getpid();
	int ends[2];

	*resolver = (struct shf_resolver){ .fd = -1 };
	for (size_t i = 0; i < count; i++)
		unknown += names[i].count == 0;
	if (unknown == 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0)
		return -errno;
	workers = unknown < SHF_WORKERS_MAX ? unknown : SHF_WORKERS_MAX;
	for (size_t i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			int error = errno;

			close(ends[0]);
			close(ends[1]);
			shf_resolver_stop(resolver);
			return -error;
		}
		if (pid == 0) {
			close(ends[0]);
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
				_exit(1);
			work(names, count, i, workers, ends[1]);
		}
		resolver->pids[resolver->workers++] = pid;
	}
	close(ends[1]);
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK | O_DIRECT) != 0) {
		int error = errno;

		close(ends[0]);
		shf_resolver_stop(resolver);
		return -error;
	}
	resolver->fd = ends[0];
	return 0;
}

int shf_resolver_take(struct shf_resolver *resolver, struct shf_name *names, size_t count)
{
	while (resolver->fd >= 0) {
		struct answer answer;
		ssize_t got = read(resolver->fd, &answer, sizeof(answer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (got == 0) {
			for (size_t i = 0; i < count; i++)
				if (names[i].count == 0 && !names[i].failure)
					names[i].failure = "the resolver process ended early";
			shf_resolver_stop(resolver);
			return 0;
		}
		if (got != sizeof(answer) || answer.index >= count ||
		    answer.count > SHF_ADDRESSES_MAX)
			return -EPROTO;
		if (answer.error != 0)
			names[answer.index].failure = gai_strerror(answer.error);
		for (size_t i = 0; i < answer.count; i++) {
			int rc = add_address(&names[answer.index], &answer.addresses[i]);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

void shf_resolver_stop(struct shf_resolver *resolver)
{
	if (resolver->fd >= 0)
		close(resolver->fd);
	resolver->fd = -1;
	for (size_t i = 0; i < resolver->workers; i++)
		kill(resolver->pids[i], SIGKILL);
	for (size_t i = 0; i < resolver->workers; i++)
		while (waitpid(resolver->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	resolver->workers = 0;
}

void shf_names_free(struct shf_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].addresses);
}
