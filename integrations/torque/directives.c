/* SPDX-License-Identifier: BSD-3-Clause */
#include "directives.h"

#include "common/scope.h"

#include <stdio.h>
#include <string.h>

static const char ours[] = "#SHIFTER";

enum { LINE_MAX_LENGTH = 64 * 1024 };

static int say(char *why, size_t size, const char *word, const char *reason)
{
	snprintf(why, size, "cannot understand '%.200s' of a %s line: %s", word, ours, reason);
	return -EINVAL;
}

static int take_image(struct shf_torque_request *request, const char *word, const char *image,
		      char *why, size_t size)
{
	if (!*image)
		return say(why, size, word, "the name of an image is missing");
	if (request->image && strcmp(request->image, image) != 0)
		return say(why, size, word, "there is another --image before it");
	free(request->image);
	request->image = strdup(image);
	return request->image ? 0 : -ENOMEM;
}

static int take_volume(struct shf_torque_request *request, const char *word, const char *volume,
		       char *why, size_t size)
{
	int rc;

	if (*volume != '/' || !strchr(volume, ':'))
		return say(why, size, word, "expected SRC:DST[:ro] with absolute paths");
	rc = shf_torque_request_add_volume(request, volume);
	return rc == -E2BIG ? say(why, size, word, "a job can have at most 64 volumes") : rc;
}

/* "--NAME=VALUE", or "--NAME" and the next word; *value is NULL if it is another option. */
static bool take_name(const char *word, const char *name, char **save, const char **value)
{
	size_t n = strlen(name);

	*value = NULL;
	if (strncmp(word, name, n) != 0 || (word[n] && word[n] != '='))
		return false;
	*value = word[n] ? word + n + 1 : strtok_r(NULL, " \t\r", save);
	if (!*value)
		*value = "";
	return true;
}

/* line: behind "#SHIFTER", changed */
static int take_line(struct shf_torque_request *request, char *line, char *why, size_t size)
{
	char *save = NULL;
	int rc = 0;

	for (char *word = strtok_r(line, " \t\r", &save); word && rc == 0;
	     word = strtok_r(NULL, " \t\r", &save)) {
		const char *value;

		if (strpbrk(word, "'\"\\"))
			return say(why, size, word, "quotes and backslashes have no meaning there");
		if (strcmp(word, "--writable") == 0)
			request->is_writable = true;
		else if (take_name(word, "--image", &save, &value))
			rc = take_image(request, word, value, why, size);
		else if (take_name(word, "--volume", &save, &value))
			rc = take_volume(request, word, value, why, size);
		else
			return say(why, size, word, "expected --image, --volume or --writable");
	}
	return rc;
}

/* What is behind name in a list "a=b,NAMEc,d=e": a copy up to the next comma, or NULL. */
static char *find_item(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += length)
		if (at == list || strchr(",'\" \t", at[-1]))
			return strndup(at + length, strcspn(at + length, ",'\" \t\r\n"));
	return NULL;
}

int shf_torque_directives_see(struct shf_torque_directives *directives, const char *word)
{
	char *variable = find_item(word, "SHIFTER_IMAGE=");
	char *other = find_item(word, "other=");

	if (variable) {
		free(directives->variable);
		directives->variable = variable;
	}
	if (other) {
		directives->has_other = true;
		free(directives->other);
		directives->other = other;
	}
	return 0;
}

static bool starts_with(const char *line, size_t n, const char *prefix)
{
	size_t length = strlen(prefix);

	return n >= length && memcmp(line, prefix, length) == 0;
}

static int see_line(struct shf_torque_directives *directives, const char *script, size_t at,
		    size_t n, const char *prefix, char *why, size_t size)
{
	const char *line = script + at;
	scope_free char *copy = NULL;
	int rc;

	if (n > LINE_MAX_LENGTH)
		return 0;
	copy = strndup(line, n);
	if (!copy)
		return -ENOMEM;
	if (starts_with(line, n, prefix))
		return shf_torque_directives_see(directives, copy + strlen(prefix));
	if (!starts_with(line, n, ours) || !strchr(" \t\r", copy[strlen(ours)]))
		return 0;
	rc = take_line(&directives->request, copy + strlen(ours), why, size);
	if (rc == 0 && !directives->insert_at)
		directives->insert_at = at + n + (line[n] == '\n');
	return rc;
}

int shf_torque_directives_read(struct shf_torque_directives *directives, const char *script,
			       const char *prefix, char *why, size_t size)
{
	size_t at = 0;
	int rc = 0;

	memset(directives, 0, sizeof(*directives));
	while (script[at] && rc == 0) {
		size_t n = strcspn(script + at, "\n");
		size_t blank = strspn(script + at, " \t\r");

		if (blank < n && script[at] != '#')
			break;
		rc = see_line(directives, script, at, n, prefix, why, size);
		at += n;
		at += script[at] == '\n';
	}
	if (rc == 0 && directives->insert_at && !directives->request.image) {
		snprintf(why, size, "cannot use the %s lines: there is no --image in them", ours);
		return -EINVAL;
	}
	return rc;
}

void shf_torque_directives_free(struct shf_torque_directives *directives)
{
	shf_torque_request_free(&directives->request);
	free(directives->variable);
	free(directives->other);
	memset(directives, 0, sizeof(*directives));
}
