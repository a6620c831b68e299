/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What udiImage puts in the place of OpenSSH's own code, called as OpenSSH calls it: by its name,
 * and linked with --wrap.  Compiled a second time, with STAND_IN, it is what is replaced, which
 * says that it was called.  Prints "good" or "bad", and what, a line each.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int crypto_sign_ed25519(unsigned char *, unsigned long long *, const unsigned char *,
			unsigned long long, const unsigned char *);
int crypto_sign_ed25519_open(unsigned char *, unsigned long long *, const unsigned char *,
			     unsigned long long, const unsigned char *);
int crypto_sign_ed25519_keypair(unsigned char *, unsigned char *);
int crypto_scalarmult_curve25519(unsigned char *, const unsigned char *, const unsigned char *);
void *recallocarray(void *, size_t, size_t, size_t);

enum { STAND_IN_STATUS = 77 };
extern const char *called;

#ifdef STAND_IN
const char *called = "nothing";

static int note(const char *name)
{
	called = name;
	return STAND_IN_STATUS;
}

int crypto_sign_ed25519(unsigned char *signed_data, unsigned long long *signed_length,
			const unsigned char *data, unsigned long long length,
			const unsigned char *secret)
{
	(void)signed_data, (void)signed_length, (void)data, (void)length, (void)secret;
	return note("sign");
}

int crypto_sign_ed25519_keypair(unsigned char *public, unsigned char *secret)
{
	(void)public, (void)secret;
	return note("keypair");
}

int crypto_scalarmult_curve25519(unsigned char *product, const unsigned char *secret,
				 const unsigned char *point)
{
	(void)product, (void)secret, (void)point;
	return note("scalarmult");
}

void *recallocarray(void *old, size_t old_count, size_t count, size_t size)
{
	(void)old_count;
	note("recallocarray");
	return reallocarray(old, count, size);
}
#else

enum { KEY = 32,
       SIGNATURE = 64,
       LARGE = 300001,
       SMALL = 100000,
       EDGE = 16 };

/* RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature */
static const char *const signatures[][4] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e397"
	  "01cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f361"
	  "3d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76"
	  "0984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

/* RFC 7748, section 5.2: scalar, point, product; the last is the first of the iterations. */
static const char *const products[][3] = {
	{ "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	  "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	  "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
	{ "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	  "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	  "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
	{ "0900000000000000000000000000000000000000000000000000000000000000",
	  "0900000000000000000000000000000000000000000000000000000000000000",
	  "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079" },
};

static int failures;

static void check(bool is_good, const char *what)
{
	printf("%s %s\n", is_good ? "good" : "bad", what);
	failures += !is_good;
}

static size_t from_hex(unsigned char *bytes, const char *hex)
{
	size_t length = strlen(hex) / 2;

	for (size_t i = 0; i < length; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
			abort();
	return length;
}

static bool opens(const unsigned char *message, size_t length, const unsigned char *public)
{
	unsigned char data[SIGNATURE + KEY];
	unsigned long long data_length = 0;
	bool is_good = crypto_sign_ed25519_open(data, &data_length, message, length, public) == 0;

	if (is_good && (data_length != length - SIGNATURE ||
			memcmp(data, message + SIGNATURE, (size_t)data_length) != 0))
		return false;
	return is_good;
}

static bool is_refused_when_changed(unsigned char *message, size_t length, unsigned char *public)
{
	unsigned char order[KEY];
	unsigned carry = 0;

	for (size_t i = 0; i < 8 * length; i++) {
		message[i / 8] ^= (unsigned char)(1 << i % 8);
		if (opens(message, length, public))
			return false;
		message[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	for (size_t i = 0; i < 8 * KEY; i++) {
		public[i / 8] ^= (unsigned char)(1 << i % 8);
		if (opens(message, length, public))
			return false;
		public[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	/* S + L is the same number modulo L: RFC 8032, section 5.1.7, has it refused */
	from_hex(order, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	for (size_t i = 0; i < KEY; i++) {
		carry += message[KEY + i] + order[i];
		message[KEY + i] = (unsigned char)carry;
		carry >>= 8;
	}
	return !opens(message, length, public) && !opens(message, SIGNATURE - 1, public) &&
	       !opens(message, 0, public);
}

static void test_signatures(void)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
		unsigned char secret[2 * KEY], data[KEY];
		unsigned char signed_data[SIGNATURE + KEY], wanted[SIGNATURE];
		unsigned long long length;
		size_t data_length = from_hex(data, signatures[i][2]);
		unsigned char *public = secret + KEY;

		from_hex(secret, signatures[i][0]);
		from_hex(public, signatures[i][1]);
		from_hex(wanted, signatures[i][3]);
		check(crypto_sign_ed25519(signed_data, &length, data, data_length, secret) == 0 &&
			      length == SIGNATURE + data_length &&
			      memcmp(signed_data, wanted, SIGNATURE) == 0 &&
			      memcmp(signed_data + SIGNATURE, data, data_length) == 0,
		      "a signature is that of RFC 8032");
		check(opens(signed_data, (size_t)length, public), "and is good");
		check(is_refused_when_changed(signed_data, (size_t)length, public),
		      "and with any bit changed it, what it signs, or the key is refused");
	}
}

static void test_key_pair(void)
{
	static const unsigned char data[] = { 'x' };
	unsigned char public[KEY], secret[2 * KEY], other[KEY], other_secret[2 * KEY];
	unsigned char signed_data[SIGNATURE + 1];
	unsigned long long length;

	check(crypto_sign_ed25519_keypair(public, secret) == 0 &&
		      memcmp(public, secret + KEY, KEY) == 0,
	      "a key pair has its public key in both places");
	check(crypto_sign_ed25519_keypair(other, other_secret) == 0 &&
		      memcmp(secret, other_secret, KEY) != 0,
	      "and each has a secret of its own");
	check(crypto_sign_ed25519(signed_data, &length, data, sizeof(data), secret) == 0 &&
		      opens(signed_data, (size_t)length, public) &&
		      !opens(signed_data, (size_t)length, other),
	      "and what one signs is good for it alone");
}

static void test_products(void)
{
	unsigned char zero[KEY] = { 0 };

	for (size_t i = 0; i < sizeof(products) / sizeof(*products); i++) {
		unsigned char scalar[KEY], point[KEY], wanted[KEY], product[KEY];

		from_hex(scalar, products[i][0]);
		from_hex(point, products[i][1]);
		from_hex(wanted, products[i][2]);
		check(crypto_scalarmult_curve25519(product, scalar, point) == 0 &&
			      memcmp(product, wanted, KEY) == 0,
		      "a product is that of RFC 7748");
	}
	check(strcmp(called, "nothing") == 0, "nothing of it was computed by OpenSSH's own code");
	check(crypto_scalarmult_curve25519(zero, zero, zero) == STAND_IN_STATUS &&
		      strcmp(called, "scalarmult") == 0,
	      "a point of which nothing comes but zero is for OpenSSH's own code");
}

static bool is_filled(const unsigned char *start, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (start[i] != value)
			return false;
	return true;
}

static bool wipes(size_t size, size_t offset)
{
	unsigned char *memory = malloc(size + offset + EDGE);
	bool is_good;

	if (!memory)
		return false;
	memset(memory, 'x', size + offset + EDGE);
	explicit_bzero(memory + offset, size);
	is_good = is_filled(memory, offset, 'x') && is_filled(memory + offset, size, 0) &&
		  is_filled(memory + offset + size, EDGE, 'x');
	free(memory);
	return is_good;
}

static bool grows(size_t from, size_t to)
{
	unsigned char *memory = calloc(from, 1);
	bool is_good;

	if (!memory)
		return false;
	memset(memory, 'x', from);
	memory = recallocarray(memory, from, to, 1);
	if (!memory)
		return false;
	is_good = is_filled(memory, from, 'x') && is_filled(memory + from, to - from, 0);
	memset(memory, 'y', to); /* for whoever has it next */
	free(memory);
	return is_good;
}

static void test_memory(void)
{
	bool is_good = true;
	void *memory;

	for (size_t offset = 0; offset <= EDGE; offset++)
		is_good = is_good && wipes(LARGE, offset) && wipes(SMALL, offset) &&
			  wipes(1, offset);
	check(is_good, "what is wiped is zero, and nothing else is");
	called = "nothing";
	for (int i = 0; i < EDGE; i++)
		is_good = is_good && grows(256, LARGE) && grows(SMALL, LARGE) &&
			  grows(LARGE, 2 * LARGE);
	check(is_good, "memory that grows keeps what it has, and is zero beyond");
	check(strcmp(called, "nothing") == 0, "without OpenSSH's own code");
	memory = recallocarray(malloc(LARGE), LARGE, SMALL, 1);
	check(memory && strcmp(called, "recallocarray") == 0, "which makes it smaller");
	called = "nothing";
	memory = recallocarray(memory, SMALL, SIZE_MAX / 2, 3);
	check(!memory && strcmp(called, "recallocarray") == 0, "and refuses what is too much");
}

int main(void)
{
	test_signatures();
	test_key_pair();
	test_products();
	test_memory();
	return failures != 0;
}
#endif
