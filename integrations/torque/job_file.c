/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8,
       NAME_MAX_LENGTH = 128 };

static const struct {
	const char *path;
	size_t offset;
} wanted[] = {
#define AT(field) offsetof(struct shf_torque_job_file, field)
	{ "job/attributes/exec_host", AT(exec_host) },
	{ "job/attributes/node_exclusive", AT(node_exclusive) },
	{ "job/attributes/Variable_List", AT(variables) },
	{ "job/attributes/Resource_List/other", AT(other) },
	{ "job/attributes/Job_Name", AT(job_name) },
	{ "job/attributes/queue", AT(queue) },
#undef AT
};

struct scanner {
	const char *at, *end;
	char path[DEPTH_MAX * (NAME_MAX_LENGTH + 1)]; /* of the element that is open */
	unsigned depth;
};

static bool skip(struct scanner *s, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
		return false;
	s->at += n;
	return true;
}

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at)
		s->at++;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == ':';
}

static bool read_name(struct scanner *s, const char **name, size_t *length)
{
	*name = s->at;
	while (s->at < s->end && is_name_byte(*s->at))
		s->at++;
	*length = (size_t)(s->at - *name);
	return *length > 0 && *length <= NAME_MAX_LENGTH;
}

/* ' NAME="VALUE"' as often as there is one */
static bool skip_attributes(struct scanner *s)
{
	for (;;) {
		const char *name;
		size_t length;

		skip_blanks(s);
		if (s->at < s->end && (*s->at == '>' || *s->at == '/'))
			return true;
		if (!read_name(s, &name, &length) || !skip(s, "=\""))
			return false;
		while (s->at < s->end && *s->at != '"' && *s->at != '<')
			s->at++;
		if (!skip(s, "\""))
			return false;
	}
}

static bool open_element(struct scanner *s)
{
	size_t used = strlen(s->path), length;
	const char *name;

	if (s->depth == DEPTH_MAX || !read_name(s, &name, &length))
		return false;
	if (used)
		s->path[used++] = '/';
	memcpy(s->path + used, name, length);
	s->path[used + length] = '\0';
	s->depth++;
	return skip_attributes(s);
}

static void leave_element(struct scanner *s)
{
	char *slash = strrchr(s->path, '/');

	*(slash ? slash : s->path) = '\0';
	s->depth--;
}

/* "NAME>" of the element that is open */
static bool close_element(struct scanner *s)
{
	const char *slash = strrchr(s->path, '/');

	if (!skip(s, slash ? slash + 1 : s->path) || !skip(s, ">"))
		return false;
	leave_element(s);
	return true;
}

/* UTF-8, which is never longer than the entity. */
static char *put_character(unsigned value, char *out)
{
	if (value < 0x80) {
		*out++ = (char)value;
		return out;
	}
	if (value < 0x800) {
		*out++ = (char)(0xc0 | value >> 6);
	} else {
		if (value < 0x10000) {
			*out++ = (char)(0xe0 | value >> 12);
		} else {
			*out++ = (char)(0xf0 | value >> 18);
			*out++ = (char)(0x80 | (value >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (value >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (value & 0x3f));
	return out;
}

/* The number of a character, and the ';' behind it; 0 if it is none. */
static unsigned read_number(struct scanner *s)
{
	static const char hex[] = "0123456789abcdef";
	unsigned value = 0, base = skip(s, "x") ? 16 : 10, digits = 0;

	for (; s->at < s->end && digits < 7; s->at++, digits++) {
		char c = *s->at >= 'A' && *s->at <= 'F' ? (char)(*s->at - 'A' + 'a') : *s->at;
		const char *digit = c ? strchr(hex, c) : NULL;

		if (!digit || (unsigned)(digit - hex) >= base)
			break;
		value = value * base + (unsigned)(digit - hex);
	}
	return digits > 0 && value <= 0x10ffff && skip(s, ";") ? value : 0;
}

/* One of XML's own five, or a number; returns the end of what goes to out, or NULL. */
static char *read_entity(struct scanner *s, char *out)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = { { "&lt;", '<' },
			 { "&gt;", '>' },
			 { "&amp;", '&' },
			 { "&quot;", '"' },
			 { "&apos;", '\'' } };
	unsigned value;

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (skip(s, entities[i].name))
			return put_character((unsigned char)entities[i].c, out);
	value = skip(s, "&#") ? read_number(s) : 0;
	return value ? put_character(value, out) : NULL;
}

/* Text up to the next '<', which goes to out; out has room for it. */
static bool read_text(struct scanner *s, char *out)
{
	while (s->at < s->end && *s->at != '<') {
		if (*s->at == '\0')
			return false;
		if (*s->at != '&')
			*out++ = *s->at++;
		else if (!(out = read_entity(s, out)))
			return false;
	}
	*out = '\0';
	return s->at < s->end;
}

static char **find_wanted(const char *path, struct shf_torque_job_file *file)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (strcmp(wanted[i].path, path) == 0)
			return (char **)((char *)file + wanted[i].offset);
	return NULL;
}

/* The text that an element begins with. */
static int take_text(struct scanner *s, char *text, struct shf_torque_job_file *file)
{
	char **where = find_wanted(s->path, file);

	if (!read_text(s, text))
		return -EINVAL;
	if (!where)
		return 0;
	if (*where)
		return -EINVAL;
	*where = strdup(text);
	return *where ? 0 : -ENOMEM;
}

static int scan(struct scanner *s, char *text, struct shf_torque_job_file *file)
{
	int rc;

	if (skip(s, "<?xml")) {
		while (s->at < s->end && *s->at != '>')
			s->at++;
		if (!skip(s, ">"))
			return -EINVAL;
	}
	skip_blanks(s);
	do {
		if (!skip(s, "<"))
			return -EINVAL;
		if (skip(s, "/")) {
			if (s->depth == 0 || !close_element(s))
				return -EINVAL;
			if (s->depth > 0 && !read_text(s, text))
				return -EINVAL;
			continue;
		}
		if (!open_element(s))
			return -EINVAL;
		if (skip(s, "/>")) {
			leave_element(s);
			if (s->depth > 0 && !read_text(s, text))
				return -EINVAL;
			continue;
		}
		if (!skip(s, ">"))
			return -EINVAL;
		rc = take_text(s, text, file);
		if (rc < 0)
			return rc;
	} while (s->depth > 0);
	skip_blanks(s);
	return s->at == s->end ? 0 : -EINVAL;
}

int shf_torque_job_file_parse(const char *bytes, size_t n, struct shf_torque_job_file *out)
{
	struct scanner scanner = { .at = bytes, .end = bytes + n };
	struct shf_torque_job_file file = { .exec_host = NULL };
	char *text;
	int rc;

	if (n == 0 || n > SHF_TORQUE_JOB_FILE_MAX)
		return -EINVAL;
	text = malloc(n + 1);
	if (!text)
		return -ENOMEM;
	rc = scan(&scanner, text, &file);
	free(text);
	if (rc < 0)
		shf_torque_job_file_free(&file);
	else
		*out = file;
	return rc;
}

void shf_torque_job_file_free(struct shf_torque_job_file *file)
{
	free(file->exec_host);
	free(file->node_exclusive);
	free(file->variables);
	free(file->other);
	free(file->job_name);
	free(file->queue);
	memset(file, 0, sizeof(*file));
}

/* Where the value that begins here ends: at a comma or at the end. */
static const char *find_end(const char *value)
{
	while (*value && *value != ',')
		value += value[0] == '\\' && value[1] ? 2 : 1;
	return value;
}

static char *copy_value(const char *value, const char *end)
{
	char *copy = malloc((size_t)(end - value) + 1), *out = copy;

	if (!copy)
		return NULL;
	while (value < end) {
		if (value[0] == '\\' && value + 1 < end)
			value++;
		*out++ = *value++;
	}
	*out = '\0';
	return copy;
}

char *shf_torque_job_variable(const char *variables, const char *name)
{
	size_t length = strlen(name);

	while (variables && *variables) {
		const char *end = find_end(variables);

		if (strncmp(variables, name, length) == 0 && variables[length] == '=')
			return copy_value(variables + length + 1, end);
		variables = *end ? end + 1 : end;
	}
	return NULL;
}
