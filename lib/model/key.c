/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/key.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	BLOB_MAX = SHF_KEY_LINE_MAX / 4 * 3 + 3,
	ED25519_PUBLIC = 32,
	ED25519_PRIVATE = 64, /* seed and public part */
	RSA_BYTES_MIN = 256,  /* 2048 bits */
	RSA_BYTES_MAX = 2048,
};

/* What is left to read of a blob. */
struct reader {
	const unsigned char *at;
	size_t left;
};

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63
					: -1;
}

/*
 * Decode n characters, strictly: whole groups of four, padding only at the end,
 * bits that padding leaves over all 0.  Line ends are skipped if lines is set.
 * out has room for n / 4 * 3 bytes.
 */
static bool decode_base64(const char *text, size_t n, bool lines, unsigned char *out, size_t *used)
{
	uint32_t bits = 0;
	unsigned count = 0, padding = 0;

	*used = 0;
	for (size_t i = 0; i < n; i++) {
		int value = base64_value(text[i]);

		if (lines && (text[i] == '\n' || text[i] == '\r'))
			continue;
		if (text[i] == '=') {
			if (count < 2 || ++padding > 2)
				return false;
			value = 0;
		} else if (value < 0 || padding) {
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		if (++count < 4)
			continue;
		if ((padding == 1 && (bits & 0xff)) || (padding == 2 && (bits & 0xffff)))
			return false;
		for (unsigned j = 0; j < 3 - padding; j++)
			out[(*used)++] = (unsigned char)(bits >> (16 - 8 * j));
		bits = count = 0;
	}
	return count == 0;
}

static void encode_base64(const unsigned char *bytes, size_t n, struct shf_text *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16;
		char group[4];

		if (i + 1 < n)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < n)
			bits |= bytes[i + 2];
		for (unsigned j = 0; j < 4; j++)
			group[j] = digits[bits >> (18 - 6 * j) & 63];
		if (i + 1 >= n)
			group[2] = '=';
		if (i + 2 >= n)
			group[3] = '=';
		shf_text_add_mem(out, group, sizeof(group));
	}
}

static bool read_u32(struct reader *r, uint32_t *out)
{
	if (r->left < 4)
		return false;
	*out = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 |
	       r->at[3];
	r->at += 4;
	r->left -= 4;
	return true;
}

static bool read_string(struct reader *r, struct reader *out)
{
	uint32_t length;

	if (!read_u32(r, &length) || length > r->left)
		return false;
	*out = (struct reader){ r->at, length };
	r->at += length;
	r->left -= length;
	return true;
}

static bool is_text(const struct reader *r, const char *text)
{
	return r->left == strlen(text) && memcmp(r->at, text, r->left) == 0;
}

static bool is_ed25519(struct reader r)
{
	struct reader key;

	return read_string(&r, &key) && key.left == ED25519_PUBLIC && r.left == 0;
}

static bool is_ecdsa(struct reader r, const char *curve, size_t point_size)
{
	struct reader name, point;

	return read_string(&r, &name) && is_text(&name, curve) && read_string(&r, &point) &&
	       point.left == point_size && point.at[0] == 4 && r.left == 0;
}

/* A positive number without needless zeros. */
static bool is_number(const struct reader *r)
{
	if (!r->left || r->at[0] & 0x80)
		return false;
	return r->at[0] || (r->left > 1 && r->at[1] & 0x80);
}

static bool is_rsa(struct reader r)
{
	struct reader exponent, modulus;

	if (!read_string(&r, &exponent) || !is_number(&exponent) || !read_string(&r, &modulus) ||
	    !is_number(&modulus) || r.left)
		return false;
	/* a modulus of whole bytes has a zero in front */
	return modulus.left > RSA_BYTES_MIN && modulus.left <= RSA_BYTES_MAX + 1 &&
	       exponent.left <= 8 && exponent.at[exponent.left - 1] & 1;
}

static bool blob_is_type(const unsigned char *blob, size_t n, const char *type)
{
	struct reader r = { blob, n }, inner;

	if (!read_string(&r, &inner) || !is_text(&inner, type))
		return false;
	if (strcmp(type, "ssh-ed25519") == 0)
		return is_ed25519(r);
	if (strcmp(type, "ecdsa-sha2-nistp256") == 0)
		return is_ecdsa(r, "nistp256", 65);
	if (strcmp(type, "ecdsa-sha2-nistp384") == 0)
		return is_ecdsa(r, "nistp384", 97);
	if (strcmp(type, "ecdsa-sha2-nistp521") == 0)
		return is_ecdsa(r, "nistp521", 133);
	return is_rsa(r);
}

static int bad_public(struct shf_report *report, const char *why)
{
	return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL, "cannot use public key: %s", why);
}

int shf_public_key_normalise(const char *line, struct shf_text *out, struct shf_report *report)
{
	static const char *const types[] = {
		"ssh-ed25519",
		"ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp521",
		"ssh-rsa",
	};
	unsigned char blob[BLOB_MAX];
	const char *type = NULL, *base64;
	size_t n, type_length = 0, base64_length, used;

	if (!line || !*line)
		return bad_public(report, "it is empty");
	n = strnlen(line, SHF_KEY_LINE_MAX + 2);
	if (line[n - 1] == '\n')
		n--;
	if (n > SHF_KEY_LINE_MAX)
		return bad_public(report, "it is longer than 16384 bytes");
	for (size_t i = 0; i < n; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			return bad_public(report, "it must be one line of printable ASCII");
	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && !type; i++) {
		type_length = strlen(types[i]);
		if (strncmp(line, types[i], type_length) == 0 && line[type_length] == ' ')
			type = types[i];
	}
	if (!type)
		return bad_public(report, "it must start with ssh-ed25519, ecdsa-sha2-nistp256, "
					  "ecdsa-sha2-nistp384, ecdsa-sha2-nistp521 or ssh-rsa");
	base64 = line + type_length + 1;
	base64_length = strcspn(base64, " \n");
	if (!base64_length || !decode_base64(base64, base64_length, false, blob, &used))
		return bad_public(report, "what follows its type is not base64");
	if (!blob_is_type(blob, used, type))
		return bad_public(report, "its base64 is not a key of the type in front of it");
	shf_text_add(out, type);
	shf_text_add(out, " ");
	shf_text_add_mem(out, base64, base64_length);
	if (out->failed)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM, "cannot keep public key");
	return 0;
}

static int bad_private(struct shf_report *report, const char *why)
{
	return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL, "cannot use private key: %s", why);
}

/* The private section: does it hold the key whose public half is this? */
static bool private_matches(struct reader r, const unsigned char *public_half)
{
	struct reader type, key, pair, comment;
	uint32_t check1, check2;

	if (!read_u32(&r, &check1) || !read_u32(&r, &check2) || check1 != check2 ||
	    !read_string(&r, &type) || !is_text(&type, "ssh-ed25519") || !read_string(&r, &key) ||
	    key.left != ED25519_PUBLIC || !read_string(&r, &pair) ||
	    pair.left != ED25519_PRIVATE || !read_string(&r, &comment))
		return false;
	for (size_t i = 0; i < r.left; i++)
		if (r.at[i] != (unsigned char)(i + 1))
			return false;
	return memcmp(key.at, public_half, ED25519_PUBLIC) == 0 &&
	       memcmp(pair.at + ED25519_PRIVATE - ED25519_PUBLIC, public_half, ED25519_PUBLIC) == 0;
}

static int read_private(struct reader r, struct shf_text *out, struct shf_report *report)
{
	static const char magic[] = "openssh-key-v1";
	struct reader cipher, kdf, kdf_options, public_blob, private_blob, inner, type;
	uint32_t keys;

	if (r.left < sizeof(magic) || memcmp(r.at, magic, sizeof(magic)) != 0)
		return bad_private(report, "it is not in OpenSSH's format");
	r.at += sizeof(magic);
	r.left -= sizeof(magic);
	if (!read_string(&r, &cipher) || !read_string(&r, &kdf) || !read_string(&r, &kdf_options) ||
	    !read_u32(&r, &keys))
		return bad_private(report, "it is cut off");
	if (!is_text(&cipher, "none") || !is_text(&kdf, "none"))
		return bad_private(report, "it has a passphrase, and nobody is there to type it");
	if (keys != 1)
		return bad_private(report, "it must hold one key");
	if (!read_string(&r, &public_blob) || !read_string(&r, &private_blob) || r.left)
		return bad_private(report, "it is cut off or has something behind its end");
	inner = public_blob;
	if (!read_string(&inner, &type) || !is_text(&type, "ssh-ed25519"))
		return bad_private(report, "it must be an ed25519 key");
	if (!is_ed25519(inner) ||
	    !private_matches(private_blob, public_blob.at + public_blob.left - ED25519_PUBLIC))
		return bad_private(report, "its two halves do not belong together");
	shf_text_add(out, "ssh-ed25519 ");
	encode_base64(public_blob.at, public_blob.left, out);
	if (out->failed)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM, "cannot keep public key");
	return 0;
}

int shf_private_key_public_half(const char *pem, size_t n, struct shf_text *out,
				struct shf_report *report)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char end[] = "\n-----END OPENSSH PRIVATE KEY-----";
	unsigned char blob[BLOB_MAX];
	const char *stop;
	size_t used;
	int error;

	if (n > SHF_KEY_LINE_MAX)
		return bad_private(report, "it is longer than 16384 bytes");
	if (n < sizeof(begin) || memcmp(pem, begin, sizeof(begin) - 1) != 0)
		return bad_private(report, "it does not start with '-----BEGIN OPENSSH PRIVATE "
					   "KEY-----'");
	pem += sizeof(begin) - 1;
	n -= sizeof(begin) - 1;
	stop = memmem(pem, n, end, sizeof(end) - 1);
	if (!stop)
		return bad_private(report, "it is cut off");
	if (!decode_base64(pem, (size_t)(stop - pem), true, blob, &used))
		error = bad_private(report, "it is not base64 between its first and last line");
	else
		error = read_private((struct reader){ blob, used }, out, report);
	explicit_bzero(blob, sizeof(blob));
	return error;
}
