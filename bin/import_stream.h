/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import_stream.h - a tar archive, compressed or not, and the digest of it
 *
 * The digest is of the archive without its compression, which is how images
 * name their layers.
 */
#ifndef IMPORT_STREAM_H
#define IMPORT_STREAM_H

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <stdint.h>

enum { IMPORT_DIGEST_SIZE = 65 }; /* of SHA-256 in hexadecimal, with its NUL */

struct import_stream {
	struct archive *tar; /* for archive_read_next_header() and its kin */
	const char *step;    /* for import_progress() */
	uint64_t size;       /* bytes in the file, 0 if not known */

	struct archive *raw;
	EVP_MD_CTX *digest;
};

/*
 * Start to read from descriptor fd, which stays the caller's.  what names it in
 * messages.  A status.
 */
int import_stream_open(struct import_stream *stream, int fd, const char *step, const char *what);

/* The next entry: 1, 0 at the end, or -1 having said what is wrong. */
int import_stream_next(struct import_stream *stream, struct archive_entry **entry,
		       const char *what);

/* Read to the end, for the digest.  A status. */
int import_stream_finish(struct import_stream *stream, char digest[IMPORT_DIGEST_SIZE],
			 const char *what);

void import_stream_close(struct import_stream *stream);

/* Say what went wrong with reading; a status. */
int import_stream_fail(const struct import_stream *stream, const char *what);

/* The SHA-256 of bytes; a status. */
int import_digest(const void *bytes, size_t length, char digest[IMPORT_DIGEST_SIZE]);

#endif
