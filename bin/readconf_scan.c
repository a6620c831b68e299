/* SPDX-License-Identifier: BSD-3-Clause */
#include "readconf_scan.h"

#include "base/report.h"
#include "base/text.h"
#include "model/original.h"

#include <stdio.h>
#include <string.h>

enum token {
	TOKEN_END,
	TOKEN_WORD,   /* without quotes */
	TOKEN_STRING, /* with */
	TOKEN_MARK,   /* one of = { } , */
	TOKEN_ERROR,  /* has been told */
};

struct scanner {
	const char *name;
	const char *at;
	unsigned line;
	enum token token;
	const char *start; /* of the token, without quotes */
	size_t length;
};

void shf_complain_v(const char *name, unsigned line, const char *format, va_list args)
{
	static bool has_complained;
	char raw[SHF_REPORT_TEXT], safe[SHF_REPORT_TEXT * 4];

	if (has_complained)
		return;
	has_complained = true;
	vsnprintf(raw, sizeof(raw), format, args);
	shf_escape(safe, sizeof(safe), raw);
	fprintf(stderr, "%s:%u: %s\n", name, line, safe);
}

void shf_complain(const char *name, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	shf_complain_v(name, line, format, args);
	va_end(args);
}

static enum token fail(struct scanner *s, unsigned line, const char *why)
{
	shf_complain(s->name, line, "%s", why);
	return s->token = TOKEN_ERROR;
}

/* Skip blanks and comments. */
static bool skip(struct scanner *s)
{
	for (;;) {
		if (*s->at == '\n') {
			s->line++;
			s->at++;
		} else if (*s->at == ' ' || *s->at == '\t' || *s->at == '\r') {
			s->at++;
		} else if (*s->at == '#' || strncmp(s->at, "// ", 3) == 0) {
			s->at += strcspn(s->at, "\n");
		} else if (strncmp(s->at, "//", 2) == 0) {
			fail(s, s->line, "a comment must start with '#'");
			return false;
		} else if (strncmp(s->at, "/*", 2) == 0) {
			const char *end = strstr(s->at + 2, "*/");
			unsigned line = s->line;

			if (!end) {
				fail(s, line, "the comment that starts here has no end");
				return false;
			}
			for (; s->at < end + 2; s->at++)
				s->line += *s->at == '\n';
		} else {
			return true;
		}
	}
}

static enum token scan_quoted(struct scanner *s, char quote)
{
	unsigned line = s->line;

	s->start = ++s->at;
	while (*s->at && *s->at != quote) {
		if (quote == '"' && strncmp(s->at, "${", 2) == 0)
			return fail(s, s->line,
				    "'${' is not expanded: write the value out, or put "
				    "it in single quotes");
		/* one could end the value early: \0 */
		if (quote == '"' && *s->at == '\\' && s->at[1] && strchr("01234567x89", s->at[1]))
			return fail(s, s->line,
				    "characters by number are not taken: write the "
				    "character out");
		if (*s->at == '\\' && s->at[1])
			s->line += *s->at++ == '\n';
		s->line += *s->at++ == '\n';
	}
	if (!*s->at)
		return fail(s, line, "the string that starts here has no end");
	s->length = (size_t)(s->at++ - s->start);
	return s->token = TOKEN_STRING;
}

static enum token scan(struct scanner *s)
{
	if (!skip(s))
		return s->token;
	s->start = s->at;
	s->length = 1;
	if (!*s->at)
		return s->token = TOKEN_END;
	if (*s->at == '"' || *s->at == '\'')
		return scan_quoted(s, *s->at);
	if (strchr("={},", *s->at)) {
		s->at++;
		return s->token = TOKEN_MARK;
	}
	s->length = strcspn(s->at, " #\"'\t\n\r={}()+,*");
	if (!s->length)
		return fail(s, s->line,
			    "a value with one of '()+*' must be in quotes, and a list "
			    "in '{' and '}'");
	s->at += s->length;
	if (s->at[-1] == '$' && *s->at == '{')
		return fail(s, s->line,
			    "'${' is not expanded: write the value out, or put it in "
			    "single quotes");
	return s->token = TOKEN_WORD;
}

static bool is_mark(const struct scanner *s, char mark)
{
	return s->token == TOKEN_MARK && *s->start == mark;
}

static bool add_value(struct scanner *s, struct assignment *a)
{
	if (a->values == SHF_CONFIG_LIST_MAX) {
		shf_complain(s->name, s->line, "%s has more than %d values", a->key->name,
			     SHF_CONFIG_LIST_MAX);
		return false;
	}
	a->words[a->values] = s->token == TOKEN_WORD ? s->start : NULL;
	a->lengths[a->values++] = s->length;
	return true;
}

/* "{", values with commas between, "}"; the "{" has been read. */
static bool scan_list(struct scanner *s, struct assignment *a)
{
	for (;;) {
		if (scan(s) == TOKEN_ERROR)
			return false;
		if (is_mark(s, '}') && a->values == 0)
			return true;
		if (s->token != TOKEN_WORD && s->token != TOKEN_STRING)
			break;
		if (!add_value(s, a) || scan(s) == TOKEN_ERROR)
			return false;
		if (is_mark(s, '}'))
			return true;
		if (!is_mark(s, ','))
			break;
	}
	shf_complain(s->name, s->line, "the list of %s must be values with ',' between, then '}'",
		     a->key->name);
	return false;
}

/* Of a key that the original Shifter has, say what became of it. */
static void say_unknown(const struct scanner *s, const char *name)
{
	const struct shf_original_key *original = shf_original_find_key(name);

	if (!original)
		shf_complain(s->name, s->line, "there is no key '%s'", name);
	else if (original->key)
		shf_complain(s->name, s->line,
			     "there is no key '%s', it is called %s here: 'shifterctl config "
			     "--convert %s' translates a file of the original Shifter",
			     name, original->key, s->name);
	else
		shf_complain(s->name, s->line,
			     "there is no key '%s', it is %s (%s): 'shifterctl config --convert "
			     "%s' translates a file of the original Shifter",
			     name, shf_original_fate_name(original->fate), original->doc, s->name);
}

static bool scan_key(struct scanner *s, struct document *doc, struct assignment *a)
{
	char name[64];

	if (s->token != TOKEN_WORD) {
		shf_complain(s->name, s->line, "%s",
			     is_mark(s, '=') ? "a value with '=' must be in quotes"
					     : "there must be a key and '=' here");
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", s->length > 63 ? 63 : (int)s->length, s->start);
	a->line = s->line;
	a->key = s->length < sizeof(name) ? shf_config_find_key(name) : NULL;
	if (!a->key) {
		say_unknown(s, name);
		return false;
	}
	for (size_t i = 0; i < doc->count; i++)
		if (shf_config_primary_key(doc->list[i].key->name) ==
		    shf_config_primary_key(a->key->name)) {
			shf_complain(s->name, s->line, "%s is set twice, before in line %u", name,
				     doc->list[i].line);
			return false;
		}
	return true;
}

static bool scan_assignment(struct scanner *s, struct document *doc)
{
	struct assignment *a = &doc->list[doc->count];
	bool takes_list;

	if (!scan_key(s, doc, a))
		return false;
	takes_list = shf_config_is_list(a->key);
	if (scan(s) == TOKEN_ERROR)
		return false;
	if (!is_mark(s, '=')) {
		shf_complain(s->name, a->line, "there must be '=' after %s", a->key->name);
		return false;
	}
	if (scan(s) == TOKEN_ERROR)
		return false;
	doc->count++;
	if (is_mark(s, '{') && takes_list)
		return scan_list(s, a);
	if (s->token == TOKEN_WORD || s->token == TOKEN_STRING)
		return add_value(s, a);
	shf_complain(s->name, a->line, "there must be a value after '%s ='", a->key->name);
	return false;
}

bool shf_scan_document(const char *name, const char *text, struct document *doc)
{
	struct scanner s = { .name = name, .at = text, .line = 1 };

	for (;;) {
		if (scan(&s) == TOKEN_ERROR)
			return false;
		if (s.token == TOKEN_END)
			return true;
		/* the table of keys is shorter than SHF_CONFIG_KEYS_MAX, and no key comes twice */
		if (!scan_assignment(&s, doc))
			return false;
	}
}
