/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts_list.h"

#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* item is "NAME", "NAME/SLOTS", "NAME=ADDRESS" or "NAME=ADDRESS/SLOTS". */
static int add_item(struct shifter_hosts *hosts, const char *item, size_t n)
{
	const char *slash = memchr(item, '/', n), *equals;
	char name[301], address[65];
	uint32_t slots = 1;
	size_t length;

	if (slash) {
		char number[8];

		length = n - (size_t)(slash + 1 - item);
		if (length < sizeof(number)) {
			memcpy(number, slash + 1, length);
			number[length] = '\0';
		}
		if (length >= sizeof(number) ||
		    !shf_parse_u32(number, 1, SHF_HOST_SLOTS_MAX, &slots))
			return shf_fail(
				hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot read host '%.*s': what follows '/' must be a number "
				"of slots from 1 to %d",
				n > 300 ? 300 : (int)n, item, SHF_HOST_SLOTS_MAX);
		n = (size_t)(slash - item);
	}
	equals = memchr(item, '=', n);
	if (!equals)
		return shf_hosts_add_n(hosts, item, n, slots);
	/* both are cut only where they are too long anyhow */
	length = n - (size_t)(equals + 1 - item);
	snprintf(address, sizeof(address), "%.*s", (int)(length > 64 ? 64 : length), equals + 1);
	n = (size_t)(equals - item);
	snprintf(name, sizeof(name), "%.*s", (int)(n > 300 ? 300 : n), item);
	return shf_hosts_add(hosts, name, address, slots);
}

int shf_hosts_from_list(struct shifter_hosts *hosts, const char *text)
{
	static const char separators[] = " \t\r\n,";
	size_t items = 0;

	if (text)
		text += strspn(text, separators);
	while (text && *text) {
		size_t n = strcspn(text, separators);
		int error = add_item(hosts, text, n);

		if (error)
			return error;
		items++;
		text += n;
		text += strspn(text, separators);
	}
	if (!items)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot read host list: it names no host");
	return 0;
}

static int bad_line(struct shifter_hosts *hosts, const char *name, size_t line, const char *text,
		    size_t n)
{
	return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot read '%.300s', line %zu: '%.*s' is not one host name", name, line,
			n > 300 ? 300 : (int)n, text);
}

int shf_hosts_from_nodefile(struct shifter_hosts *hosts, const char *name, const char *bytes,
			    size_t n)
{
	const char *end = bytes + n;
	size_t line = 0, names = 0;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;
		const char *start = bytes;
		char host[256];
		int error;

		line++;
		bytes = newline ? newline + 1 : end;
		while (start < stop && strchr(" \t\r", *start) && *start)
			start++;
		while (stop > start && strchr(" \t\r", stop[-1]) && stop[-1])
			stop--;
		if (start == stop)
			continue;
		if ((size_t)(stop - start) >= sizeof(host) ||
		    memchr(start, '\0', (size_t)(stop - start)))
			return bad_line(hosts, name, line, start, (size_t)(stop - start));
		memcpy(host, start, (size_t)(stop - start));
		host[stop - start] = '\0';
		if (!shf_is_host_name(host))
			return bad_line(hosts, name, line, start, (size_t)(stop - start));
		error = shf_hosts_add(hosts, host, NULL, 1);
		if (error)
			return error;
		names++;
	}
	if (!names)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot read '%.300s': it names no host", name);
	return 0;
}
