/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl.h - what the subcommands of shifterctl share
 */
#ifndef SHIFTERCTL_H
#define SHIFTERCTL_H

#include <shifter/shifter.h>

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit statuses: who has to act, for hook scripts. */
enum {
	SHF_EXIT_CALLER = 2, /* wrong usage: the calling script or person */
	SHF_EXIT_JOB = 3,    /* the job's request */
	SHF_EXIT_SITE = 4,   /* the site's configuration */
	SHF_EXIT_NODE = 5    /* this node */
};

/*
 * A subcommand: argv[0] is its name.  Returns the exit status, having said on
 * standard error what failed.
 */
typedef int (*shf_ctl_fn)(struct shifter_ctx *ctx, int argc, char **argv);

int shf_ctl_setup(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_sshd(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_hostsfile(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_teardown(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_gc(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_check(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_list(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_config(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_import(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_key(struct shifter_ctx *ctx, int argc, char **argv);
int shf_ctl_resolve(struct shifter_ctx *ctx, int argc, char **argv);

/*
 * getopt_long() for a subcommand: options and arguments in any order.  The
 * first call of a command line is the one with optind == 0.  Returns the
 * option's value, -1 at the end, or '?' after having said what is wrong.
 */
int shf_ctl_getopt(int argc, char **argv, const struct option *options);

/* Say that option is missing or that arguments are too many or few; returns SHF_EXIT_CALLER. */
int shf_ctl_misuse(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say what the library's last failure was; returns the exit status for it. */
int shf_ctl_failure(struct shifter_ctx *ctx);

/* Likewise, of one that was said already. */
int shf_ctl_failure_status(struct shifter_ctx *ctx);

/* shifter_load_config() of what the command line names; without it, 0 if none is installed. */
int shf_ctl_try_config(struct shifter_ctx *ctx);

/*
 * Read the configuration that the command line names; without one, the installed one
 * if there is any.  Returns 0, or the exit status having said why.  For commands that
 * decide by their options; it is done before the others run.
 */
int shf_ctl_load_config(struct shifter_ctx *ctx, bool is_optional);

/* Flush standard output; returns 0, or SHF_EXIT_NODE having said why. */
int shf_ctl_flush(void);

/* A number out of low..high, nothing else; false and said otherwise. */
bool shf_ctl_number(const char *option, const char *string, uint32_t low, uint32_t high,
		    uint32_t *out);

#endif
