/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ssh, sshd and udi-host-key, with -Wl,--wrap for the functions below: OpenSSL's
 * Ed25519 (RFC 8032) and X25519 (RFC 7748) in the place of the reference code that OpenSSH brings
 * for both, which is written to be read and takes some ten times as long.  A login makes about
 * eight of these computations, one after the other.  What OpenSSL will not do, OpenSSH's own code
 * does, or refuses.
 */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { KEY_BYTES = 32,
       SIGNATURE_BYTES = 64 };

int __real_crypto_sign_ed25519(unsigned char *, unsigned long long *, const unsigned char *,
			       unsigned long long, const unsigned char *);
int __wrap_crypto_sign_ed25519(unsigned char *, unsigned long long *, const unsigned char *,
			       unsigned long long, const unsigned char *);
int __wrap_crypto_sign_ed25519_open(unsigned char *, unsigned long long *, const unsigned char *,
				    unsigned long long, const unsigned char *);
int __real_crypto_sign_ed25519_keypair(unsigned char *, unsigned char *);
int __wrap_crypto_sign_ed25519_keypair(unsigned char *, unsigned char *);
int __real_crypto_scalarmult_curve25519(unsigned char *, const unsigned char *,
					const unsigned char *);
int __wrap_crypto_scalarmult_curve25519(unsigned char *, const unsigned char *,
					const unsigned char *);

/* That of X25519 is its product with the base point. */
static bool get_public_key(EVP_PKEY *key, unsigned char *public)
{
	size_t room = KEY_BYTES;

	return key && EVP_PKEY_get_raw_public_key(key, public, &room) == 1 && room == KEY_BYTES;
}

/* The secret key is a random seed and the public key. */
int __wrap_crypto_sign_ed25519_keypair(unsigned char *public, unsigned char *secret)
{
	EVP_PKEY *key = NULL;
	bool is_done = false;

	if (getrandom(secret, KEY_BYTES, 0) == KEY_BYTES) {
		key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, KEY_BYTES);
		is_done = get_public_key(key, public);
	}
	EVP_PKEY_free(key);
	if (!is_done)
		return __real_crypto_sign_ed25519_keypair(public, secret);
	memcpy(secret + KEY_BYTES, public, KEY_BYTES);
	return 0;
}

static bool sign(unsigned char *signature, const unsigned char *data, size_t length,
		 const unsigned char *seed)
{
	size_t room = SIGNATURE_BYTES;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_BYTES);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = key && context &&
		       EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestSign(context, signature, &room, data, length) == 1 &&
		       room == SIGNATURE_BYTES;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return is_done;
}

/* signed_data becomes the signature and the data, as SUPERCOP's interface has it. */
int __wrap_crypto_sign_ed25519(unsigned char *signed_data, unsigned long long *signed_length,
			       const unsigned char *data, unsigned long long length,
			       const unsigned char *secret)
{
	unsigned char signature[SIGNATURE_BYTES];

	if (length > INT_MAX || !sign(signature, data, (size_t)length, secret))
		return __real_crypto_sign_ed25519(signed_data, signed_length, data, length, secret);
	memmove(signed_data + SIGNATURE_BYTES, data, (size_t)length);
	memcpy(signed_data, signature, SIGNATURE_BYTES);
	*signed_length = length + SIGNATURE_BYTES;
	return 0;
}

/* No second opinion here: what OpenSSL does not call good is not. */
int __wrap_crypto_sign_ed25519_open(unsigned char *data, unsigned long long *length,
				    const unsigned char *signed_data,
				    unsigned long long signed_length, const unsigned char *public)
{
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *context = NULL;
	size_t rest;
	bool is_good = false;

	*length = (unsigned long long)-1;
	if (signed_length < SIGNATURE_BYTES || signed_length > INT_MAX)
		return -1;
	rest = (size_t)signed_length - SIGNATURE_BYTES;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, KEY_BYTES);
	context = EVP_MD_CTX_new();
	if (key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1)
		is_good = EVP_DigestVerify(context, signed_data, SIGNATURE_BYTES,
					   signed_data + SIGNATURE_BYTES, rest) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	if (!is_good)
		return -1;
	memmove(data, signed_data + SIGNATURE_BYTES, rest);
	*length = rest;
	return 0;
}

static bool multiply(unsigned char *product, EVP_PKEY *secret, const unsigned char *point)
{
	size_t room = KEY_BYTES;
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, KEY_BYTES);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(secret, NULL);
	bool is_done = peer && context && EVP_PKEY_derive_init(context) == 1 &&
		       EVP_PKEY_derive_set_peer(context, peer) == 1 &&
		       EVP_PKEY_derive(context, product, &room) == 1 && room == KEY_BYTES;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	return is_done;
}

/* A product of zero is an error for OpenSSL, and for OpenSSH when its own code computes it. */
int __wrap_crypto_scalarmult_curve25519(unsigned char *product, const unsigned char *secret,
					const unsigned char *point)
{
	static const unsigned char base[KEY_BYTES] = { 9 };
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, KEY_BYTES);
	bool is_done;

	if (key && memcmp(point, base, KEY_BYTES) == 0)
		is_done = get_public_key(key, product);
	else
		is_done = key && multiply(product, key, point);
	EVP_PKEY_free(key);
	if (is_done)
		return 0;
	return __real_crypto_scalarmult_curve25519(product, secret, point);
}
