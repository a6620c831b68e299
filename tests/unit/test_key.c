/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/key.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

/* Nobody's keys: 0, 1, 2... as the public half, and any old bytes as the private one. */
static const char good_key[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
			       "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
			       "Ebm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
			       "QyNTUxOQAAACAAAQIDBAUGBwgJCgsMDQ4PE"
			       "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
			       "BwAAAAtzc2gtZWQyNTUxOQAAACAAAQIDBAU"
			       "GBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n"
			       "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
			       "VVVVVVVVVVVVQABAgMEBQYHCAkKCwwNDg8Q\n"
			       "ERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
			       "-----END OPENSSH PRIVATE KEY-----\n";
static const char locked_key[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				 "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1"
				 "jdHIAAAAEbm9uZQAAAAAAAAABAAAAMwAAAA\n"
				 "tzc2gtZWQyNTUxOQAAACAAAQIDBAUGBwgJC"
				 "gsMDQ4PEBESExQVFhcYGRobHB0eHwAAAIgA\n"
				 "AAAHAAAABwAAAAtzc2gtZWQyNTUxOQAAACA"
				 "AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGR\n"
				 "obHB0eHwAAAEBVVVVVVVVVVVVVVVVVVVVVV"
				 "VVVVVVVVVVVVVVVVVVVVQABAgMEBQYHCAkK\n"
				 "CwwNDg8QERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
				 "-----END OPENSSH PRIVATE KEY-----\n";
static const char two_keys[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
			       "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
			       "Ebm9uZQAAAAAAAAACAAAAMwAAAAtzc2gtZW\n"
			       "QyNTUxOQAAACAAAQIDBAUGBwgJCgsMDQ4PE"
			       "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
			       "BwAAAAtzc2gtZWQyNTUxOQAAACAAAQIDBAU"
			       "GBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n"
			       "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
			       "VVVVVVVVVVVVQABAgMEBQYHCAkKCwwNDg8Q\n"
			       "ERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
			       "-----END OPENSSH PRIVATE KEY-----\n";
static const char other_type[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				 "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
				 "Ebm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtcn\n"
				 "NhMDAwMAAAACAAAQIDBAUGBwgJCgsMDQ4PE"
				 "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
				 "BwAAAAtzc2gtcnNhMDAwMAAAACAAAQIDBAU"
				 "GBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n"
				 "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
				 "VVVVVVVVVVVVQABAgMEBQYHCAkKCwwNDg8Q\n"
				 "ERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
				 "-----END OPENSSH PRIVATE KEY-----\n";
static const char other_half[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				 "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
				 "Ebm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
				 "QyNTUxOQAAACAAAQIDBAUGBwgJCgsMDQ4PE"
				 "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
				 "BwAAAAtzc2gtZWQyNTUxOQAAACABAQEBAQE"
				 "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ\n"
				 "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
				 "VVVVVVVVVVVVQEBAQEBAQEBAQEBAQEBAQEB\n"
				 "AQEBAQEBAQEBAQEBAQEBAAAAAWMBAgME\n"
				 "-----END OPENSSH PRIVATE KEY-----\n";
static const char bad_checks[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				 "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
				 "Ebm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
				 "QyNTUxOQAAACAAAQIDBAUGBwgJCgsMDQ4PE"
				 "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
				 "CAAAAAtzc2gtZWQyNTUxOQAAACAAAQIDBAU"
				 "GBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n"
				 "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
				 "VVVVVVVVVVVVQABAgMEBQYHCAkKCwwNDg8Q\n"
				 "ERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
				 "-----END OPENSSH PRIVATE KEY-----\n";

static struct shf_report report;

static void public_keys(void)
{
	static const char *const lines[] = {
		"ssh-ed25519 " ED25519,
		"ssh-ed25519 " ED25519 "\n",
		"ssh-ed25519 " ED25519 " a comment, 'quoted'\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		cleanup_text struct shf_text out = { 0 };

		CHECK_NUMBER(shf_public_key_normalise(lines[i], &out, &report), 0);
		CHECK_STRING(report.text, "");
		CHECK_STRING(TEXT(out), "ssh-ed25519 " ED25519);
		shf_report_clear(&report);
	}
}

static void bad_public_keys(void)
{
#define START                                                                        \
	"it must start with ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, " \
	"ecdsa-sha2-nistp521 or ssh-rsa"
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "", "it is empty" },
		{ "\n", START },
		{ "ssh-ed25519", START },
		{ ED25519, START },
		{ "ssh-dss " ED25519, START },
		{ "sk-ssh-ed25519@openssh.com " ED25519, START },
		{ "command=\"x\" ssh-ed25519 " ED25519, START },
		{ "@cert-authority * ssh-ed25519 " ED25519, START },
		{ " ssh-ed25519 " ED25519, START },
		{ "ssh-ed25519 " ED25519 "\nssh-ed25519 " ED25519, "it must be one line of "
								   "printable ASCII" },
		{ "ssh-ed25519 " ED25519 "\r\n", "it must be one line of printable ASCII" },
		{ "ssh-ed25519 " ED25519 " \xc3\xbc", "it must be one line of printable ASCII" },
		{ "ssh-ed25519 ", "what follows its type is not base64" },
		{ "ssh-ed25519  " ED25519, "what follows its type is not base64" },
		{ "ssh-ed25519 A", "what follows its type is not base64" },
		{ "ssh-ed25519 AA=A", "what follows its type is not base64" },
		{ "ssh-ed25519 AB==", "what follows its type is not base64" },
		{ "ssh-ed25519 " ED25519 "=", "what follows its type is not base64" },
		{ "ssh-ed25519 AAAA", "its base64 is not a key of the type in front of it" },
		{ "ssh-rsa " ED25519, "its base64 is not a key of the type in front of it" },
		{ "ssh-ed25519 " ED25519 "AAAA", "its base64 is not a key of the type in "
						 "front of it" },
	};
#undef START
	char longer[SHF_KEY_LINE_MAX + 100];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_text struct shf_text out = { 0 };
		cleanup_text struct shf_text want = { 0 };

		shf_text_addf(&want, "cannot use public key: %s", cases[i].why);
		CHECK_REPORT(&report, shf_public_key_normalise(cases[i].line, &out, &report),
			     EINVAL,
			     SHIFTER_FAULT_JOB, want.data);
		CHECK(out.length == 0);
	}
	memset(longer, 'A', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	CHECK_REPORT(&report, shf_public_key_normalise(longer, NULL, &report), EINVAL,
		     SHIFTER_FAULT_JOB, "cannot use public key: it is longer than 16384 bytes");
}

static void private_key(void)
{
	cleanup_text struct shf_text out = { 0 };

	CHECK_NUMBER(shf_private_key_public_half(good_key, sizeof(good_key) - 1, &out,
						 &report),
		     0);
	CHECK_STRING(report.text, "");
	CHECK_STRING(TEXT(out), "ssh-ed25519 " ED25519);
	shf_report_clear(&report);
}

static void bad_private_keys(void)
{
	static const struct {
		const char *pem, *why;
	} cases[] = {
		{ "", "it does not start with '-----BEGIN OPENSSH PRIVATE KEY-----'" },
		{ "-----BEGIN RSA PRIVATE KEY-----\n",
		  "it does not start with '-----BEGIN OPENSSH PRIVATE KEY-----'" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "it is cut off" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nA!AA\n-----END OPENSSH PRIVATE KEY-----",
		  "it is not base64 between its first and last line" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
		  "it is not in OpenSSH's format" },
		{ locked_key, "it has a passphrase, and nobody is there to type it" },
		{ two_keys, "it must hold one key" },
		{ other_type, "it must be an ed25519 key" },
		{ other_half, "its two halves do not belong together" },
		{ bad_checks, "its two halves do not belong together" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_text struct shf_text out = { 0 };
		cleanup_text struct shf_text want = { 0 };

		shf_text_addf(&want, "cannot use private key: %s", cases[i].why);
		CHECK_REPORT(&report,
			     shf_private_key_public_half(cases[i].pem, strlen(cases[i].pem), &out,
							 &report),
			     EINVAL, SHIFTER_FAULT_JOB, want.data);
		CHECK(out.length == 0);
	}
}

static void every_cut_is_refused(void)
{
	for (size_t n = 0; n < sizeof(good_key) - 2; n++) {
		cleanup_text struct shf_text out = { 0 };

		CHECK(shf_private_key_public_half(good_key, n, &out, &report) == -EINVAL);
		CHECK(out.length == 0);
		shf_report_clear(&report);
	}
}

static const struct unit_test tests[] = {
	{ "public keys", public_keys },
	{ "bad public keys", bad_public_keys },
	{ "private key", private_key },
	{ "bad private keys", bad_private_keys },
	{ "every cut is refused", every_cut_is_refused },
	{ 0 },
};

const struct unit_suite unit_key = { "key", tests };
