/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_stream.h"

#include "import_say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	BLOCK = 256 * 1024,
	FILE_FORMAT = EILSEQ /* libarchive's ARCHIVE_ERRNO_FILE_FORMAT, which is not public */
};

static void format_digest(const unsigned char *bytes, char out[IMPORT_DIGEST_SIZE])
{
	for (int i = 0; i < (IMPORT_DIGEST_SIZE - 1) / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

int import_digest(const void *bytes, size_t length, char digest[IMPORT_DIGEST_SIZE])
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size;

	if (EVP_Digest(bytes, length, value, &size, EVP_sha256(), NULL) != 1)
		return import_fail(IMPORT_NODE, "cannot compute a SHA-256 digest");
	format_digest(value, digest);
	return 0;
}

int import_stream_fail(const struct import_stream *stream, const char *what)
{
	const char *reason = archive_error_string(stream->tar);
	int error = archive_errno(stream->tar);

	if (!reason)
		reason = "no reason is known";
	return import_fail(error == ENOMEM || error == EIO ? IMPORT_NODE : IMPORT_CALLER,
			   "cannot read %s: %s", what, reason);
}

static la_ssize_t read_raw(struct archive *tar, void *data, const void **buffer)
{
	struct import_stream *stream = data;
	la_int64_t offset;
	size_t size = 0;
	int rc = archive_read_data_block(stream->raw, buffer, &size, &offset);

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK || EVP_DigestUpdate(stream->digest, *buffer, size) != 1) {
		archive_set_error(tar, archive_errno(stream->raw), "%s",
				  archive_error_string(stream->raw));
		return -1;
	}
	import_progress(stream->step,
			stream->size ? (uint64_t)archive_filter_bytes(stream->raw, -1) : 0,
			stream->size);
	return (la_ssize_t)size;
}

/* Only what is built in: libarchive would run programs for other compressions. */
static int open_raw(struct import_stream *stream, int fd)
{
	struct archive *raw = stream->raw;
	struct archive_entry *entry;

	if (archive_read_support_filter_gzip(raw) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(raw) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(raw) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	/* missing in some builds of libarchive */
	archive_read_support_filter_zstd(raw);
	archive_read_support_filter_lz4(raw);
	if (archive_read_support_format_raw(raw) != ARCHIVE_OK ||
	    archive_read_support_format_empty(raw) != ARCHIVE_OK ||
	    archive_read_open_fd(raw, fd, BLOCK) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_next_header(raw, &entry);
}

int import_stream_open(struct import_stream *stream, int fd, const char *step, const char *what)
{
	struct stat st;
	int rc;

	*stream = (struct import_stream){
		.tar = archive_read_new(),
		.raw = archive_read_new(),
		.digest = EVP_MD_CTX_new(),
		.step = step,
	};
	if (!stream->tar || !stream->raw || !stream->digest ||
	    EVP_DigestInit_ex(stream->digest, EVP_sha256(), NULL) != 1)
		return import_fail_errno(ENOMEM, "cannot read %s", what);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		stream->size = (uint64_t)st.st_size;
	rc = open_raw(stream, fd);
	if (rc == ARCHIVE_EOF)
		return import_fail(IMPORT_CALLER, "cannot read %s: it is empty", what);
	if (rc == ARCHIVE_OK && archive_read_support_format_tar(stream->tar) == ARCHIVE_OK &&
	    archive_read_open(stream->tar, stream, NULL, read_raw, NULL) == ARCHIVE_OK)
		return 0;
	if (archive_error_string(stream->raw))
		archive_set_error(stream->tar, archive_errno(stream->raw), "%s",
				  archive_error_string(stream->raw));
	else if (archive_errno(stream->tar) == FILE_FORMAT)
		return import_fail(IMPORT_CALLER, "cannot read %s: it is no tar archive", what);
	return import_stream_fail(stream, what);
}

int import_stream_next(struct import_stream *stream, struct archive_entry **entry, const char *what)
{
	int rc;

	do
		rc = archive_read_next_header(stream->tar, entry);
	while (rc == ARCHIVE_RETRY);
	/* a warning is about what is not used here, or the name is missing, which is seen then */
	if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN)
		return 1;
	if (rc == ARCHIVE_EOF)
		return 0;
	if (archive_errno(stream->tar) == FILE_FORMAT &&
	    archive_file_count(stream->tar) == 0)
		import_fail(IMPORT_CALLER, "cannot read %s: it is no tar archive", what);
	else
		import_stream_fail(stream, what);
	return -1;
}

int import_stream_finish(struct import_stream *stream, char digest[IMPORT_DIGEST_SIZE],
			 const char *what)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size;
	const void *buffer;
	la_ssize_t n;

	while ((n = read_raw(stream->tar, stream, &buffer)) > 0)
		;
	if (n < 0)
		return import_stream_fail(stream, what);
	if (EVP_DigestFinal_ex(stream->digest, value, &size) != 1)
		return import_fail(IMPORT_NODE, "cannot compute a SHA-256 digest");
	format_digest(value, digest);
	return 0;
}

void import_stream_close(struct import_stream *stream)
{
	archive_read_free(stream->tar);
	archive_read_free(stream->raw);
	EVP_MD_CTX_free(stream->digest);
	*stream = (struct import_stream){ 0 };
}
