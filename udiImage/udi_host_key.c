/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi-host-key PRINCIPAL AUTHORITY KEY - a new host key, certified for one job
 *
 * Writes an ed25519 key to KEY, and to KEY-cert.pub a certificate of it by the private key in
 * the file AUTHORITY, for the host name PRINCIPAL.  As ssh-keygen does it with -t, and then
 * with -s, -h and -n; but each start of such a program is a good part of the time that the
 * sshd of a container needs until it serves.
 *
 * Runs as the user, in the container.  Compiled and linked with OpenSSH's own code.
 */
#include "includes.h"

#include <sys/stat.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "entropy.h"
#include "log.h"
#include "misc.h"
#include "ssh2.h"
#include "ssherr.h"
#include "sshkey.h"

#include "authfile.h"

enum { CLOCKS_DIFFER_S = 600,
       VALID_S = 366 * 24 * 3600 };

static int fail(const char *what, const char *path, int error)
{
	fprintf(stderr, "cannot %s '%s': %s\n", what, path, ssh_err(error));
	return 1;
}

/* Make key a certificate for principal that authority has yet to sign. */
static int describe(struct sshkey *key, const char *principal, struct sshkey *authority)
{
	time_t now = time(NULL);
	int rc = sshkey_to_certified(key);

	if (rc != 0)
		return rc;
	key->cert->type = SSH2_CERT_TYPE_HOST;
	key->cert->key_id = strdup(principal);
	key->cert->principals = calloc(1, sizeof(*key->cert->principals));
	if (!key->cert->key_id || !key->cert->principals)
		return SSH_ERR_ALLOC_FAIL;
	key->cert->nprincipals = 1;
	key->cert->principals[0] = strdup(principal);
	if (!key->cert->principals[0])
		return SSH_ERR_ALLOC_FAIL;
	/* jobs end */
	key->cert->valid_after = now > CLOCKS_DIFFER_S ? (uint64_t)now - CLOCKS_DIFFER_S : 0;
	key->cert->valid_before = (uint64_t)now + VALID_S;
	return sshkey_from_private(authority, &key->cert->signature_key);
}

int main(int argc, char **argv)
{
	const char *principal, *authority_path, *path;
	struct sshkey *authority = NULL, *key = NULL;
	char certificate[4096];
	int rc;

	if (argc != 4) {
		fputs("usage: udi-host-key PRINCIPAL AUTHORITY KEY\n", stderr);
		return 2;
	}
	principal = argv[1];
	authority_path = argv[2];
	path = argv[3];
	sanitise_stdfd();
	umask(077);
	seed_rng();
	log_init("udi-host-key", SYSLOG_LEVEL_FATAL, SYSLOG_FACILITY_USER, 1);
	if (snprintf(certificate, sizeof(certificate), "%s-cert.pub", path) >=
	    (int)sizeof(certificate))
		return fail("use", path, SSH_ERR_INVALID_ARGUMENT);
	rc = sshkey_load_private(authority_path, "", &authority, NULL);
	if (rc != 0)
		return fail("read", authority_path, rc);
	rc = sshkey_generate(KEY_ED25519, 0, &key);
	if (rc == 0)
		rc = sshkey_save_private(key, path, "", principal, SSHKEY_PRIVATE_OPENSSH, NULL, 0);
	if (rc != 0)
		return fail("write a host key to", path, rc);
	rc = describe(key, principal, authority);
	if (rc == 0)
		rc = sshkey_certify(key, authority, NULL, NULL, NULL);
	if (rc != 0)
		return fail("certify the host key with", authority_path, rc);
	rc = sshkey_save_public(key, certificate, principal);
	if (rc != 0)
		return fail("write", certificate, rc);
	sshkey_free(key);
	sshkey_free(authority);
	return 0;
}
