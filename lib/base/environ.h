/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * environ.h - a list of variables, for programs without a heap
 *
 * Shared by shifter-enter and udi-session, so that a command finds the same
 * variables whichever way it was started.  It needs nothing but the C library:
 * udiImage/build-openssh compiles it, too.
 */
#ifndef SHF_BASE_ENVIRON_H
#define SHF_BASE_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Starts zeroed, but for memory that the program may lend it, which has to be zero, too.
 * More comes from mmap(2) and stays until the program ends or executes another.  Once
 * there is none, failed is set and stays set, and changes do nothing: check it once, at
 * the end.
 */
struct shf_environ {
	char **list;     /* count entries; NULL where a variable was removed */
	size_t count;    /* entries in use */
	size_t room;     /* entries there is memory for, one for the final NULL not counted */
	uint32_t *table; /* hash table: indexes of list, plus 1; 0 where it is free */
	size_t n_slots;  /* of table: a power of 2, more than 2 * room */
	char *memory;    /* what is left of it */
	size_t memory_left;
	bool failed;
};

/* The length of the name of "NAME=VALUE", or 0 if there is none or no '='. */
size_t shf_environ_name_length(const char *entry);

/*
 * Let "NAME=VALUE" take the place of the variable of that name, or add it.  entry
 * is borrowed.  Returns false for what is not of that form.
 */
bool shf_environ_put(struct shf_environ *env, char *entry);

/* The value of name, or NULL.  Valid as long as env. */
const char *shf_environ_get(const struct shf_environ *env, const char *name);

/* Set name to a copy of value. */
void shf_environ_set(struct shf_environ *env, const char *name, const char *value);

void shf_environ_unset(struct shf_environ *env, const char *name);

/*
 * Do what a record of the site says:
 *	=NAME=VALUE	set
 *	+NAME=VALUE	append to the value, after a ':'
 *	^NAME=VALUE	put before the value, and a ':' between
 *	?NAME=VALUE	set unless there is such a variable
 *	-NAME		unset
 *	@NAME		nothing: it is the node's, as those of shf_env_is_of_node()
 * A value that is empty or missing becomes VALUE by + and ^.  record is borrowed.
 * Returns false for anything else.
 */
bool shf_environ_apply(struct shf_environ *env, char *record);

/* Memory of size bytes, zeroed, that lives as long as the variables.  NULL if there is none. */
char *shf_environ_new_text(struct shf_environ *env, size_t size);

/* The variables as execve() takes them, or NULL if memory ran out. */
char **shf_environ_finish(struct shf_environ *env);

#endif
