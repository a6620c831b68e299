/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - what is written down about a container, in its state directory
 *
 * Text, a line per field, so that people can read it and a later version can
 * tell that it is not its own.
 */
#ifndef SHF_MODEL_RECORD_H
#define SHF_MODEL_RECORD_H

#include "base/report.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHF_RECORD_VERSION = 1,
	SHF_RECORD_MAX = 1 << 20, /* bytes; 65536 groups fit */
};

struct shf_record {
	uint32_t version;    /* SHF_RECORD_VERSION */
	char id[65];         /* of the container */
	char generation[33]; /* 32 lower case hex digits: which set-up of that id */
	char boot_id[37];    /* of the kernel's boot; a record of another one is stale */
	uint32_t uid, gid;
	uint32_t n_groups;
	uint32_t *groups;          /* owned */
	char *user, *home, *shell; /* owned */
	char *image;               /* resolved reference; owned */
	char *job_file;            /* absolute, "" for none; owned */
	uint32_t port;             /* of sshd, 0 for none */
	char stage[65];            /* name of the udiImage stage in use; "" for none */
	int32_t keeper_pid;        /* 0 if there is none */
	uint64_t keeper_start;     /* start time as /proc/PID/stat has it, clock ticks since boot */
	int32_t usher_pid;
	uint64_t usher_start;
	uint64_t created;    /* seconds since the epoch */
	uint64_t asked;      /* when it was asked for, ns since boot (kernel/teardowns.h) */
	char principal[201]; /* of the host certificate; "" for none */
	bool serving;        /* sshd is up */
};

/*
 * Append the record.  Its fields must be such that shf_record_parse() takes
 * them: -EINVAL if not, -ENOMEM.
 */
int shf_record_render(const struct shf_record *record, struct shf_text *text);

/*
 * Read a record of n bytes.  *out is overwritten, and is the caller's to
 * shf_record_free() on success.  -EUCLEAN with a sentence for whatever
 * shf_record_render() does not write (fault of the node), a later version
 * included; -ENOMEM.
 */
int shf_record_parse(const char *bytes, size_t n, struct shf_record *out,
		     struct shf_report *report);

void shf_record_free(struct shf_record *record);

#endif
