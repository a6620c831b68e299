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

/* As lib/model/sshconf.c writes them: names and addresses with commas between, then the port. */
static const char list_start[] = "\nMatch originalhost ";
static const char port_start[] = "\nPort ";

/* What a command line says, as far as it matters here. */
struct arguments {
	const char *destination;
	const char *config; /* of the last -F */
};

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

/* The line at the start of n bytes, as an option; none if it is another. */
static void take_port(const char *line, size_t n, char option[UDI_PORT_OPTION])
{
	const size_t start = sizeof(port_start) - 1;
	size_t digits = 0;

	option[0] = '\0';
	if (n <= start || memcmp(line, port_start, start) != 0)
		return;
	line += start;
	while (digits < n - start && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	if (digits == 0 || digits > UDI_PORT_OPTION - sizeof("-p"))
		return;
	memcpy(option, "-p", 2);
	memcpy(option + 2, line, digits);
	option[2 + digits] = '\0';
}

static bool is_job_host(const char *host, char port[UDI_PORT_OPTION])
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
				if (found)
					take_port(end, (size_t)(text + n - end), port);
			}
			munmap(text, n);
		}
	}
	close(fd);
	return found;
}

/* As ssh does: options, the destination, more options, and the command from there on. */
static void read_arguments(int argc, char *const *argv, const char *options,
			   struct arguments *arguments)
{
	bool is_end = false;

	for (int i = 1; i < argc; i++) {
		const char *option = argv[i];

		if (is_end || option[0] != '-' || !option[1]) {
			if (arguments->destination)
				return;
			arguments->destination = option;
			is_end = false;
			continue;
		}
		if (strcmp(option, "--") == 0) {
			if (arguments->destination)
				return;
			is_end = true;
			continue;
		}
		while (*++option) {
			const char *known = strchr(options, *option);
			const char *value;

			if (!known || known[1] != ':')
				continue;
			/* the rest, or the next one */
			value = option[1] ? option + 1 : argv[i + 1];
			if (!option[1])
				i++;
			if (*option == 'F')
				arguments->config = value;
			break;
		}
	}
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

static bool is_ours(const char *config)
{
	return strcmp(config, UDI_SSH_CONFIG) == 0 || strcmp(config, UDI_SSH_CONFIG_JOB) == 0;
}

const char *udi_choose_config(int argc, char *const *argv, const char *options,
			      char port[UDI_PORT_OPTION])
{
	struct arguments arguments = { 0 };
	char host[HOST_MAX];

	port[0] = '\0';
	read_arguments(argc, argv, options, &arguments);
	if (!arguments.destination || !take_host(arguments.destination, host, sizeof(host)) ||
	    access(UDI_SSH_CONFIG_JOB, R_OK) != 0 || !is_job_host(host, port))
		return UDI_SSH_CONFIG;
	if (arguments.config && !is_ours(arguments.config))
		port[0] = '\0';
	return UDI_SSH_CONFIG_JOB;
}
