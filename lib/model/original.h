/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * original.h - the udiRoot.conf of the original Shifter, and what became of its keys
 *
 * Facts are from its src/UdiRootConfig.c, src/VolumeMap.c, src/utility.c,
 * udiRoot.conf.example.in and doc/.  Its file is lines of KEY=VALUE without quotes; a
 * line that starts with '#' is a comment, one that ends in '\' goes on in the next;
 * parts of a value are separated by blanks, those of siteFs by ';'.
 */
#ifndef SHF_MODEL_ORIGINAL_H
#define SHF_MODEL_ORIGINAL_H

#include "base/report.h"
#include "base/text.h"

#include <stddef.h>

enum shf_original_fate {
	SHF_ORIGINAL_SAME,     /* taken over, though maybe written in another way */
	SHF_ORIGINAL_RENAMED,  /* taken over under another name */
	SHF_ORIGINAL_OBSOLETE, /* left out, with a warning */
	SHF_ORIGINAL_REFUSED,  /* an error: leaving it out would change what a site relies on */
};

struct shf_original_key {
	const char *name; /* may have one '*' in it, for the name of a module */
	enum shf_original_fate fate;
	const char *key; /* ours, or NULL */
	const char *doc; /* why, and what to use; a sentence without its end, for SAME a remark */
};

/* Every key of its example file, its documentation and its parser; the last has no name. */
extern const struct shf_original_key shf_original_keys[];

/* The entry that name matches, or NULL. */
const struct shf_original_key *shf_original_find_key(const char *name);

/* "same", "renamed", "obsolete" or "refused". */
const char *shf_original_fate_name(enum shf_original_fate fate);

/* A line that assigns, continuations joined. */
struct shf_original_line {
	unsigned number; /* of its first line */
	char *key;       /* without blanks around it; in the buffer that is read */
	char *value;     /* likewise */
};

struct shf_original_reader {
	char *at;        /* what is left; is written to */
	unsigned number; /* of the last line that was read */
};

/*
 * The next assignment.  1; 0 at the end; -EINVAL for a line without '=' that is not
 * blank, and -EMSGSIZE for one that goes on at the end of the file: both of them are
 * ignored by the original.  out->number is set in any case.
 */
int shf_original_next(struct shf_original_reader *reader, struct shf_original_line *out);

/*
 * Translate.  conf gets a configuration of ours; messages a line "FILE:LINE: note|
 * warning|error: ..." for each key that is not the same, and for each value that is
 * wrong.  Returns the number of errors, or -ENOMEM.
 */
int shf_original_convert(const char *file, const char *text, struct shf_text *conf,
			 struct shf_text *messages);

#endif
