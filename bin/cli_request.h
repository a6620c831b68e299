/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_request.h - what shifter is asked to run, and how it gets into a container
 */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SHF_EXIT_SHIFTER = 125, /* as env(1), nohup(1) and their kin have it */
	SHF_ID_MAX = 64         /* bytes, of a container's id */
};

struct shf_request {
	const char *container; /* NULL: to be found in the environment */
	const char *image;     /* NULL: the job's */
	const char **volumes;  /* of -V, n_volumes */
	size_t n_volumes;
	bool is_writable;    /* with a root directory that can be written to */
	const char *workdir; /* NULL: the caller's, where it exists */
	bool use_image_workdir;
	const char **variables; /* of -e, n_variables */
	size_t n_variables;
	const char **env_files; /* n_env_files */
	size_t n_env_files;
	bool is_env_clear;
	bool use_entry;         /* the image's entry point, unless entrypoint says another */
	const char *entrypoint; /* NULL, or words */
	char **command;         /* what is to be run, NULL terminated */
};

/*
 * Fill id with that of the container that is meant.  Returns 0, or the exit status
 * after the reason has been said.
 */
int shf_find_container(const struct shf_request *request, char id[SHF_ID_MAX + 1]);

/*
 * Does it take a container of the caller's own?  What the two references mean is
 * for shifter-private to find out where they are not the same string.
 */
bool shf_is_private(const struct shf_request *request);

/*
 * Run the command in the container.  Returns, if at all, the exit status, after
 * the reason has been said.
 */
int shf_enter_container(const struct shf_request *request);

#endif
