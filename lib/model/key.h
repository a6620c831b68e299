/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key.h - ssh keys as text: public keys taken apart and put together again
 */
#ifndef SHF_MODEL_KEY_H
#define SHF_MODEL_KEY_H

#include "base/report.h"
#include "base/text.h"

#include <stddef.h>

enum { SHF_KEY_LINE_MAX = 16384 };

/*
 * Append "TYPE BASE64", no newline, of a public key line.  It must be one line
 * (a newline at its end is fine) of at most SHF_KEY_LINE_MAX bytes of printable
 * ASCII, start with its type (ssh-ed25519, ecdsa-sha2-nistp256, -384, -521 or
 * ssh-rsa), and have strict base64 of a key of that very type.  Comments are
 * dropped; a line that starts with options is refused.  -EINVAL, -ENOMEM.
 */
int shf_public_key_normalise(const char *line, struct shf_text *out, struct shf_report *report);

/*
 * Append "ssh-ed25519 BASE64", no newline: the public half that an OpenSSH
 * private key file of n bytes carries.  -EINVAL if it is no such file, has a
 * passphrase, holds several keys or one of another type, or if its private part
 * belongs to another key; -ENOMEM.  No private byte is copied anywhere that
 * outlives the call.
 */
int shf_private_key_public_half(const char *pem, size_t n, struct shf_text *out,
				struct shf_report *report);

#endif
