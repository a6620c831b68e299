/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

/* A file of whole pages is written faster than one of pieces that begin anywhere. */
static bool drain_pages(struct shf_text *text)
{
	size_t pages = text->length - text->length % PAGE;

	if (!text->drain(text->drain_to, text->data, pages))
		return false;
	text->length -= pages;
	memmove(text->data, text->data + pages, text->length);
	return true;
}

bool shf_text_reserve(struct shf_text *text, size_t more)
{
	size_t need, capacity;
	char *data;

	if (text->failed)
		return false;
	if (more >= SIZE_MAX / 2 - text->length) {
		text->failed = true;
		return false;
	}
	need = text->length + more + 1;
	if (need <= text->capacity)
		return true;
	if (text->drain && need > SHF_TEXT_DRAIN && text->length >= PAGE) {
		if (!drain_pages(text)) {
			text->failed = true;
			return false;
		}
		need = text->length + more + 1;
		if (need <= text->capacity)
			return true;
	}
	capacity = text->capacity ? text->capacity : 256;
	while (capacity < need)
		capacity *= 2;
	data = realloc(text->data, capacity);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

void shf_text_add_mem(struct shf_text *text, const void *bytes, size_t length)
{
	if (!shf_text_reserve(text, length))
		return;
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void shf_text_add(struct shf_text *text, const char *string)
{
	shf_text_add_mem(text, string, strlen(string));
}

void shf_text_addf(struct shf_text *text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0) {
		text->failed = true;
		return;
	}
	if (!shf_text_reserve(text, (size_t)length))
		return;
	va_start(args, format);
	vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
	va_end(args);
	text->length += (size_t)length;
}

void shf_text_free(struct shf_text *text)
{
	free(text->data);
	*text = (struct shf_text){ 0 };
}

size_t shf_utf8_length(const char *string)
{
	const unsigned char *s = (const unsigned char *)string;
	uint32_t value, least;
	size_t length;

	if (s[0] < 0x80)
		return 1;
	if ((s[0] & 0xe0) == 0xc0)
		length = 2, value = s[0] & 0x1f, least = 0x80;
	else if ((s[0] & 0xf0) == 0xe0)
		length = 3, value = s[0] & 0x0f, least = 0x800;
	else if ((s[0] & 0xf8) == 0xf0)
		length = 4, value = s[0] & 0x07, least = 0x10000;
	else
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	/* C1 controls are terminal control characters too */
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff) ||
	    (value >= 0x80 && value <= 0x9f))
		return 0;
	return length;
}

void shf_escape(char *out, size_t size, const char *string)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)string;
	size_t used = 0;

	if (!size)
		return;
	while (*s) {
		size_t length = *s < 0x20 || *s == 0x7f ? 0 : shf_utf8_length((const char *)s);

		if (used + (length ? length : 4) >= size)
			break;
		if (length) {
			memcpy(out + used, s, length);
			used += length;
			s += length;
		} else {
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = hex[*s >> 4];
			out[used++] = hex[*s & 15];
			s++;
		}
	}
	out[used] = '\0';
}
