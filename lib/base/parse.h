/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parse.h - strings from elsewhere, taken whole or not at all
 */
#ifndef SHF_BASE_PARSE_H
#define SHF_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read a decimal number: digits only, the whole string, no sign, no space,
 * no leading zero, low <= value <= high.  Returns false and leaves *out
 * alone otherwise.
 */
bool shf_parse_u64(const char *string, uint64_t low, uint64_t high, uint64_t *out);
bool shf_parse_u32(const char *string, uint32_t low, uint32_t high, uint32_t *out);

/*
 * Is it 1 to max bytes out of letters, digits and the characters of extra,
 * and does it start with a letter or digit?
 * "." and ".." are out by that.  Letters are ASCII's, whatever the locale.
 */
bool shf_is_name(const char *string, size_t max, const char *extra);

/* A container id: 1-64 of [A-Za-z0-9._-], first a letter or digit. */
bool shf_is_id(const char *string);

/* A host name: 1-253 of [A-Za-z0-9.-], first and last a letter or digit. */
bool shf_is_host_name(const char *string);

/* The same of n bytes, which may go on behind them. */
bool shf_is_host_name_n(const char *name, size_t n);

/* A login name: 1-64 of [A-Za-z0-9_.-], first a letter, digit or '_'. */
bool shf_is_user_name(const char *string);

#endif
