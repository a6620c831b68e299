/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * locale_name.h - locales that an image has
 *
 * A user's LANG names a locale of the host.  Where the image lacks it, programs
 * fall back to ASCII, and perl and others complain at each start.  Like environ.h,
 * this is also compiled into udiImage.  It reads files of the image: only as the user.
 */
#ifndef SHF_BASE_LOCALE_NAME_H
#define SHF_BASE_LOCALE_NAME_H

#include "base/environ.h"

/*
 * Is there a locale of this name, in the directory or in its locale-archive?  It is
 * looked for as glibc does: with the codeset as it is, and normalised.
 */
bool shf_locale_exists(const char *directory, const char *name);

/*
 * Let LANG and LC_* that name a locale which /usr/lib/locale lacks say C.UTF-8.  Where a
 * variable says that locales are elsewhere (LOCPATH and its like), nothing is done.
 */
void shf_env_settle_locale(struct shf_environ *env);

#endif
