/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config_item.h - the items of list keys: read, printed and freed by type
 *
 * Private to model/config*.c.
 */
#ifndef SHF_MODEL_CONFIG_ITEM_H
#define SHF_MODEL_CONFIG_ITEM_H

#include "model/config.h"

/* What a value is for: what messages say about it. */
struct shf_config_setting {
	const struct shf_config_key *key;
	const char *name; /* as it was written, maybe an alias */
	const char *where;
	struct shf_report *report;
};

/* A list under construction: elements of one size. */
struct shf_config_list {
	char *bytes;
	size_t count, capacity, size;
};

struct shf_config_item_kind {
	size_t size;
	const char *separators; /* that each value is split at, or NULL */
	/* Append what item says.  -EINVAL, -ENOMEM, with a report; list is as before then. */
	int (*add)(const struct shf_config_setting *s, struct shf_config_list *list,
		   const char *item);
	void (*free)(void *item); /* or NULL */
	/* A line, in the form that add() takes. */
	void (*format)(const void *item, struct shf_text *out);
};

/* Of a type that is a list. */
const struct shf_config_item_kind *shf_config_item_kind(enum shf_config_type type);

/* -EINVAL: "f:3: KEY must be WANTED, not 'VALUE'". */
int shf_config_bad_value(const struct shf_config_setting *s, const char *value,
			 const char *wanted);

/* -ENOMEM. */
int shf_config_no_memory(const struct shf_config_setting *s);

#endif
