/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hostsfile.h"

#include <string.h>

#define HOSTS_UNIQUE "/run/shifter/hosts.unique"

/*
 * Of a line with a name, an address, a number and what is between them.  Appending them to
 * the text one by one, or by printf(), would take most of the time of a big job's files.
 */
enum { LINE_MAX_LENGTH = 512 };

static char *put(char *at, const char *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

/* a literal */
#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

static char *put_name(char *at, const struct shf_host *host)
{
	return put(at, host->name, host->name_length);
}

static char *put_string(char *at, const char *string)
{
	return put(at, string, strlen(string));
}

static char *put_number(char *at, uint64_t value)
{
	char digits[20];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return put(at, digits + first, sizeof(digits) - first);
}

/* The lines of one host, of which at most all are wanted; how many there were. */
static uint32_t put_lines(struct shf_text *text, const struct shf_host *host, uint32_t wanted)
{
	uint32_t lines = wanted < 16 ? wanted : 16;
	char *at = shf_text_begin(text, (host->name_length + 1) * lines);

	if (!at)
		return wanted;
	for (uint32_t i = 0; i < lines; i++) {
		at = put_name(at, host);
		*at++ = '\n';
	}
	shf_text_end(text, at);
	return lines;
}

void shf_render_hostsfile(const struct shifter_hosts *hosts, struct shf_text *text)
{
	for (size_t i = 0; i < hosts->count; i++)
		for (uint32_t left = hosts->list[i].slots; left;)
			left -= put_lines(text, &hosts->list[i], left);
}

/* Have put_line() write a line for each host. */
static void render(const struct shifter_hosts *hosts, struct shf_text *text,
		   char *(*put_line)(char *at, const struct shf_host *host))
{
	for (size_t i = 0; i < hosts->count; i++) {
		char *at = shf_text_begin(text, LINE_MAX_LENGTH);

		if (!at)
			return;
		shf_text_end(text, put_line(at, &hosts->list[i]));
	}
}

static char *put_unique(char *at, const struct shf_host *host)
{
	return PUT(put_name(at, host), "\n");
}

void shf_render_hosts_unique(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render(hosts, text, put_unique);
}

static char *put_slots(char *at, const struct shf_host *host)
{
	at = PUT(put_name(at, host), " slots=");
	return PUT(put_number(at, host->slots), "\n");
}

void shf_render_hosts_slots(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render(hosts, text, put_slots);
}

static char *put_colon(char *at, const struct shf_host *host)
{
	at = PUT(put_name(at, host), ":");
	return PUT(put_number(at, host->slots), "\n");
}

void shf_render_hosts_colon(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render(hosts, text, put_colon);
}

static char *put_parallel(char *at, const struct shf_host *host)
{
	at = PUT(put_number(at, host->slots), "/");
	return PUT(put_name(at, host), "\n");
}

void shf_render_hosts_parallel(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render(hosts, text, put_parallel);
}

void shf_render_clustershell_groups(const struct shifter_hosts *hosts, struct shf_text *text)
{
	(void)hosts;
	/* "map" is asked for any group; without "list" it would not be known which there are */
	shf_text_add(text, "[Main]\n"
			   "default: job\n"
			   "\n"
			   "[job]\n"
			   "all: cat " HOSTS_UNIQUE "\n"
			   "map: test $GROUP = hosts && cat " HOSTS_UNIQUE "\n"
			   "list: echo hosts\n");
}

/* names and addresses have no character that JSON would want escaped */
static char *put_json(char *at, const struct shf_host *host)
{
	at = PUT(at, "{\"name\":\"");
	at = put_name(at, host);
	if (host->address) {
		at = PUT(at, "\",\"address\":\"");
		at = put_string(at, host->address);
		at = PUT(at, "\",\"slots\":");
	} else {
		at = PUT(at, "\",\"address\":null,\"slots\":");
	}
	return PUT(put_number(at, host->slots), "}");
}

void shf_render_hosts_json(const struct shifter_hosts *hosts, struct shf_text *text)
{
	shf_text_add(text, "{\"hosts\":[");
	for (size_t i = 0; i < hosts->count; i++) {
		char *at = shf_text_begin(text, LINE_MAX_LENGTH);

		if (!at)
			return;
		if (i)
			*at++ = ',';
		shf_text_end(text, put_json(at, &hosts->list[i]));
	}
	shf_text_addf(text, "],\"slots\":%llu}\n", (unsigned long long)hosts->total_slots);
}

static char *put_record(char *at, const struct shf_host *host)
{
	at = PUT(put_name(at, host), " ");
	at = put_number(at, host->slots);
	if (host->address)
		at = put_string(PUT(at, " "), host->address);
	return PUT(at, "\n");
}

void shf_render_hosts_record(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render(hosts, text, put_record);
}

void shf_render_etc_hosts(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct shifter_hosts shorts = { 0 };
	size_t next = 0;

	shf_text_add(text, "127.0.0.1\tlocalhost\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n");
	if (!hosts)
		return;
	if (shf_hosts_short_names(hosts, &shorts))
		text->failed = true;
	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i], *short_form = NULL;
		char *at;

		/* they come in the order of the hosts */
		if (next < shorts.count && shorts.list[next].slots == i + 1)
			short_form = &shorts.list[next++];
		if (!host->address)
			continue;
		at = shf_text_begin(text, 2 * LINE_MAX_LENGTH);
		if (!at)
			break;
		at = PUT(put_string(at, host->address), "\t");
		at = put_name(at, host);
		if (short_form)
			at = put_name(PUT(at, " "), short_form);
		shf_text_end(text, PUT(at, "\n"));
	}
	shf_hosts_free(&shorts);
}
