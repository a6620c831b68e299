/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image.h"

#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { STORE_NAME_MAX = 128,
       DOCKER_MAX = 512 };

static int bad_image(struct shf_report *report, const char *string, const char *why)
{
	return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL, "cannot use image '%.300s': %s", string,
			why);
}

static int parse_local(const char *string, const char *path, struct shf_image_ref *out,
		       struct shf_report *report)
{
	char clean[SHF_PATH_MAX];

	if (shf_path_clean(path, clean))
		return bad_image(report, string,
				 "a local image must be an absolute path without '..' and control "
				 "characters, of at most 4095 bytes");
	if (strcmp(clean, "/") == 0)
		return bad_image(report, string, "the host's own root is no image");
	out->kind = SHF_IMAGE_LOCAL;
	strcpy(out->text, clean);
	return 0;
}

static int parse_stored(const char *string, const char *name, enum shf_image_kind kind,
			struct shf_image_ref *out, struct shf_report *report)
{
	if (!shf_is_name(name, STORE_NAME_MAX, "._-"))
		return bad_image(
			report, string,
			kind == SHF_IMAGE_ID
				? "what follows 'id:' must be 1 to 128 letters, digits, '.', '_' "
				  "and '-', first a letter or digit"
				: "it must be 'local:/PATH', 'id:HASH', 'docker:NAME:TAG', or the "
				  "name of a stored image, 1 to 128 letters, digits, '.', '_' and "
				  "'-', first a letter or digit");
	out->kind = kind;
	strcpy(out->text, name);
	return 0;
}

/* The components of a repository: "r.site.org:5000/group/name" */
static bool is_repository(const char *repository, size_t n)
{
	char part[DOCKER_MAX];
	size_t start = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && repository[i] != '/')
			continue;
		memcpy(part, repository + start, i - start);
		part[i - start] = '\0';
		/* only the first component can have a port, and it isn't the last */
		if (!shf_is_name(part, 255, start == 0 && i < n ? "._-:" : "._-"))
			return false;
		start = i + 1;
	}
	return true;
}

static int parse_docker(const char *string, const char *name, struct shf_image_ref *out,
			struct shf_report *report)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');
	size_t n = colon ? (size_t)(colon - name) : strlen(name);
	const char *tag = colon ? colon + 1 : "latest";

	if (strnlen(name, DOCKER_MAX) == DOCKER_MAX || !is_repository(name, n) ||
	    !shf_is_name(tag, STORE_NAME_MAX, "._-"))
		return bad_image(
			report, string,
			"what follows 'docker:' must be 'NAME:TAG' or 'REPOSITORY/NAME:TAG' out "
			"of letters, digits, '.', '_' and '-'");
	out->kind = SHF_IMAGE_DOCKER;
	snprintf(out->text, sizeof(out->text), "%.*s:%s", (int)n, name, tag);
	return 0;
}

int shf_image_parse(const char *string, struct shf_image_ref *out, struct shf_report *report)
{
	if (!string || !*string)
		return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
				"cannot use image '': it has no name");
	if (string[0] == '/')
		return parse_local(string, string, out, report);
	if (strncmp(string, "local:", 6) == 0)
		return parse_local(string, string + 6, out, report);
	if (strncmp(string, "id:", 3) == 0)
		return parse_stored(string, string + 3, SHF_IMAGE_ID, out, report);
	if (strncmp(string, "docker:", 7) == 0)
		return parse_docker(string, string + 7, out, report);
	return parse_stored(string, string, SHF_IMAGE_NAME, out, report);
}

void shf_image_format(const struct shf_image_ref *ref, struct shf_text *out)
{
	static const char *const prefix[] = {
		[SHF_IMAGE_LOCAL] = "local:",
		[SHF_IMAGE_ID] = "id:",
		[SHF_IMAGE_DOCKER] = "docker:",
		[SHF_IMAGE_NAME] = "",
	};

	shf_text_add(out, prefix[ref->kind]);
	shf_text_add(out, ref->text);
}

int shf_image_store_candidate(const struct shf_image_ref *ref, unsigned i, char *out, size_t size)
{
	static const char *const suffix[] = { ".squashfs", "" };
	size_t own = strlen(ref->text), end = strlen(suffix[0]);
	int length;

	/* the user may have written the file's name */
	if (own > end && strcmp(ref->text + own - end, suffix[0]) == 0)
		i++;
	if ((ref->kind != SHF_IMAGE_ID && ref->kind != SHF_IMAGE_NAME) ||
	    i >= sizeof(suffix) / sizeof(*suffix))
		return -ENOENT;
	length = snprintf(out, size, "%s%s", ref->text, suffix[i]);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}
