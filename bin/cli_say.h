/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_say.h - messages for people
 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

/*
 * Write one line, "PROGRAM: message", to standard error in one piece.  Control
 * characters appear as \xNN: arguments may come from anywhere.
 */
void shf_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Make sure that descriptors 0, 1 and 2 are open, if need be on /dev/null, so
 * that nothing opened later takes their place.  Returns 0 or -errno.
 */
int shf_open_standard(void);

#endif
