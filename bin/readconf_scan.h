/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readconf_scan.h - udiRoot.conf as a list of assignments
 *
 * What libconfuse would let pass is refused here: see shifter-readconf.c.
 */
#ifndef READCONF_SCAN_H
#define READCONF_SCAN_H

#include "model/config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* An assignment as the scanner saw it. */
struct assignment {
	const struct shf_config_key *key;
	unsigned line;
	unsigned values;
	/* of each value: what it says, or NULL where libconfuse has to interpret it */
	const char *words[SHF_CONFIG_LIST_MAX];
	size_t lengths[SHF_CONFIG_LIST_MAX];
};

struct document {
	struct assignment list[SHF_CONFIG_KEYS_MAX];
	size_t count;
};

/*
 * Say on standard error what is wrong, "NAME:LINE: ...".  Only the first time: one
 * mistake, one line, what follows is its consequence.
 */
void shf_complain(const char *name, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void shf_complain_v(const char *name, unsigned line, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * Take text apart; doc starts zeroed and points into text.  False if it does not hold
 * keys with values, each key known and set once; that has been said then.
 */
bool shf_scan_document(const char *name, const char *text, struct document *doc);

#endif
