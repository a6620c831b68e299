/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * programs.h - what is measured: shifter, the floor, crun and bubblewrap
 *
 * Each makes a container of the same squashfs file and runs the same command
 * in it, for the same user.  Errors end the process.
 */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include <stdbool.h>
#include <sys/types.h>

struct bench_setting {
	const char *image;       /* squashfs file with the command in it */
	const char *command;     /* path in the image */
	const char *udiimage;    /* directory that shifter binds into its containers */
	const char *floor_enter; /* the program of that name */
	const char *user_key;    /* public half of the user's udiRoot key, one line */
	const char *work;        /* empty directory for mounts and configuration */
	uid_t uid;               /* of the user, and her group */
	char *const *environment;
};

struct bench_program {
	const char *name;
	/* Get ready, out of the measurement; false if the program is not installed. */
	bool (*prepare)(const struct bench_setting *setting);
	void (*set_up)(void);       /* or NULL: it has no container that stays */
	pid_t (*start_entry)(void); /* the command in that container */
	void (*tear_down)(void);
	void (*run_remove)(void);  /* create, run the command, remove */
	void (*set_up_sshd)(void); /* or NULL; with an sshd that answers */
};

extern const struct bench_program bench_shifter, bench_floor, bench_crun, bench_bwrap;

#endif
