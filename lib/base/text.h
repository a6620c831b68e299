/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text.h - a growing piece of text, and text made safe to show
 */
#ifndef SHF_BASE_TEXT_H
#define SHF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Starts zeroed.  Once memory runs out, failed is set and stays set, and
 * further additions do nothing: check it once, at the end.  data is NULL
 * until something was added, then always ends in NUL (not counted in length).
 */
struct shf_text {
	char *data;
	size_t length;   /* bytes */
	size_t capacity; /* bytes */
	bool failed;
	/*
	 * Takes what would be more than SHF_TEXT_DRAIN bytes away, in whole pages, so that data
	 * only has the end of a long text.  Returns false if it cannot, and the text has failed.
	 */
	bool (*drain)(void *to, const char *bytes, size_t length);
	void *drain_to;
};

enum { SHF_TEXT_DRAIN = 131072 };

void shf_text_add(struct shf_text *text, const char *string);
void shf_text_add_mem(struct shf_text *text, const void *bytes, size_t length);
void shf_text_addf(struct shf_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void shf_text_free(struct shf_text *text);

#define cleanup_text __attribute__((cleanup(shf_text_free)))

/* Private: see to it that so many bytes and NUL can be added; false once the text has failed. */
bool shf_text_reserve(struct shf_text *text, size_t length);

/*
 * For texts of many small parts: where the next bytes go, at most length of them, or NULL once the
 * text has failed; and the end of those that were written there, which must be called next.
 */
static inline char *shf_text_begin(struct shf_text *text, size_t length)
{
	if (text->capacity - text->length <= length && !shf_text_reserve(text, length))
		return NULL;
	return text->failed ? NULL : text->data + text->length;
}

static inline void shf_text_end(struct shf_text *text, const char *end)
{
	text->length = (size_t)(end - text->data);
	text->data[text->length] = '\0';
}

/*
 * Bytes of the character that string starts with, or 0 if they are no well-formed UTF-8
 * (RFC 3629) or a control character of C1.  At the end of string it is 1.
 */
size_t shf_utf8_length(const char *string);

/*
 * Copy string to out (size bytes, NUL included, cut if need be) with control
 * characters, DEL and malformed UTF-8 as \xNN.
 */
void shf_escape(char *out, size_t size, const char *string);

#endif
