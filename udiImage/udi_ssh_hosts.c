/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ssh parses the files that it includes even for hosts that they are not meant for, and a bad value
 * or mode in one of them is its end: as long as ~/.ssh/config is included at all, it can break ssh
 * to the job's hosts.  So these have a configuration without it, and which one is read must be
 * known beforehand: from the command line, and the list of hosts in the other configuration.
 */
#define _GNU_SOURCE
#include "udi_ssh_hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_MAX = 1025 }; /* NI_MAXHOST */

/* As lib/model/sshconf.c writes it, names and addresses with commas between. */
static const char list_start[] = "\nMatch originalhost ";

/* Is host, or the IPv6 address that it is another spelling of, one of the n bytes' words? */
static bool is_listed(const char *list, size_t n, const char *host)
{
	const size_t length = strlen(host);
	const char *end = list + n;
	struct in6_addr wanted, found;
	bool is_v6 = inet_pton(AF_INET6, host, &wanted) == 1;

	for (const char *word = list; word < end;) {
		const char *comma = memchr(word, ',', (size_t)(end - word));
		size_t size = (size_t)((comma ? comma : end) - word);
		char text[INET6_ADDRSTRLEN];

		if (size == length && strncasecmp(word, host, size) == 0)
			return true;
		if (is_v6 && size < sizeof(text) && memchr(word, ':', size)) {
			memcpy(text, word, size);
			text[size] = '\0';
			if (inet_pton(AF_INET6, text, &found) == 1 &&
			    memcmp(&found, &wanted, sizeof(found)) == 0)
				return true;
		}
		word += size + 1;
	}
	return false;
}

static bool is_job_host(const char *host)
{
	int fd = open(UDI_SSH_CONFIG, O_RDONLY | O_CLOEXEC);
	bool found = false;
	struct stat st;
	char *text;

	if (fd < 0)
		return false;
	/* a new one is put in its place in one step: this one does not change */
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		size_t n = (size_t)st.st_size;

		text = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text != MAP_FAILED) {
			const char *list = memmem(text, n, list_start, sizeof(list_start) - 1);

			if (list) {
				const char *end;

				list += sizeof(list_start) - 1;
				end = memchr(list, '\n', (size_t)(text + n - list));
				found = end && is_listed(list, (size_t)(end - list), host);
			}
			munmap(text, n);
		}
	}
	close(fd);
	return found;
}

/* The argument that is neither an option nor the value of one, or NULL. */
static const char *find_destination(int argc, char *const *argv, const char *options)
{
	for (int i = 1; i < argc; i++) {
		const char *option = argv[i];

		if (option[0] != '-' || !option[1])
			return option;
		if (strcmp(option, "--") == 0)
			return i + 1 < argc ? argv[i + 1] : NULL;
		while (*++option) {
			const char *known = strchr(options, *option);

			if (!known || known[1] != ':')
				continue;
			/* its value: the rest, or the next one */
			if (!option[1])
				i++;
			break;
		}
	}
	return NULL;
}

/* The host of [USER@]HOST and ssh://[USER@]HOST[:PORT][/], with or without brackets. */
static bool take_host(const char *destination, char *host, size_t room)
{
	static const char scheme[] = "ssh://";
	bool is_uri = strncmp(destination, scheme, sizeof(scheme) - 1) == 0;
	const char *at;
	size_t n;

	if (is_uri)
		destination += sizeof(scheme) - 1;
	at = strrchr(destination, '@');
	if (at)
		destination = at + 1;
	n = strlen(destination);
	if (is_uri && *destination == '[')
		n = strcspn(++destination, "]");
	else if (is_uri)
		n = strcspn(destination, ":/");
	if (n == 0 || n >= room)
		return false;
	memcpy(host, destination, n);
	host[n] = '\0';
	return true;
}

const char *udi_choose_config(int argc, char *const *argv, const char *options)
{
	const char *destination = find_destination(argc, argv, options);
	char host[HOST_MAX];

	if (destination && take_host(destination, host, sizeof(host)) && is_job_host(host) &&
	    access(UDI_SSH_CONFIG_JOB, R_OK) == 0)
		return UDI_SSH_CONFIG_JOB;
	return UDI_SSH_CONFIG;
}
