/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hostsfile.h"

#include <string.h>

#define HOSTS_UNIQUE "/run/shifter/hosts.unique"

/*
 * A line under construction.  Appending to the text piece by piece, or by
 * printf(), would take most of the time of a big job's files.
 */
struct line {
	size_t used;
	char bytes[512]; /* a name, an address, a number and what is between them */
};

static void put(struct line *line, const char *string)
{
	size_t n = strlen(string);

	memcpy(line->bytes + line->used, string, n);
	line->used += n;
}

static void put_number(struct line *line, uint64_t value)
{
	char digits[20];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	memcpy(line->bytes + line->used, digits + first, sizeof(digits) - first);
	line->used += sizeof(digits) - first;
}

static void put_end(struct line *line, struct shf_text *text)
{
	shf_text_add_mem(text, line->bytes, line->used);
	line->used = 0;
}

void shf_render_hostsfile(const struct shifter_hosts *hosts, struct shf_text *text)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];
		char block[4096];
		size_t n = strlen(host->name), in_block;
		uint32_t left = host->slots;

		memcpy(block, host->name, n);
		block[n++] = '\n';
		for (in_block = 1; in_block < left && (in_block + 1) * n <= sizeof(block);
		     in_block++)
			memcpy(block + in_block * n, block, n);
		while (left) {
			size_t lines = left < in_block ? left : in_block;

			shf_text_add_mem(text, block, lines * n);
			left -= (uint32_t)lines;
		}
	}
}

void shf_render_hosts_unique(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct line line = { 0 };

	for (size_t i = 0; i < hosts->count; i++) {
		put(&line, hosts->list[i].name);
		put(&line, "\n");
		put_end(&line, text);
	}
}

static void render_counted(const struct shifter_hosts *hosts, const char *between,
			   struct shf_text *text)
{
	struct line line = { 0 };

	for (size_t i = 0; i < hosts->count; i++) {
		put(&line, hosts->list[i].name);
		put(&line, between);
		put_number(&line, hosts->list[i].slots);
		put(&line, "\n");
		put_end(&line, text);
	}
}

void shf_render_hosts_slots(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render_counted(hosts, " slots=", text);
}

void shf_render_hosts_colon(const struct shifter_hosts *hosts, struct shf_text *text)
{
	render_counted(hosts, ":", text);
}

void shf_render_hosts_parallel(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct line line = { 0 };

	for (size_t i = 0; i < hosts->count; i++) {
		put_number(&line, hosts->list[i].slots);
		put(&line, "/");
		put(&line, hosts->list[i].name);
		put(&line, "\n");
		put_end(&line, text);
	}
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

void shf_render_hosts_json(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct line line = { 0 };

	/* names and addresses have no character that JSON would want escaped */
	put(&line, "{\"hosts\":[");
	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];

		put(&line, i ? ",{\"name\":\"" : "{\"name\":\"");
		put(&line, host->name);
		put(&line, host->address ? "\",\"address\":\"" : "\",\"address\":null");
		put(&line, host->address ? host->address : "");
		put(&line, host->address ? "\",\"slots\":" : ",\"slots\":");
		put_number(&line, host->slots);
		put(&line, "}");
		put_end(&line, text);
	}
	put(&line, "],\"slots\":");
	put_number(&line, hosts->total_slots);
	put(&line, "}\n");
	put_end(&line, text);
}

void shf_render_hosts_record(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct line line = { 0 };

	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];

		put(&line, host->name);
		put(&line, " ");
		put_number(&line, host->slots);
		if (host->address) {
			put(&line, " ");
			put(&line, host->address);
		}
		put(&line, "\n");
		put_end(&line, text);
	}
}

void shf_render_etc_hosts(const struct shifter_hosts *hosts, struct shf_text *text)
{
	struct shifter_hosts shorts = { 0 };
	struct line line = { 0 };
	size_t next = 0;

	shf_text_add(text, "127.0.0.1\tlocalhost\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n");
	if (!hosts)
		return;
	if (shf_hosts_short_names(hosts, &shorts))
		text->failed = true;
	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];
		const char *short_name = NULL;

		/* they come in the order of the hosts */
		if (next < shorts.count && shorts.list[next].slots == i + 1)
			short_name = shorts.list[next++].name;
		if (!host->address)
			continue;
		put(&line, host->address);
		put(&line, "\t");
		put(&line, host->name);
		put_end(&line, text);
		if (short_name) {
			put(&line, " ");
			put(&line, short_name);
		}
		put(&line, "\n");
		put_end(&line, text);
	}
	shf_hosts_free(&shorts);
}
