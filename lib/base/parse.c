/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/parse.h"

#include <string.h>

enum { HOST_NAME_LENGTH_MAX = 253 };

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool shf_parse_u64(const char *string, uint64_t low, uint64_t high, uint64_t *out)
{
	uint64_t value = 0;

	if (!string || !*string || (string[0] == '0' && string[1]))
		return false;
	for (const char *c = string; *c; c++) {
		unsigned digit = (unsigned)(*c - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value < low || value > high)
		return false;
	*out = value;
	return true;
}

bool shf_parse_u32(const char *string, uint32_t low, uint32_t high, uint32_t *out)
{
	uint64_t value;

	if (!shf_parse_u64(string, low, high, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* 1 to max bytes out of letters, digits and extra */
static bool is_word(const char *string, size_t max, const char *extra)
{
	size_t length = string ? strnlen(string, max + 1) : 0;

	if (length == 0 || length > max)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alnum(string[i]) && !strchr(extra, string[i]))
			return false;
	return true;
}

bool shf_is_name(const char *string, size_t max, const char *extra)
{
	return is_word(string, max, extra) && is_alnum(string[0]);
}

bool shf_is_id(const char *string)
{
	return shf_is_name(string, 64, "._-");
}

bool shf_is_host_name_n(const char *name, size_t n)
{
	if (n == 0 || n > HOST_NAME_LENGTH_MAX || !is_alnum(name[0]) || !is_alnum(name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(name[i]) && name[i] != '.' && name[i] != '-')
			return false;
	return true;
}

bool shf_is_host_name(const char *string)
{
	return string && shf_is_host_name_n(string, strnlen(string, HOST_NAME_LENGTH_MAX + 1));
}

bool shf_is_user_name(const char *string)
{
	return is_word(string, 64, "_.-") && (is_alnum(string[0]) || string[0] == '_');
}
