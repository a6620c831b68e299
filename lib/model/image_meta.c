/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image_meta.h"

#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the file; not ended by NUL. */
struct span {
	const char *at;
	const char *end;
};

struct reader {
	const char *path;
	unsigned line; /* from 1 */
	unsigned variables;
	struct shf_image_meta *meta;
	struct shf_report *report;
};

static int bad_line(struct reader *reader, const char *why)
{
	return shf_fail(reader->report, SHIFTER_FAULT_JOB, EINVAL,
			"cannot use the metadata '%.300s' of the image: line %u: %s", reader->path,
			reader->line, why);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(struct span span)
{
	while (span.at < span.end && is_blank(*span.at))
		span.at++;
	while (span.at < span.end && is_blank(span.end[-1]))
		span.end--;
	return span;
}

static size_t length_of(struct span span)
{
	return (size_t)(span.end - span.at);
}

static bool is_word(struct span span, const char *word)
{
	return length_of(span) == strlen(word) && memcmp(span.at, word, length_of(span)) == 0;
}

/* ---- strings as JSON and Python's repr() write them ---- */

static bool add_utf8(struct shf_text *out, uint32_t c)
{
	char bytes[4];
	size_t n = 0;

	/* a NUL would end the string early, half a pair is no character */
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	if (c < 0x80) {
		bytes[n++] = (char)c;
	} else if (c < 0x800) {
		bytes[n++] = (char)(0xc0 | c >> 6);
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		bytes[n++] = (char)(0xe0 | c >> 12);
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | c >> 18);
		bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	}
	shf_text_add_mem(out, bytes, n);
	return true;
}

static bool take_hex(struct span *in, unsigned digits, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < digits; i++, in->at++) {
		char c = in->at < in->end ? *in->at : '\0';

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* What follows a backslash. */
static bool take_escape(struct span *in, struct shf_text *out)
{
	static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *letter;
	uint32_t c, low;
	char kind;

	if (in->at == in->end)
		return false;
	kind = *in->at++;
	if (kind == 'x')
		return take_hex(in, 2, &c) && add_utf8(out, c);
	if (kind == 'U')
		return take_hex(in, 8, &c) && add_utf8(out, c);
	if (kind == 'u') {
		if (!take_hex(in, 4, &c))
			return false;
		/* JSON writes what is above U+FFFF as a pair of halves */
		if (c >= 0xd800 && c < 0xdc00) {
			if (in->end - in->at < 2 || in->at[0] != '\\' || in->at[1] != 'u')
				return false;
			in->at += 2;
			if (!take_hex(in, 4, &low) || low < 0xdc00 || low > 0xdfff)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
		return add_utf8(out, c);
	}
	letter = kind ? strchr(letters, kind) : NULL;
	if (letter)
		shf_text_add_mem(out, &values[letter - letters], 1);
	else if (kind == '\\' || kind == '/' || kind == '"' || kind == '\'')
		shf_text_add_mem(out, &kind, 1);
	else
		return false;
	return true;
}

/* Take a string in quotes, of either kind, off the front; append it without them. */
static bool take_string(struct span *in, struct shf_text *out)
{
	char quote = *in->at++;

	while (in->at < in->end && *in->at != quote) {
		if (*in->at != '\\') {
			shf_text_add_mem(out, in->at++, 1);
			continue;
		}
		in->at++;
		if (!take_escape(in, out))
			return false;
	}
	if (in->at == in->end)
		return false;
	in->at++;
	return true;
}

static bool is_quote(struct span in)
{
	return in.at < in.end && (*in.at == '"' || *in.at == '\'');
}

/* "[...]": append its strings, each ended by NUL. */
static bool take_list(struct span in, struct shf_text *out)
{
	in.at++;
	for (bool is_first = true;; is_first = false) {
		in = trim(in);
		if (in.at < in.end && *in.at == ']')
			return in.at + 1 == in.end && is_first;
		/* Python 2 marks its strings */
		if (in.end - in.at > 1 && *in.at == 'u')
			in.at++;
		if (!is_quote(in) || !take_string(&in, out))
			return false;
		shf_text_add_mem(out, "", 1);
		in = trim(in);
		if (in.at == in.end)
			return false;
		if (*in.at == ']')
			return in.at + 1 == in.end;
		if (*in.at++ != ',')
			return false;
	}
}

/* A value as it stands, or in double quotes; NUL is put behind it. */
static bool take_value(struct span in, struct shf_text *out)
{
	if (in.at < in.end && *in.at == '"') {
		if (!take_string(&in, out) || in.at != in.end)
			return false;
	} else {
		shf_text_add_mem(out, in.at, length_of(in));
	}
	shf_text_add_mem(out, "", 1);
	return true;
}

/* ---- the keys ---- */

/* Take the variable called name, of n bytes with its '=', out of the list. */
static void remove_variable(struct shf_text *env, const char *name, size_t n)
{
	for (size_t at = 0; at < env->length;) {
		size_t size = strlen(env->data + at) + 1;

		if (size > n && memcmp(env->data + at, name, n) == 0) {
			memmove(env->data + at, env->data + at + size, env->length - at - size);
			env->length -= size;
			return;
		}
		at += size;
	}
}

static int read_env(struct reader *reader, struct span value)
{
	cleanup_text struct shf_text variable = { 0 };
	struct shf_text *env = &reader->meta->env;
	const char *equals;

	if (!take_value(value, &variable))
		return bad_line(reader, "ENV is no whole string");
	if (variable.failed)
		return -ENOMEM;
	equals = strchr(variable.data, '=');
	if (!equals || equals == variable.data) {
		if (!reader->meta->ignored)
			reader->meta->ignored = reader->line;
		return 0;
	}
	if (++reader->variables > SHF_IMAGE_ENV_MAX)
		return bad_line(reader, "more than 4096 variables");
	if (env->data)
		remove_variable(env, variable.data, (size_t)(equals + 1 - variable.data));
	shf_text_add_mem(env, variable.data, variable.length);
	return 0;
}

static int read_words(struct reader *reader, const char *key, struct span value,
		      struct shf_text *out)
{
	bool is_good;

	shf_text_free(out);
	if (value.at == value.end)
		return 0;
	is_good = *value.at == '[' ? take_list(value, out) : take_value(value, out);
	if (is_good)
		return 0;
	return bad_line(reader, strcmp(key, "CMD") == 0 ? "CMD is no list of strings"
							: "ENTRY is no list of strings");
}

static int read_workdir(struct reader *reader, struct span value)
{
	struct shf_text *out = &reader->meta->workdir;

	shf_text_free(out);
	if (value.at == value.end)
		return 0;
	/* a relative one means one below the root of the image */
	if (*value.at != '/' && *value.at != '"')
		shf_text_add(out, "/");
	if (!take_value(value, out))
		return bad_line(reader, "WORKDIR is no whole string");
	if (!out->failed && out->data[0] != '/')
		return bad_line(reader, "WORKDIR is no absolute path");
	return 0;
}

static int read_format(struct reader *reader, struct span value)
{
	char *format = reader->meta->format;

	if (length_of(value) >= sizeof(reader->meta->format))
		return bad_line(reader, "FORMAT is none of squashfs and VFS");
	memcpy(format, value.at, length_of(value));
	format[length_of(value)] = '\0';
	return 0;
}

/* Nothing in such a list may be overlooked: it would open or close the wrong door. */
static int read_ids(struct reader *reader, struct span value, uint32_t **ids, size_t *n_ids)
{
	uint32_t *list;

	free(*ids);
	*ids = NULL;
	*n_ids = 0;
	if (value.at == value.end)
		return 0;
	list = calloc(SHF_IMAGE_ACL_MAX, sizeof(*list));
	if (!list)
		return -ENOMEM;
	*ids = list;
	while (value.at < value.end) {
		const char *comma = memchr(value.at, ',', length_of(value));
		struct span item = trim((struct span){ value.at, comma ? comma : value.end });
		char number[16];

		value.at = comma ? comma + 1 : value.end;
		if (*n_ids == SHF_IMAGE_ACL_MAX || length_of(item) >= sizeof(number))
			return bad_line(reader,
					"not a list of at most 1024 numbers, separated by commas");
		memcpy(number, item.at, length_of(item));
		number[length_of(item)] = '\0';
		if (!shf_parse_u32(number, 0, UINT32_MAX - 1, &list[*n_ids]))
			return bad_line(reader,
					"not a list of at most 1024 numbers, separated by commas");
		++*n_ids;
	}
	return 0;
}

static bool is_key(struct span key)
{
	if (key.at == key.end)
		return false;
	for (const char *c = key.at; c < key.end; c++)
		if ((*c < 'A' || *c > 'Z') && *c != '_')
			return false;
	return true;
}

static int read_line(struct reader *reader, struct span line)
{
	struct shf_image_meta *meta = reader->meta;
	const char *colon;
	struct span key, value;

	line = trim(line);
	if (line.at == line.end || *line.at == '#')
		return 0;
	colon = memchr(line.at, ':', length_of(line));
	key = trim((struct span){ line.at, colon ? colon : line.at });
	if (!is_key(key)) {
		/* such as the rest of a value with a newline, which the format has no room for */
		if (!meta->ignored)
			meta->ignored = reader->line;
		return 0;
	}
	value = trim((struct span){ colon + 1, line.end });
	if (is_word(key, "FORMAT"))
		return read_format(reader, value);
	if (is_word(key, "ENV"))
		return read_env(reader, value);
	if (is_word(key, "ENTRY"))
		return read_words(reader, "ENTRY", value, &meta->entry);
	if (is_word(key, "CMD"))
		return read_words(reader, "CMD", value, &meta->cmd);
	if (is_word(key, "WORKDIR"))
		return read_workdir(reader, value);
	if (is_word(key, "USERACL"))
		return read_ids(reader, value, &meta->uids, &meta->n_uids);
	if (is_word(key, "GROUPACL"))
		return read_ids(reader, value, &meta->gids, &meta->n_gids);
	return 0;
}

int shf_image_meta_parse(const char *path, const char *bytes, size_t n, struct shf_image_meta *out,
			 struct shf_report *report)
{
	struct reader reader = { .path = path, .meta = out, .report = report };
	struct span rest = { bytes, bytes + n };
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (n > SHF_IMAGE_META_MAX)
		return shf_fail(report, SHIFTER_FAULT_JOB, EFBIG,
				"cannot use the metadata '%.300s' of the image: it is larger than "
				"%d KiB",
				path, SHF_IMAGE_META_MAX / 1024);
	while (rest.at < rest.end && rc == 0) {
		const char *newline = memchr(rest.at, '\n', length_of(rest));
		struct span line = { rest.at, newline ? newline : rest.end };

		rest.at = newline ? newline + 1 : rest.end;
		reader.line++;
		if (memchr(line.at, '\0', length_of(line)))
			rc = bad_line(&reader, "it is no text");
		else
			rc = read_line(&reader, line);
	}
	if (rc == 0 && (out->env.failed || out->entry.failed || out->cmd.failed ||
			out->workdir.failed))
		rc = -ENOMEM;
	if (rc == -ENOMEM)
		shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
			       "cannot read the metadata '%.300s' of the image", path);
	if (rc < 0)
		shf_image_meta_free(out);
	out->has_acl = out->n_uids || out->n_gids;
	return rc;
}

static bool is_among(uint32_t id, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

bool shf_image_meta_admits(const struct shf_image_meta *meta, uint32_t uid, uint32_t gid,
			   const uint32_t *groups, size_t n_groups)
{
	if (!meta->has_acl || is_among(uid, meta->uids, meta->n_uids) ||
	    is_among(gid, meta->gids, meta->n_gids))
		return true;
	for (size_t i = 0; i < n_groups; i++)
		if (is_among(groups[i], meta->gids, meta->n_gids))
			return true;
	return false;
}

void shf_image_meta_free(struct shf_image_meta *meta)
{
	shf_text_free(&meta->env);
	shf_text_free(&meta->entry);
	shf_text_free(&meta->cmd);
	shf_text_free(&meta->workdir);
	free(meta->uids);
	free(meta->gids);
	memset(meta, 0, sizeof(*meta));
}
