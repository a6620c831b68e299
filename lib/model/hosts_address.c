/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_address.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_SIZE = 256 };

/* A copy of n bytes as a string; false if they are too many for a name or an address. */
static bool copy_word(char word[WORD_SIZE], const char *bytes, size_t n)
{
	if (n == 0 || n >= WORD_SIZE)
		return false;
	memcpy(word, bytes, n);
	word[n] = '\0';
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, its length in *n; NULL at the end. */
static const char *next_word(const char **at, const char *end, size_t *n)
{
	const char *start;

	while (*at < end && is_blank(**at))
		(*at)++;
	start = *at;
	while (*at < end && !is_blank(**at))
		(*at)++;
	*n = (size_t)(*at - start);
	return *n ? start : NULL;
}

static int read_line(struct shifter_hosts *hosts, const char *at, const char *end)
{
	const char *comment = memchr(at, '#', (size_t)(end - at)), *word;
	char address[WORD_SIZE], name[WORD_SIZE];
	size_t n;
	int error = 0;

	if (comment)
		end = comment;
	word = next_word(&at, end, &n);
	if (!word || !copy_word(address, word, n))
		return 0;
	while (!error && (word = next_word(&at, end, &n)))
		if (copy_word(name, word, n))
			error = shf_hosts_set_address(hosts, name, address);
	return error;
}

int shf_hosts_addresses_from_file(struct shifter_hosts *hosts, const char *bytes, size_t n)
{
	const char *end = bytes + n;
	int error = 0;

	while (bytes < end && !error) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;

		error = read_line(hosts, bytes, stop);
		bytes = newline ? newline + 1 : end;
	}
	return error;
}

int shf_hosts_addresses_from_slurm(struct shifter_hosts *hosts, const char *aliases)
{
	int error = 0;

	while (aliases && *aliases && !error) {
		size_t n = strcspn(aliases, ",");
		const char *end = aliases + n, *address = memchr(aliases, ':', n), *stop;
		char name[WORD_SIZE], text[WORD_SIZE];

		if (address && copy_word(name, aliases, (size_t)(address - aliases))) {
			bool has_brackets = ++address < end && *address == '[';

			address += has_brackets;
			stop = memchr(address, has_brackets ? ']' : ':', (size_t)(end - address));
			if (stop && copy_word(text, address, (size_t)(stop - address)))
				error = shf_hosts_set_address(hosts, name, text);
		}
		aliases = *end ? end + 1 : end;
	}
	return error;
}
