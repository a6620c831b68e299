/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-readconf - read udiRoot.conf from descriptor 0, print its values
 *
 *	shifter-readconf NAME < FILE
 *
 * A program of its own because libconfuse looks into the environment, keeps
 * global state and may exit: none of that belongs into a batch system's daemon.
 * The library opens and checks the file, runs this with an empty environment, and
 * reads the records (model/config.h) from its output.
 *
 * What libconfuse would let pass, we refuse: a key that is set twice (the last
 * one would win), "${NAME}" outside of single quotes (it would be replaced from
 * the environment), characters it skips in silence.  For that the text is
 * scanned here first, and libconfuse must agree on what it says.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/report.h"
#include "base/text.h"
#include "model/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX = 1 << 20,
       KEYS_MAX = SHF_CONFIG_KEYS_MAX,
       VALUES_MAX = SHF_CONFIG_LIST_MAX };

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

/* An assignment as the scanner saw it. */
struct assignment {
	const struct shf_config_key *key;
	unsigned line;
	unsigned values;
	/* of each value: what it says, or NULL where libconfuse has to interpret it */
	const char *words[VALUES_MAX];
	size_t lengths[VALUES_MAX];
};

struct document {
	struct assignment list[KEYS_MAX];
	size_t count;
};

static void complain(const char *name, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* libconfuse's callback gets no pointer of ours */
static const char *config_name;
static bool has_complained;

static void complain_v(const char *name, unsigned line, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void complain_v(const char *name, unsigned line, const char *format, va_list args)
{
	char raw[SHF_REPORT_TEXT], safe[SHF_REPORT_TEXT * 4];

	/* one mistake, one line: what follows is its consequence */
	if (has_complained)
		return;
	has_complained = true;
	vsnprintf(raw, sizeof(raw), format, args);
	shf_escape(safe, sizeof(safe), raw);
	fprintf(stderr, "%s:%u: %s\n", name, line, safe);
}

static void complain(const char *name, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_v(name, line, format, args);
	va_end(args);
}

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
{
	complain_v(config_name, cfg->line > 0 ? (unsigned)cfg->line : 1, format, args);
}

static enum token fail(struct scanner *s, unsigned line, const char *why)
{
	complain(s->name, line, "%s", why);
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
	if (a->values == VALUES_MAX) {
		complain(s->name, s->line, "%s has more than %d values", a->key->name, VALUES_MAX);
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
	complain(s->name, s->line, "the list of %s must be values with ',' between, then '}'",
		 a->key->name);
	return false;
}

static bool scan_key(struct scanner *s, struct document *doc, struct assignment *a)
{
	char name[64];

	if (s->token != TOKEN_WORD) {
		complain(s->name, s->line, "%s",
			 is_mark(s, '=') ? "a value with '=' must be in quotes"
					 : "there must be a key and '=' here");
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", s->length > 63 ? 63 : (int)s->length, s->start);
	a->line = s->line;
	a->key = s->length < sizeof(name) ? shf_config_find_key(name) : NULL;
	if (!a->key) {
		complain(s->name, s->line, "there is no key '%s'", name);
		return false;
	}
	for (size_t i = 0; i < doc->count; i++)
		if (shf_config_primary_key(doc->list[i].key->name) ==
		    shf_config_primary_key(a->key->name)) {
			complain(s->name, s->line, "%s is set twice, before in line %u", name,
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
		complain(s->name, a->line, "there must be '=' after %s", a->key->name);
		return false;
	}
	if (scan(s) == TOKEN_ERROR)
		return false;
	doc->count++;
	if (is_mark(s, '{') && takes_list)
		return scan_list(s, a);
	if (s->token == TOKEN_WORD || s->token == TOKEN_STRING)
		return add_value(s, a);
	complain(s->name, a->line, "there must be a value after '%s ='", a->key->name);
	return false;
}

static bool scan_document(const char *name, const char *text, struct document *doc)
{
	struct scanner s = { .name = name, .at = text, .line = 1 };

	for (;;) {
		if (scan(&s) == TOKEN_ERROR)
			return false;
		if (s.token == TOKEN_END)
			return true;
		/* the table of keys is shorter than KEYS_MAX, and no key comes twice */
		if (!scan_assignment(&s, doc))
			return false;
	}
}

static cfg_t *parse(const char *name, const char *text)
{
	static cfg_opt_t options[KEYS_MAX];
	size_t n = 0;
	cfg_t *cfg;

	for (const struct shf_config_key *key = shf_config_keys; key->name; key++) {
		cfg_opt_t list = CFG_STR_LIST(key->name, NULL, CFGF_NONE);
		cfg_opt_t scalar = CFG_STR(key->name, NULL, CFGF_NONE);

		options[n++] = shf_config_is_list(key) ? list : scalar;
	}
	options[n] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(options, CFGF_NONE);
	if (!cfg) {
		complain(name, 1, "cannot start libconfuse");
		return NULL;
	}
	cfg_set_error_function(cfg, on_confuse_error);
	if (*text && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		complain(name, cfg->line > 0 ? (unsigned)cfg->line : 1,
			 "libconfuse cannot make sense of it");
		cfg_free(cfg);
		return NULL;
	}
	return cfg;
}

/* Do both scanners agree on this assignment?  Append its record if so. */
static bool add_record(const char *name, cfg_t *cfg, const struct assignment *a,
		       struct shf_text *out)
{
	shf_text_add_mem(out, a->key->name, strlen(a->key->name) + 1);
	shf_text_addf(out, "%s:%u", name, a->line);
	shf_text_add_mem(out, "", 1);
	shf_text_addf(out, "%u", a->values);
	shf_text_add_mem(out, "", 1);
	for (unsigned i = 0; i < a->values; i++) {
		const char *value = cfg_size(cfg, a->key->name) == a->values
					    ? cfg_getnstr(cfg, a->key->name, i)
					    : NULL;

		if (!value || (a->words[i] && (strlen(value) != a->lengths[i] ||
					       memcmp(value, a->words[i], a->lengths[i]) != 0))) {
			complain(name, a->line, "%s can be read in two ways: put it in quotes",
				 a->key->name);
			return false;
		}
		shf_text_add_mem(out, value, strlen(value) + 1);
	}
	return true;
}

static bool make_records(const char *name, const char *text, struct shf_text *out)
{
	static struct document doc;
	cfg_t *cfg;
	bool is_good = true;

	config_name = name;
	if (!scan_document(name, text, &doc))
		return false;
	cfg = parse(name, text);
	if (!cfg)
		return false;
	for (size_t i = 0; i < doc.count && is_good; i++)
		is_good = add_record(name, cfg, &doc.list[i], out);
	cfg_free(cfg);
	return is_good;
}

/* The values must be good ones, too: whoever edits the file can check it by this. */
static bool check_records(const struct shf_text *records)
{
	struct shf_report report = { 0 };
	struct shf_config config;
	int error = shf_config_init(&config);

	if (error)
		fprintf(stderr, "shifter-readconf: out of memory\n");
	else if (records->length && (error = shf_config_parse_records(&config, records->data,
								      records->length, &report)))
		fprintf(stderr, "%s\n", report.text);
	shf_config_free(&config);
	return error == 0;
}

int main(int argc, char **argv)
{
	struct shf_text text cleanup_text = { 0 }, records cleanup_text = { 0 };
	char buffer[32];
	int error;

	if (argc != 2 || !*argv[1]) {
		fprintf(stderr, "usage: shifter-readconf NAME < FILE\n");
		return 2;
	}
	error = shf_read_all(0, CONFIG_MAX, &text);
	if (error) {
		fprintf(stderr, "%s:1: cannot read it: %s\n", argv[1],
			error == -EFBIG ? "it is longer than 1 MiB"
					: shf_error_text(-error, buffer));
		return 1;
	}
	if (text.length && memchr(text.data, '\0', text.length)) {
		complain(argv[1], 1, "it holds a NUL byte, so it is no text");
		return 1;
	}
	if (!make_records(argv[1], text.data ? text.data : "", &records))
		return 1;
	if (records.failed) {
		fprintf(stderr, "shifter-readconf: out of memory\n");
		return 1;
	}
	if (!check_records(&records))
		return 1;
	error = records.length ? shf_write_all(1, records.data, records.length) : 0;
	if (error) {
		fprintf(stderr, "shifter-readconf: cannot write records: %s\n",
			shf_error_text(-error, buffer));
		return 1;
	}
	return 0;
}
