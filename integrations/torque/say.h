/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * say.h - the system log
 */
#ifndef SHF_TORQUE_SAY_H
#define SHF_TORQUE_SAY_H

#include <shifter/shifter.h>
#include <stdbool.h>

enum { SHF_TORQUE_WHY_SIZE = 2048 };

/* Name the program and the job in what is logged from now on. */
void shf_torque_open_log(const char *key);

/* Log an error, or something else worth to know. */
void shf_torque_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void shf_torque_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A library context that talks through the log, with the site's configuration where
 * needs_config is set; if there is no such file, the built-in values apply.  Returns 0 and
 * a context to shifter_free(), or a negative errno value with the reason in why.
 */
int shf_torque_context(bool needs_config, struct shifter_ctx **out,
		       char why[SHF_TORQUE_WHY_SIZE]);

#endif
