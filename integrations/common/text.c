/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/text.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool shf_wlm_is_printable(const char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			return false;
	return true;
}

void shf_wlm_make_printable(char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			*text = '?';
}
