/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/caller.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * The chunks' values in their order are one text of fields, each ended by END: the
 * number of chunks, the version, the umask, the number of limits, each limit as
 * "NAME SOFT HARD", and the variables.  Numbers are decimal, the umask octal.
 * In a variable, two bytes stand for END and ESCAPE themselves.
 */
enum {
	END = 1,
	ESCAPE = 2,
	ESCAPED_END = 'e',
	ESCAPED_ESCAPE = 's',
	VERSION = 1,
	FIELD_MAX = 64, /* bytes of a field that is no variable */
};

static const struct {
	const char *name;
	int resource;
} limits[SHF_LIMITS] = {
	{ "cpu", RLIMIT_CPU },
	{ "fsize", RLIMIT_FSIZE },
	{ "data", RLIMIT_DATA },
	{ "stack", RLIMIT_STACK },
	{ "core", RLIMIT_CORE },
	{ "rss", RLIMIT_RSS },
	{ "nofile", RLIMIT_NOFILE },
	{ "as", RLIMIT_AS },
	{ "nproc", RLIMIT_NPROC },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "locks", RLIMIT_LOCKS },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
};

int shf_limit_resource(size_t index)
{
	return limits[index].resource;
}

bool shf_caller_is_chunk(const char *entry)
{
	return strncmp(entry, SHF_CALLER_PREFIX, strlen(SHF_CALLER_PREFIX)) == 0;
}

/* ---- encode ---- */

/* Counts while there is no environment to write to. */
struct writer {
	struct shf_environ *out;
	char *at;
	size_t left; /* bytes of this chunk's value */
	unsigned n_chunks;
};

static void begin_chunk(struct writer *w)
{
	char name[32];
	size_t length;

	w->left = SHF_CALLER_CHUNK;
	length = (size_t)snprintf(name, sizeof(name), SHF_CALLER_PREFIX "%u=", w->n_chunks++);
	if (!w->out)
		return;
	/* zeroed: what is not filled ends the string */
	w->at = shf_environ_new_text(w->out, length + SHF_CALLER_CHUNK + 1);
	if (!w->at) {
		w->out = NULL;
		return;
	}
	memcpy(w->at, name, length);
	shf_environ_put(w->out, w->at);
	w->at += length;
}

static void put_byte(struct writer *w, char byte)
{
	if (!w->left)
		begin_chunk(w);
	w->left--;
	if (w->out)
		*w->at++ = byte;
}

static void put_field(struct writer *w, const char *text)
{
	for (; *text; text++)
		put_byte(w, *text);
	put_byte(w, END);
}

static void put_variable(struct writer *w, const char *text)
{
	for (; *text; text++) {
		if (*text != END && *text != ESCAPE) {
			put_byte(w, *text);
			continue;
		}
		put_byte(w, ESCAPE);
		put_byte(w, *text == END ? ESCAPED_END : ESCAPED_ESCAPE);
	}
	put_byte(w, END);
}

/* Returns the number of chunks.  The field for it has the same length whatever it says. */
static unsigned write_all(const struct shf_caller *caller, char *const *entries,
			  struct shf_environ *out, unsigned n_chunks)
{
	struct writer w = { .out = out };
	char field[FIELD_MAX];
	unsigned n_limits = 0;

	snprintf(field, sizeof(field), "%03u", n_chunks);
	put_field(&w, field);
	snprintf(field, sizeof(field), "%d", VERSION);
	put_field(&w, field);
	snprintf(field, sizeof(field), "%o", (unsigned)caller->umask);
	put_field(&w, field);
	for (size_t i = 0; i < SHF_LIMITS; i++)
		n_limits += caller->limits[i].is_known;
	snprintf(field, sizeof(field), "%u", n_limits);
	put_field(&w, field);
	for (size_t i = 0; i < SHF_LIMITS; i++) {
		const struct shf_limit *limit = &caller->limits[i];

		if (!limit->is_known)
			continue;
		snprintf(field, sizeof(field), "%s %llu %llu", limits[i].name,
			 (unsigned long long)limit->soft, (unsigned long long)limit->hard);
		put_field(&w, field);
	}
	for (; *entries; entries++)
		if (shf_environ_name_length(*entries))
			put_variable(&w, *entries);
	return w.n_chunks;
}

int shf_caller_encode(const struct shf_caller *caller, char *const *entries,
		      struct shf_environ *out)
{
	unsigned n_chunks = write_all(caller, entries, NULL, 0);

	if (n_chunks > SHF_CALLER_CHUNKS_MAX)
		return -E2BIG;
	write_all(caller, entries, out, n_chunks);
	return out->failed ? -ENOMEM : 0;
}

/* ---- decode ---- */

/* The value of the chunk with this number, or NULL. */
static const char *find_chunk(char *const *entries, unsigned number)
{
	char name[32];
	size_t length =
		(size_t)snprintf(name, sizeof(name), SHF_CALLER_PREFIX "%u=", number);

	for (; *entries; entries++)
		if (strncmp(*entries, name, length) == 0)
			return *entries + length;
	return NULL;
}

/* Cut a field off the front of the text.  NULL if there is none, or none that can be a field. */
static char *take_field(char **text)
{
	char *field = *text, *end = strchr(field, END);

	if (!end || end - field >= FIELD_MAX)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return field;
}

/* Nothing but digits of that base, which have a value of at most max. */
static bool parse_number(const char *text, int base, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	return errno == 0 && *end == '\0' && *value <= max;
}

static bool take_number(char **text, int base, uint64_t max, uint64_t *value)
{
	const char *field = take_field(text);

	return field && parse_number(field, base, max, value);
}

/* A limit that is unknown here is no defect. */
static bool take_limit(char **text, struct shf_caller *caller)
{
	char *name = take_field(text), *soft = name ? strchr(name, ' ') : NULL,
	     *hard = soft ? strchr(soft + 1, ' ') : NULL;
	struct shf_limit limit = { .is_known = true };

	if (!hard)
		return false;
	*soft++ = '\0';
	*hard++ = '\0';
	if (!parse_number(soft, 10, UINT64_MAX, &limit.soft) ||
	    !parse_number(hard, 10, UINT64_MAX, &limit.hard))
		return false;
	for (size_t i = 0; i < SHF_LIMITS; i++)
		if (strcmp(name, limits[i].name) == 0)
			caller->limits[i] = limit;
	return true;
}

/* In place.  Returns the new length, or -1 if the text is none that was encoded. */
static ssize_t unescape(char *text)
{
	const char *from = text;
	char *to = text;

	if (*text && text[strlen(text) - 1] != END)
		return -1;
	for (; *from; from++) {
		if (*from == END) {
			*to++ = '\0';
		} else if (*from != ESCAPE) {
			*to++ = *from;
		} else {
			from++;
			if (*from != ESCAPED_END && *from != ESCAPED_ESCAPE)
				return -1;
			*to++ = *from == ESCAPED_END ? END : ESCAPE;
		}
	}
	*to = '\0';
	return to - text;
}

/* All chunks in their order; NULL with *error set if they are not all there, or no memory. */
static char *join_chunks(char *const *entries, const char *first, uint64_t n_chunks,
			 struct shf_environ *env, int *error)
{
	const char *values[SHF_CALLER_CHUNKS_MAX];
	size_t size = 1;
	char *text, *end;

	for (unsigned i = 0; i < n_chunks; i++) {
		values[i] = i ? find_chunk(entries, i) : first;
		*error = -EPROTO;
		if (!values[i])
			return NULL;
		size += strlen(values[i]);
	}
	*error = -ENOMEM;
	text = shf_environ_new_text(env, size);
	end = text;
	for (unsigned i = 0; text && i < n_chunks; i++)
		end = stpcpy(end, values[i]);
	return text;
}

int shf_caller_decode(char *const *entries, struct shf_environ *env, struct shf_caller *caller,
		      char **strings, size_t *length)
{
	const char *first = find_chunk(entries, 0);
	uint64_t n_chunks, number, n_limits;
	char count[4] = "", *text;
	ssize_t n;
	int error;

	if (!first) {
		for (; *entries; entries++)
			if (shf_caller_is_chunk(*entries))
				return -EPROTO;
		return 0;
	}
	strncpy(count, first, sizeof(count) - 1);
	if (!parse_number(count, 10, SHF_CALLER_CHUNKS_MAX, &n_chunks) || !n_chunks)
		return -EPROTO;
	text = join_chunks(entries, first, n_chunks, env, &error);
	if (!text)
		return error;
	*caller = (struct shf_caller){ 0 };
	if (!take_number(&text, 10, SHF_CALLER_CHUNKS_MAX, &number) || number != n_chunks ||
	    !take_number(&text, 10, VERSION, &number) || number != VERSION ||
	    !take_number(&text, 8, 0777, &number) || !take_number(&text, 10, 256, &n_limits))
		return -EPROTO;
	caller->umask = (uint32_t)number;
	for (; n_limits > 0; n_limits--)
		if (!take_limit(&text, caller))
			return -EPROTO;
	n = unescape(text);
	if (n < 0)
		return -EPROTO;
	*strings = text;
	*length = (size_t)n;
	return 1;
}
