/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * caller.h - what a command has of the process that called ssh
 *
 * Environment, umask and limits travel from ssh to udi-session as variables
 * SHIFTER_ENV_0, SHIFTER_ENV_1, ... of the ssh protocol: a variable each would be
 * more than sshd takes, and such names as exported functions have do not
 * pass.  Any byte but NUL arrives as it was.  Like environ.h, this is also
 * compiled into udiImage; it makes no system call but mmap(2).
 */
#ifndef SHF_BASE_CALLER_H
#define SHF_BASE_CALLER_H

#include "base/environ.h"

#define SHF_CALLER_PREFIX "SHIFTER_ENV_"

enum {
	SHF_LIMITS = 16,
	/* execve() takes strings of 128 KiB, OpenSSH packets of 256 KiB */
	SHF_CALLER_CHUNK = 96 << 10, /* bytes of a value */
	/* sshd takes 129 variables of a session, and a site may send some of its own */
	SHF_CALLER_CHUNKS_MAX = 120,
};

struct shf_limit {
	bool is_known;
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

struct shf_caller {
	uint32_t umask;
	struct shf_limit limits[SHF_LIMITS]; /* by the index of shf_limit_resource() */
};

/* The RLIMIT_* of an index below SHF_LIMITS: their numbers differ between processors. */
int shf_limit_resource(size_t index);

/* Is it a variable of the protocol?  entry is "NAME=VALUE". */
bool shf_caller_is_chunk(const char *entry);

/*
 * Add to out what udi-session needs to make the caller's circumstances again: the
 * variables entries (ends with NULL; what is no "NAME=VALUE" is left out), umask and
 * limits.  0, -E2BIG if it takes more than SHF_CALLER_CHUNKS_MAX chunks, or -ENOMEM.
 */
int shf_caller_encode(const struct shf_caller *caller, char *const *entries,
		      struct shf_environ *out);

/*
 * The reverse: of the variables entries those of the protocol.  The caller's
 * variables are in *strings, each ended by NUL, length bytes in all; the
 * memory is env's.  Returns
 *	1	that is it
 *	0	there are none of the protocol's
 *	-EPROTO	they are not whole, or not of a version known here
 *	-ENOMEM
 */
int shf_caller_decode(char *const *entries, struct shf_environ *env, struct shf_caller *caller,
		      char **strings, size_t *length);

#endif
