/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/record.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "shifter-record "

enum { VALUE_MAX = 4096,
       GROUPS_MAX = 65536 };

enum field_type {
	FIELD_ID,         /* char[65], a name; may be empty if low is 0 */
	FIELD_GENERATION, /* char[33] */
	FIELD_BOOT_ID,    /* char[37] */
	FIELD_PRINCIPAL,  /* char[201], may be empty */
	FIELD_USER,       /* char *, a login name */
	FIELD_TEXT,       /* char *, may be empty if low is 0 */
	FIELD_GROUPS,     /* groups and n_groups */
	FIELD_U32,
	FIELD_PID, /* int32_t */
	FIELD_U64,
	FIELD_BOOL,
};

/* The lines of a record, in their order. */
static const struct field {
	const char *name;
	enum field_type type;
	uint64_t low, high;
	size_t offset;
} fields[] = {
#define AT(field) offsetof(struct shf_record, field)
	{ "id", FIELD_ID, 1, 0, AT(id) },
	{ "generation", FIELD_GENERATION, 0, 0, AT(generation) },
	{ "boot_id", FIELD_BOOT_ID, 0, 0, AT(boot_id) },
	{ "uid", FIELD_U32, 1, UINT32_MAX - 1, AT(uid) },
	{ "gid", FIELD_U32, 1, UINT32_MAX - 1, AT(gid) },
	{ "groups", FIELD_GROUPS, 1, UINT32_MAX - 1, AT(groups) },
	{ "user", FIELD_USER, 0, 0, AT(user) },
	{ "home", FIELD_TEXT, 1, 0, AT(home) },
	{ "shell", FIELD_TEXT, 1, 0, AT(shell) },
	{ "image", FIELD_TEXT, 1, 0, AT(image) },
	{ "job_file", FIELD_TEXT, 0, 0, AT(job_file) },
	{ "port", FIELD_U32, 0, 65535, AT(port) },
	{ "stage", FIELD_ID, 0, 0, AT(stage) },
	{ "keeper_pid", FIELD_PID, 0, INT32_MAX, AT(keeper_pid) },
	{ "keeper_start", FIELD_U64, 0, UINT64_MAX, AT(keeper_start) },
	{ "usher_pid", FIELD_PID, 0, INT32_MAX, AT(usher_pid) },
	{ "usher_start", FIELD_U64, 0, UINT64_MAX, AT(usher_start) },
	{ "created", FIELD_U64, 0, UINT64_MAX, AT(created) },
	{ "asked", FIELD_U64, 0, UINT64_MAX, AT(asked) },
	{ "principal", FIELD_PRINCIPAL, 0, 0, AT(principal) },
	{ "serving", FIELD_BOOL, 0, 0, AT(serving) },
#undef AT
};

static const char hex[] = "0123456789abcdef";

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == 0x7f || c == '\\';
}

static void add_escaped(struct shf_text *text, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (needs_escape(c)) {
			char code[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

			shf_text_add_mem(text, code, sizeof(code));
		} else {
			shf_text_add_mem(text, value, 1);
		}
	}
}

static int hex_value(char c)
{
	const char *at = c ? strchr(hex, c) : NULL;

	return at ? (int)(at - hex) : -1;
}

/* Undo add_escaped() in place; false for what it would not have written. */
static bool unescape(char *value)
{
	char *out = value;

	while (*value) {
		if (*value == '\\') {
			int high = value[1] == 'x' ? hex_value(value[2]) : -1;
			int low = high >= 0 ? hex_value(value[3]) : -1;

			if (low < 0 || !(high << 4 | low) ||
			    !needs_escape((unsigned char)(high << 4 | low)))
				return false;
			*out++ = (char)(high << 4 | low);
			value += 4;
		} else if (needs_escape((unsigned char)*value)) {
			return false;
		} else {
			*out++ = *value++;
		}
	}
	*out = '\0';
	return true;
}

static bool is_hex(const char *value, size_t n, bool dashes)
{
	if (strlen(value) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (hex_value(value[i]) < 0 && !(dashes && value[i] == '-'))
			return false;
	return true;
}

static bool parse_groups(char *value, const struct field *field, struct shf_record *out)
{
	char *rest = value, *item;
	uint32_t count = 1;

	if (!*value)
		return true;
	for (const char *c = value; *c; c++)
		count += *c == ',';
	if (count > GROUPS_MAX)
		return false;
	out->groups = calloc(count, sizeof(*out->groups));
	while (out->groups && (item = strsep(&rest, ",")))
		if (!shf_parse_u32(item, (uint32_t)field->low, (uint32_t)field->high,
				   &out->groups[out->n_groups++]))
			return false;
	return out->groups != NULL;
}

static bool copy_text(char **field, const char *value)
{
	*field = strdup(value);
	return *field != NULL;
}

/* The array at field has room for whatever passes the test. */
static bool copy_if(char *field, const char *value, bool is_valid)
{
	if (is_valid)
		strcpy(field, value);
	return is_valid;
}

/* False with errno ENOMEM if that was the reason. */
static bool parse_field(const struct field *field, char *value, struct shf_record *out)
{
	void *at = (char *)out + field->offset;
	uint32_t number;

	switch (field->type) {
	case FIELD_ID: return copy_if(at, value, shf_is_id(value) || (!*value && !field->low));
	case FIELD_GENERATION: return copy_if(at, value, is_hex(value, 32, false));
	case FIELD_BOOT_ID: return copy_if(at, value, is_hex(value, 36, true));
	case FIELD_PRINCIPAL: return copy_if(at, value, !*value || shf_is_name(value, 200, "._-"));
	case FIELD_USER: return shf_is_user_name(value) && copy_text(at, value);
	case FIELD_TEXT:
		return (*value || !field->low) && unescape(value) &&
		       strlen(value) <= VALUE_MAX && copy_text(at, value);
	case FIELD_GROUPS: return parse_groups(value, field, out);
	case FIELD_U32:
		return shf_parse_u32(value, (uint32_t)field->low, (uint32_t)field->high, at);
	case FIELD_PID:
		if (!shf_parse_u32(value, (uint32_t)field->low, (uint32_t)field->high, &number))
			return false;
		*(int32_t *)at = (int32_t)number;
		return true;
	case FIELD_U64: return shf_parse_u64(value, field->low, field->high, at);
	case FIELD_BOOL:
		*(bool *)at = strcmp(value, "yes") == 0;
		return *(bool *)at || strcmp(value, "no") == 0;
	}
	return false;
}

static int damaged(struct shf_report *report, const char *what)
{
	return shf_fail(report, SHIFTER_FAULT_NODE, EUCLEAN,
			"cannot read container record: %s is missing or malformed", what);
}

/* The line at *cursor, its end turned into NUL; NULL if it has no end. */
static char *next_line(char **cursor)
{
	char *line = *cursor, *newline = strchr(line, '\n');

	if (!newline)
		return NULL;
	*newline = '\0';
	*cursor = newline + 1;
	return line;
}

static int parse_text(char *text, struct shf_record *out, struct shf_report *report)
{
	char *line = next_line(&text);

	if (!line || strncmp(line, HEADER, strlen(HEADER)) != 0 ||
	    !shf_parse_u32(line + strlen(HEADER), 1, UINT32_MAX, &out->version))
		return damaged(report, "its first line");
	if (out->version != SHF_RECORD_VERSION)
		return shf_fail(
			report, SHIFTER_FAULT_NODE, EUCLEAN,
			"cannot read container record: it has version %u, this library knows "
			"version %d",
			out->version, SHF_RECORD_VERSION);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t n = strlen(fields[i].name);

		line = next_line(&text);
		if (!line || strncmp(line, fields[i].name, n) != 0 || line[n] != ' ')
			return damaged(report, fields[i].name);
		errno = 0;
		if (parse_field(&fields[i], line + n + 1, out))
			continue;
		if (errno == ENOMEM)
			return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
					      "cannot keep container record");
		return damaged(report, fields[i].name);
	}
	return *text ? damaged(report, "its end") : 0;
}

int shf_record_parse(const char *bytes, size_t n, struct shf_record *out, struct shf_report *report)
{
	struct shf_record record = { 0 };
	cleanup_free char *copy = NULL;
	int error;

	*out = record;
	if (n == 0 || n > SHF_RECORD_MAX || memchr(bytes, '\0', n))
		return damaged(report, "its text");
	copy = malloc(n + 1);
	if (!copy)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot keep container record");
	memcpy(copy, bytes, n);
	copy[n] = '\0';
	error = parse_text(copy, &record, report);
	if (error)
		shf_record_free(&record);
	else
		*out = record;
	return error;
}

static void render_field(const struct field *field, const struct shf_record *record,
			 struct shf_text *text)
{
	const void *at = (const char *)record + field->offset;

	shf_text_addf(text, "%s ", field->name);
	switch (field->type) {
	case FIELD_ID:
	case FIELD_GENERATION:
	case FIELD_BOOT_ID:
	case FIELD_PRINCIPAL: add_escaped(text, at); break;
	case FIELD_USER:
	case FIELD_TEXT: add_escaped(text, *(char *const *)at ? *(char *const *)at : ""); break;
	case FIELD_GROUPS:
		for (uint32_t i = 0; i < record->n_groups; i++)
			shf_text_addf(text, i ? ",%u" : "%u", record->groups[i]);
		break;
	case FIELD_U32: shf_text_addf(text, "%u", *(const uint32_t *)at); break;
	case FIELD_PID: shf_text_addf(text, "%d", *(const int32_t *)at); break;
	case FIELD_U64:
		shf_text_addf(text, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case FIELD_BOOL: shf_text_add(text, *(const bool *)at ? "yes" : "no"); break;
	}
	shf_text_add(text, "\n");
}

int shf_record_render(const struct shf_record *record, struct shf_text *text)
{
	struct shf_text rendered cleanup_text = { 0 };
	struct shf_record again;
	int error;

	shf_text_addf(&rendered, HEADER "%u\n", record->version);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		render_field(&fields[i], record, &rendered);
	if (rendered.failed)
		return -ENOMEM;
	/* a record that cannot be read again would be a container that cannot be torn down by it */
	error = shf_record_parse(rendered.data, rendered.length, &again, NULL);
	if (error)
		return error == -ENOMEM ? error : -EINVAL;
	shf_record_free(&again);
	shf_text_add_mem(text, rendered.data, rendered.length);
	return text->failed ? -ENOMEM : 0;
}

void shf_record_free(struct shf_record *record)
{
	free(record->groups);
	free(record->user);
	free(record->home);
	free(record->shell);
	free(record->image);
	free(record->job_file);
	*record = (struct shf_record){ 0 };
}
