/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration of ours is built up key by key, so that every value is checked as it
 * will be when it is read, and then printed.
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "model/config.h"
#include "model/original.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The values of one of our keys so far. */
struct values {
	char *items[SHF_CONFIG_LIST_MAX];
	size_t count;
	unsigned line; /* 0 while nothing was assigned */
};

/* VolumeMap.c and shifter_core.c: these are mounted whatever siteFs says. */
static const char *const mounted_anyway[] = { "/tmp:/tmp", "/var/tmp:/var/tmp" };

enum { N_MOUNTED_ANYWAY = sizeof(mounted_anyway) / sizeof(*mounted_anyway) };

struct conversion {
	const char *file;
	const struct shf_original_key *original;
	struct shf_original_line line;
	struct shf_config config;
	struct values *values; /* by the place of the key in shf_config_keys */
	struct shf_text *messages;
	int errors;
	bool is_out_of_memory;
};

static void say(struct conversion *c, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct conversion *c, const char *kind, const char *format, ...)
{
	char raw[SHF_REPORT_TEXT], safe[SHF_REPORT_TEXT * 4];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	shf_escape(safe, sizeof(safe), raw);
	shf_text_addf(c->messages, "%s:%u: %s: %s\n", c->file, c->line.number, kind, safe);
	c->errors += strcmp(kind, "error") == 0;
}

static void out_of_memory(struct conversion *c)
{
	c->is_out_of_memory = true;
}

/* Where an item with the first n bytes of item is, or the end. */
static size_t find(const struct values *values, const char *item, size_t n)
{
	size_t i = 0;

	while (i < values->count && strncmp(values->items[i], item, n) != 0)
		i++;
	return i;
}

/* Have our configuration check what is there now, and say what is wrong. */
static bool apply(struct conversion *c, const char *key, const struct values *values)
{
	struct shf_report report = { 0 };
	char where[300];
	size_t n;
	int error;

	n = (size_t)snprintf(where, sizeof(where), "%.200s:%u", c->file, c->line.number);
	error = shf_config_set(&c->config, key, (const char *const *)values->items, values->count,
			       where, &report);
	if (error == -ENOMEM)
		out_of_memory(c);
	else if (error)
		say(c, "error", "%s",
		    strncmp(report.text, where, n) == 0 && report.text[n] == ':'
			    ? report.text + n + 2
			    : report.text);
	return error == 0;
}

/* Put item at place and apply; an item that our configuration does not take goes again. */
static void add_item(struct conversion *c, struct values *values, size_t place, const char *item)
{
	char *old = place < values->count ? values->items[place] : NULL;
	char *copy = strdup(item);

	if (!copy) {
		out_of_memory(c);
		return;
	}
	values->items[place] = copy;
	values->count += !old;
	if (apply(c, c->original->key, values)) {
		free(old);
		return;
	}
	values->items[place] = old;
	values->count -= !old;
	free(copy);
}

/* A variable that comes twice: the later one won, or was put at the end or in front. */
static void add_variable(struct conversion *c, struct values *values, const char *item)
{
	size_t n = strcspn(item, "="), place = find(values, item, n + (item[n] == '='));
	const char *key = c->original->key;
	struct shf_text joined cleanup_text = { 0 };

	if (place == values->count || item[n] != '=') {
		add_item(c, values, place, item);
	} else if (strcmp(key, "siteEnv") == 0) {
		say(c, "warning", "siteEnv sets '%.*s' again: this value is taken",
		    n > 300 ? 300 : (int)n, item);
		add_item(c, values, place, item);
	} else {
		const char *old = values->items[place] + n + 1;
		bool is_append = strcmp(key, "siteEnvAppend") == 0;

		shf_text_add_mem(&joined, item, n + 1);
		shf_text_addf(&joined, "%s:%s", is_append ? old : item + n + 1,
			      is_append ? item + n + 1 : old);
		if (joined.failed)
			out_of_memory(c);
		else
			add_item(c, values, place, joined.data);
	}
}

/* A flag of siteFs: -1 refused, 0 without a counterpart, 1 read-only. */
static int read_flag(struct conversion *c, const char *item, const char *flag)
{
	if (strcasecmp(flag, "ro") == 0)
		return 1;
	/* "rec" is always so, "private" too */
	if (strcasecmp(flag, "rec") == 0 || strcasecmp(flag, "private") == 0)
		return 0;
	if (strcasecmp(flag, "slave") == 0) {
		say(c, "warning",
		    "'slave' of '%.300s' is left out: what the node mounts there later does not "
		    "appear in containers that run",
		    item);
		return 0;
	}
	if (strncasecmp(flag, "perNodeCache", strlen("perNodeCache")) == 0)
		say(c, "error",
		    "'%.300s' is refused: there is no cache per node; mount a directory of a "
		    "local disk",
		    item);
	else
		say(c, "error", "'%.300s' is refused: '%.60s' is no flag of the original's", item,
		    flag);
	return -1;
}

/* SOURCE, SOURCE:TARGET or SOURCE:TARGET:FLAG..., maybe in double quotes. */
static void add_mount(struct conversion *c, struct values *values, char *item)
{
	struct shf_text ours cleanup_text = { 0 };
	char *rest = item, *source, *target, *flag, original[400];
	size_t n = strlen(item), place = values->count;
	bool is_readonly = false;

	if (n >= 2 && item[0] == '"' && item[n - 1] == '"') {
		item[n - 1] = '\0';
		rest = ++item;
	}
	snprintf(original, sizeof(original), "%s", item);
	if (strpbrk(item, " \t")) {
		say(c, "error", "'%.300s' is refused: mounts are separated by ';', not by blanks",
		    original);
		return;
	}
	source = strsep(&rest, ":");
	target = rest ? strsep(&rest, ":") : source;
	while ((flag = strsep(&rest, ":"))) {
		int meaning = read_flag(c, original, flag);

		if (meaning < 0)
			return;
		is_readonly |= meaning;
	}
	/* what the original adds by itself gives way to what the file has */
	for (size_t i = 0; i < N_MOUNTED_ANYWAY; i++)
		if (strcmp(values->items[i], mounted_anyway[i]) == 0 &&
		    strcmp(strchr(mounted_anyway[i], ':') + 1, target) == 0)
			place = i;
	shf_text_addf(&ours, "%s:%s%s", source, target, is_readonly ? ":ro" : "");
	if (ours.failed)
		out_of_memory(c);
	else
		add_item(c, values, place, ours.data);
}

static void add_list(struct conversion *c, const struct shf_config_key *key,
		     struct values *values, char *value)
{
	bool is_mounts = key->type == SHF_CONFIG_MOUNTS;
	char *item;

	while ((item = strsep(&value, is_mounts ? ";" : " \t")) && !c->is_out_of_memory) {
		size_t n;

		item += strspn(item, " \t");
		n = strlen(item);
		while (n && strchr(" \t", item[n - 1]))
			item[--n] = '\0';
		if (!*item)
			continue;
		if (values->count == SHF_CONFIG_LIST_MAX) {
			say(c, "error", "%s has more than %d items", c->line.key,
			    SHF_CONFIG_LIST_MAX);
			return;
		}
		if (is_mounts)
			add_mount(c, values, item);
		else if (strncmp(key->name, "siteEnv", strlen("siteEnv")) == 0)
			add_variable(c, values, item);
		else
			add_item(c, values, find(values, item, n + 1), item);
	}
}

static void set_scalar(struct conversion *c, const struct shf_config_key *key,
		       struct values *values, char *value)
{
	if (values->line)
		say(c, "warning", "%s is set again, before in line %u: this value is taken",
		    c->line.key, values->line);
	if (strpbrk(value, " \t"))
		say(c, "warning", "%s has blanks in its value, which are a part of it",
		    c->line.key);
	if (key->type == SHF_CONFIG_BOOL) {
		char *end;
		long number = strtol(value, &end, 10);

		if (end == value || *end)
			say(c, "warning", "%s must be 0 or 1: the original reads '%.100s' as %d",
			    c->line.key, value, number != 0);
		add_item(c, values, 0, number ? "true" : "false");
		return;
	}
	if (key->type == SHF_CONFIG_NAME)
		for (char *underscore = value; (underscore = strchr(underscore, '_'));)
			*underscore = '-';
	add_item(c, values, 0, value);
}

static void take_over(struct conversion *c)
{
	const struct shf_config_key *key = shf_config_primary_key(c->original->key);
	struct values *values = &c->values[key - shf_config_keys];

	if (shf_config_is_list(key))
		add_list(c, key, values, c->line.value);
	else
		set_scalar(c, key, values, c->line.value);
	/* an empty list is a value, too */
	if (!c->is_out_of_memory && !shf_config_origin(&c->config, key->name) &&
	    shf_config_is_list(key) && values->count == 0)
		apply(c, key->name, values);
	values->line = c->line.number;
}

static void convert_line(struct conversion *c)
{
	const struct shf_original_key *original = shf_original_find_key(c->line.key);

	c->original = original;
	if (!original) {
		say(c, "error",
		    shf_config_find_key(c->line.key)
			    ? "'%.64s' is a key of this program: is the file converted already?"
			    : "there is no key '%.64s' in the original Shifter",
		    c->line.key);
		return;
	}
	switch (original->fate) {
	case SHF_ORIGINAL_SAME: take_over(c); return;
	case SHF_ORIGINAL_RENAMED:
		say(c, "note", "%s is called %s here: %s", c->line.key, original->key,
		    original->doc);
		take_over(c);
		return;
	case SHF_ORIGINAL_OBSOLETE:
		/* the one of them whose value can ask for something else than what is now */
		if (strcmp(original->name, "defaultImageType") == 0 &&
		    strcmp(c->line.value, "docker") != 0)
			say(c, "error", "defaultImageType '%.100s' is refused: %s", c->line.value,
			    original->doc);
		else
			say(c, "warning", "%s is obsolete: %s", c->line.key, original->doc);
		return;
	case SHF_ORIGINAL_REFUSED:
		say(c, "error", "%s is refused: %s", c->line.key, original->doc);
		return;
	}
}

static void convert_lines(struct conversion *c, char *text)
{
	struct shf_original_reader reader = { .at = text };
	int rc;

	while (!c->is_out_of_memory && (rc = shf_original_next(&reader, &c->line)) != 0) {
		if (rc == -EINVAL)
			say(c, "warning", "there is no '=': the original ignores this line");
		else if (rc < 0)
			say(c, "error", "this line goes on at the end of the file: the original "
					"ignores it");
		else
			convert_line(c);
	}
	c->line.number = reader.number;
}

static void start_mounts(struct conversion *c)
{
	struct values *mounts = &c->values[shf_config_find_key("siteFs") - shf_config_keys];

	for (size_t i = 0; i < N_MOUNTED_ANYWAY; i++) {
		char *copy = strdup(mounted_anyway[i]);

		if (copy)
			mounts->items[mounts->count++] = copy;
		else
			out_of_memory(c);
	}
}

/* What a file does that does not have these keys. */
static void apply_defaults(struct conversion *c)
{
	static const char *const no[] = { "false" };

	if (!shf_config_origin(&c->config, "siteFs"))
		apply(c, "siteFs",
		      &c->values[shf_config_find_key("siteFs") - shf_config_keys]);
	if (!shf_config_origin(&c->config, "allowLocalImages") &&
	    shf_config_set(&c->config, "allowLocalImages", no, 1, c->file, NULL))
		out_of_memory(c);
}

static void print(const struct conversion *c, struct shf_text *conf)
{
	shf_text_add(conf, "# udiRoot.conf, converted from one of the original Shifter\n");
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++)
		if (!key->alias_of && shf_config_origin(&c->config, key->name)) {
			shf_config_format_assignment(&c->config, key, conf);
			shf_text_add(conf, "\n");
		}
}

int shf_original_convert(const char *file, const char *text, struct shf_text *conf,
			 struct shf_text *messages)
{
	struct conversion c = { .file = file, .messages = messages };
	char *copy cleanup_free = strdup(text);

	c.values = calloc(SHF_CONFIG_KEYS_MAX, sizeof(*c.values));
	if (shf_config_init(&c.config) || !copy || !c.values) {
		out_of_memory(&c);
	} else {
		start_mounts(&c);
		convert_lines(&c, copy);
	}
	if (!c.is_out_of_memory)
		apply_defaults(&c);
	if (!c.is_out_of_memory)
		print(&c, conf);
	for (size_t i = 0; c.values && i < SHF_CONFIG_KEYS_MAX; i++)
		while (c.values[i].count)
			free(c.values[i].items[--c.values[i].count]);
	free(c.values);
	shf_config_free(&c.config);
	return c.is_out_of_memory || conf->failed || messages->failed ? -ENOMEM : c.errors;
}
