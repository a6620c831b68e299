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

/* "HOST:PORT" becomes "HOST" */
static void cut_port(char *host)
{
	char *colon = strchr(host, ':');
	uint32_t port;

	if (colon && shf_parse_u32(colon + 1, 1, 65535, &port))
		*colon = '\0';
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
		if (start == 0 && i < n)
			cut_port(part);
		if (!shf_is_name(part, 255, "._-"))
			return false;
		start = i + 1;
	}
	return true;
}

/* "ALGORITHM:HEX" */
static bool is_digest(const char *digest)
{
	const char *colon = strchr(digest, ':');
	char algorithm[16];

	if (!colon || (size_t)(colon - digest) >= sizeof(algorithm))
		return false;
	memcpy(algorithm, digest, (size_t)(colon - digest));
	algorithm[colon - digest] = '\0';
	return shf_is_name(algorithm, sizeof(algorithm), "") && strlen(colon + 1) >= 32 &&
	       strlen(colon + 1) <= STORE_NAME_MAX &&
	       strspn(colon + 1, "0123456789abcdef") == strlen(colon + 1);
}

/* Without the registry that everybody means; podman writes it out. */
static const char *shorten(const char *name)
{
	static const char *const prefixes[] = { "docker.io/library/", "docker.io/", "localhost/" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
			name += strlen(prefixes[i]);
			i = (size_t)-1;
		}
	return name;
}

static int parse_docker(const char *string, const char *full, struct shf_image_ref *out,
			struct shf_report *report)
{
	const char *name = shorten(full);
	const char *slash = strrchr(name, '/');
	const char *mark = strpbrk(slash ? slash : name, ":@");
	size_t n = mark ? (size_t)(mark - name) : strlen(name);
	bool is_good = strnlen(name, DOCKER_MAX) < DOCKER_MAX && is_repository(name, n);

	if (is_good && mark)
		is_good = *mark == '@' ? is_digest(mark + 1)
				       : shf_is_name(mark + 1, STORE_NAME_MAX, "._-");
	if (!is_good)
		return bad_image(report, string,
				 full == string
					 ? "it is neither '/PATH' nor 'NAME:TAG' or "
					   "'REPOSITORY/NAME:TAG' out of letters, digits, '.', "
					   "'_' and '-'"
					 : "what follows 'docker:' must be 'NAME:TAG' or "
					   "'REPOSITORY/NAME:TAG' out of letters, digits, '.', "
					   "'_' and '-'");
	out->kind = SHF_IMAGE_DOCKER;
	snprintf(out->text, sizeof(out->text), "%s%s", name, mark ? "" : ":latest");
	return 0;
}

static int parse_custom(const char *string, const char *name, struct shf_image_ref *out,
			struct shf_report *report)
{
	if (!shf_is_name(name, STORE_NAME_MAX, "._-:+@"))
		return bad_image(report, string,
				 "what follows 'custom:' must be 1 to 128 letters, digits, '.', "
				 "'_', '-', ':', '+' and '@', first a letter or digit");
	out->kind = SHF_IMAGE_CUSTOM;
	strcpy(out->text, name);
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
	if (strncmp(string, "custom:", 7) == 0)
		return parse_custom(string, string + 7, out, report);
	/* as the original's defaultImageType=docker has it */
	if (strpbrk(string, ":/"))
		return parse_docker(string, string, out, report);
	return parse_stored(string, string, SHF_IMAGE_NAME, out, report);
}

void shf_image_format(const struct shf_image_ref *ref, struct shf_text *out)
{
	static const char *const prefix[] = {
		[SHF_IMAGE_LOCAL] = "local:",
		[SHF_IMAGE_ID] = "id:",
		[SHF_IMAGE_DOCKER] = "docker:",
		[SHF_IMAGE_CUSTOM] = "custom:",
		[SHF_IMAGE_NAME] = "",
	};

	shf_text_add(out, prefix[ref->kind]);
	shf_text_add(out, ref->text);
}

static bool ends_with(const char *string, const char *end)
{
	size_t length = strlen(string);

	return length > strlen(end) && strcmp(string + length - strlen(end), end) == 0;
}

static const char squashfs[] = ".squashfs";

int shf_image_store_candidate(const struct shf_image_ref *ref, unsigned i, char *out, size_t size)
{
	static const char *const suffix[SHF_IMAGE_CANDIDATES] = { squashfs, "", ".ext4", ".xfs",
								  ".cramfs" };
	unsigned count = SHF_IMAGE_CANDIDATES;
	int length;

	/* the user may have written the file's name */
	if (ends_with(ref->text, squashfs)) {
		i++;
		count = 2;
	}
	if ((ref->kind != SHF_IMAGE_ID && ref->kind != SHF_IMAGE_NAME) || i >= count)
		return -ENOENT;
	length = snprintf(out, size, "%s%s", ref->text, suffix[i]);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

int shf_image_tag_file(const struct shf_image_ref *ref, char out[SHF_IMAGE_TAG_FILE])
{
	static const char hex[] = "0123456789ABCDEF";
	char full[sizeof("docker:") + DOCKER_MAX + sizeof(":latest")];
	size_t at = 0;
	int n;

	if (ref->kind != SHF_IMAGE_DOCKER && ref->kind != SHF_IMAGE_CUSTOM)
		return -EINVAL;
	n = snprintf(full, sizeof(full), "%s:%s",
		     ref->kind == SHF_IMAGE_DOCKER ? "docker" : "custom", ref->text);
	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	for (const char *c = full; *c; c++) {
		char one[2] = { *c, '\0' };
		bool is_plain = shf_is_name(one, 1, "") || strchr("._-", *c);

		if (at + (is_plain ? 1 : 3) >= SHF_IMAGE_TAG_FILE)
			return -ENAMETOOLONG;
		if (is_plain) {
			out[at++] = *c;
			continue;
		}
		out[at++] = '%';
		out[at++] = hex[(unsigned char)*c >> 4];
		out[at++] = hex[*c & 15];
	}
	out[at] = '\0';
	return 0;
}

int shf_image_parse_tag(const char *bytes, size_t n, struct shf_image_ref *out)
{
	struct shf_report ignored = { 0 };
	char line[sizeof("id:") + STORE_NAME_MAX];

	if (n && bytes[n - 1] == '\n')
		n--;
	if (n >= sizeof(line) || memchr(bytes, '\0', n))
		return -EINVAL;
	memcpy(line, bytes, n);
	line[n] = '\0';
	if (strncmp(line, "id:", 3) != 0)
		return -EINVAL;
	return shf_image_parse(line, out, &ignored);
}

int shf_image_meta_path(const char *path, char out[SHF_PATH_MAX])
{
	static const char meta[] = ".meta";
	size_t length = strlen(path);

	if (ends_with(path, squashfs) && path[length - sizeof(squashfs)] != '/')
		length -= sizeof(squashfs) - 1;
	if (length + sizeof(meta) > SHF_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(out, path, length);
	memcpy(out + length, meta, sizeof(meta));
	return 0;
}
