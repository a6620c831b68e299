/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-readconf - read udiRoot.conf from descriptor 0, print its values
 *
 *	shifter-readconf NAME < FILE
 *	shifter-readconf --convert NAME < FILE	one of the original Shifter's, to ours
 *	shifter-readconf --original		the table of its keys, separated by tabs
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
#include "readconf_scan.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/report.h"
#include "base/text.h"
#include "model/config.h"
#include "model/original.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX = 1 << 20 };

/* libconfuse's callback gets no pointer of ours */
static const char *config_name;

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
{
	shf_complain_v(config_name, cfg->line > 0 ? (unsigned)cfg->line : 1, format, args);
}

static cfg_t *parse(const char *name, const char *text)
{
	static cfg_opt_t options[SHF_CONFIG_KEYS_MAX];
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
		shf_complain(name, 1, "cannot start libconfuse");
		return NULL;
	}
	cfg_set_error_function(cfg, on_confuse_error);
	if (*text && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		shf_complain(name, cfg->line > 0 ? (unsigned)cfg->line : 1,
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
			shf_complain(name, a->line, "%s can be read in two ways: put it in quotes",
				     a->key->name);
			return false;
		}
		shf_text_add_mem(out, value, strlen(value) + 1);
	}
	return true;
}

/* Bytes that an editor shows as something else, or not at all. */
static bool check_text(const char *name, const char *text)
{
	unsigned line = 1;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		shf_complain(name, 1, "the file starts with a byte order mark: save it as UTF-8 "
				      "without one");
		return false;
	}
	for (const char *c = text; *c;) {
		size_t n = shf_utf8_length(c);

		if (*c == '\r')
			shf_complain(name, line, "there is a carriage return: save the file with "
						 "the line ends of Unix");
		else if (n == 0)
			shf_complain(name, line, "this is not UTF-8 text");
		else if (n == 1 && ((unsigned char)*c < ' ' || *c == 0x7f) &&
			 *c != '\n' && *c != '\t')
			shf_complain(name, line, "there is a control character, byte %d",
				     (unsigned char)*c);
		else {
			line += *c == '\n';
			c += n;
			continue;
		}
		return false;
	}
	return true;
}

static bool make_records(const char *name, const char *text, struct shf_text *out)
{
	static struct document doc;
	cfg_t *cfg;
	bool is_good = true;

	config_name = name;
	if (!check_text(name, text))
		return false;
	if (!shf_scan_document(name, text, &doc))
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

/* The whole of descriptor 0; false, and said, if it is no text of a sane size. */
static bool read_text(const char *name, struct shf_text *text)
{
	int error = shf_read_all(0, CONFIG_MAX, text);
	const char *nul;
	unsigned line = 1;
	char buffer[32];

	if (error) {
		shf_complain(name, 1, "cannot read it: %s",
			     error == -EFBIG ? "it is longer than 1 MiB"
					     : shf_error_text(-error, buffer));
		return false;
	}
	shf_text_add(text, "");
	if (text->failed) {
		shf_complain(name, 1, "cannot read it: out of memory");
		return false;
	}
	nul = memchr(text->data, '\0', text->length);
	if (!nul)
		return true;
	for (const char *c = text->data; c < nul; c++)
		line += *c == '\n';
	shf_complain(name, line, "there is a NUL byte, so this is no text");
	return false;
}

static bool write_out(const struct shf_text *text)
{
	char buffer[32];
	int error = 0;

	if (text->failed)
		error = -ENOMEM;
	else if (text->length)
		error = shf_write_all(1, text->data, text->length);
	if (error)
		fprintf(stderr, "shifter-readconf: cannot write: %s\n",
			shf_error_text(-error, buffer));
	return error == 0;
}

static bool read_config(const char *name)
{
	struct shf_text text cleanup_text = { 0 }, records cleanup_text = { 0 };

	if (!read_text(name, &text) || !make_records(name, text.data, &records))
		return false;
	if (records.failed) {
		fprintf(stderr, "shifter-readconf: out of memory\n");
		return false;
	}
	return check_records(&records) && write_out(&records);
}

static bool convert(const char *name)
{
	struct shf_text text cleanup_text = { 0 }, messages cleanup_text = { 0 };
	struct shf_text conf cleanup_text = { 0 }, ignored cleanup_text = { 0 };
	int errors;

	if (!read_text(name, &text))
		return false;
	errors = shf_original_convert(name, text.data, &conf, &messages);
	if (errors < 0) {
		fprintf(stderr, "shifter-readconf: out of memory\n");
		return false;
	}
	fputs(messages.data ? messages.data : "", stderr);
	/* what we do not read ourselves is no result */
	return make_records("the converted file", conf.data, &ignored) && write_out(&conf) &&
	       errors == 0;
}

static bool print_original(void)
{
	struct shf_text table cleanup_text = { 0 };

	for (const struct shf_original_key *key = shf_original_keys; key->name; key++)
		shf_text_addf(&table, "%s\t%s\t%s\t%s\n", key->name,
			      shf_original_fate_name(key->fate), key->key ? key->key : "-",
			      key->doc);
	return write_out(&table);
}

int main(int argc, char **argv)
{
	bool is_good;

	if (argc == 2 && strcmp(argv[1], "--original") == 0) {
		is_good = print_original();
	} else if (argc == 3 && strcmp(argv[1], "--convert") == 0) {
		is_good = convert(argv[2]);
	} else if (argc == 2 && *argv[1] && *argv[1] != '-') {
		is_good = read_config(argv[1]);
	} else {
		fprintf(stderr, "usage: shifter-readconf NAME < FILE\n");
		return 2;
	}
	return is_good ? 0 : 1;
}
