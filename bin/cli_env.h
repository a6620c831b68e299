/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_env.h - the environment that a command gets in its container
 *
 * A list of NAME=VALUE that starts as the caller's, is changed, and ends in a
 * memory file.  It does not travel as the environment of the setuid entry
 * program: the loader strips LD_LIBRARY_PATH, TMPDIR and their like from those.
 */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Starts zeroed.  Once memory runs out, failed is set and stays set, and
 * changes do nothing; shf_env_to_memfd() reports it.
 */
struct shf_env {
	char **list; /* "NAME=VALUE", owned */
	size_t count;
	size_t capacity;
	bool failed;
};

/* Append what envp holds; what is not of the form NAME=VALUE is left out. */
void shf_env_import(struct shf_env *env, char *const *envp);

/* The value of name, or NULL.  Valid until env is changed. */
const char *shf_env_get(const struct shf_env *env, const char *name);

/* Set name, in place of every earlier entry of that name. */
void shf_env_set(struct shf_env *env, const char *name, const char *value);

/* Remove every entry of that name. */
void shf_env_unset(struct shf_env *env, const char *name);

/* Leave only what says who the user is, on which terminal, in which container. */
void shf_env_clear(struct shf_env *env);

/* Do what -e says: "NAME=VALUE" sets, "NAME" sets to the caller's value if there is one. */
void shf_env_set_entry(struct shf_env *env, const char *entry);

/*
 * A new memory file for shifter-enter: the variables of env, an empty one, and those
 * that the user wanted, which win over the image's; each ended by NUL.  It is
 * positioned at its start, sealed, and open in what the caller executes next.
 * Returns the descriptor, or a negative errno value.
 */
int shf_env_to_memfd(const struct shf_env *env, const struct shf_env *wanted);

void shf_env_free(struct shf_env *env);

#endif
