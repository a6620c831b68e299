/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text.h - what users wrote, and how it is shown
 */
#ifndef SHF_WLM_TEXT_H
#define SHF_WLM_TEXT_H

#include <stdbool.h>

/* Has text no control characters, which would end up in messages and records? */
bool shf_wlm_is_printable(const char *text);

/* Turn them into '?': nothing may play with a terminal, or look like a line of its own. */
void shf_wlm_make_printable(char *text);

#endif
