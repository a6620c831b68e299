/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "udi_job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "udi_paths.h"

static const char conf_path[] = UDI_RUN "/wait.conf";
static const char known_hosts_path[] = UDI_RUN "/ssh_known_hosts";

void udi_say(const char *format, ...)
{
	va_list args;

	fputs("shifter: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

char *udi_read_file(const char *path, size_t *length)
{
	size_t room = 1 << 16, used = 0;
	char *text = malloc(room);
	FILE *file = fopen(path, "re");
	int error = errno;

	while (text && file) {
		size_t got = fread(text + used, 1, room - used - 1, file);
		char *grown;

		used += got;
		if (got == 0)
			break;
		if (room - used > 1)
			continue;
		room *= 2;
		grown = realloc(text, room);
		if (!grown)
			free(text);
		text = grown;
	}
	if (!text)
		error = ENOMEM;
	else if (file && ferror(file))
		error = EIO;
	else if (file)
		error = 0;
	if (file)
		fclose(file);
	if (error) {
		free(text);
		errno = error;
		return NULL;
	}
	text[used] = '\0';
	if (length)
		*length = used;
	return text;
}

/* Of the lines "NAME VALUE" the value, for free(); NULL if there is none or no memory. */
static char *find_value(char *text, const char *name)
{
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));) {
		size_t n = strlen(name);

		if (strncmp(line, name, n) == 0 && line[n] == ' ')
			return strdup(line + n + 1);
	}
	return NULL;
}

static int cannot(const char *path)
{
	int error = errno;

	if (error == ENOENT)
		udi_say("the container has no sshd: '%s' does not exist", path);
	else
		udi_say("cannot read '%s': %s", path, strerror(error));
	return -error;
}

static int malformed(const char *path)
{
	udi_say("cannot use '%s': it is malformed", path);
	return -EUCLEAN;
}

int udi_job_read(struct udi_job *job)
{
	char *text = udi_read_file(conf_path, NULL), *port, *rest;

	if (!text)
		return cannot(conf_path);
	port = find_value(text, "port");
	free(text);
	job->port = port ? strtol(port, NULL, 10) : 0;
	free(port);
	if (job->port < 1 || job->port > 65535)
		return malformed(conf_path);
	text = udi_read_file(known_hosts_path, NULL);
	if (!text)
		return cannot(known_hosts_path);
	/* "@cert-authority PRINCIPAL TYPE BASE64" */
	rest = find_value(text, "@cert-authority");
	free(text);
	text = rest ? strchr(rest, ' ') : NULL;
	if (text) {
		*text++ = '\0';
		job->authority = strdup(text);
		job->principal = strdup(rest);
	}
	free(rest);
	return job->authority && job->principal ? 0 : malformed(known_hosts_path);
}

void udi_job_free(struct udi_job *job)
{
	free(job->principal);
	free(job->authority);
	*job = (struct udi_job){ 0 };
}
