/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static int set(struct shf_config *cfg, const char *key, const char *value)
{
	return shf_config_set(cfg, key, &value, 1, "f:1", &report);
}

static void defaults(void)
{
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_STRING(cfg.image_path, "/var/lib/shifter/images");
	CHECK_NUMBER(cfg.sshd_port, 1204);
	CHECK(cfg.site_fs.count == 3 && cfg.site_fs.list[0].optional);
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++) {
		cleanup_text struct shf_text text = { 0 };

		CHECK_CASE(shf_config_format(&cfg, key->name, &text) == 0, key->name);
		CHECK_CASE(key->doc && *key->doc, key->name);
		CHECK_CASE(!key->alias_of || shf_config_find_key(key->alias_of), key->name);
		CHECK_CASE(!shf_config_origin(&cfg, key->name), key->name);
		if (!shf_config_is_list(key) && text.length) {
			text.data[text.length - 1] = '\0';
			CHECK_STRING(text.data, key->default_text);
		}
	}
	CHECK(shf_config_find_key("sshdport") == NULL);
	shf_config_free(&cfg);
}

static void bad_values(void)
{
	static const struct {
		const char *key, *value, *text;
	} cases[] = {
		{ "x", "1", "f:1: there is no key 'x'" },
		{ "sshdPort", "0", "f:1: sshdPort must be a decimal number from 1 to 65535, "
				   "without leading zeros, not '0'" },
		{ "sshdPort", "01204",
		  "f:1: sshdPort must be a decimal number from 1 to 65535, without leading "
		  "zeros, not '01204'" },
		{ "imagePath", "a/b",
		  "f:1: imagePath must be an absolute path without '..' and control "
		  "characters, not 'a/b'" },
		{ "imageLookup", "lookup",
		  "f:1: imageLookup must be an absolute path without '..' and control "
		  "characters, not 'lookup'" },
		{ "allowLocalImages", "maybe", "f:1: allowLocalImages must be true or false, "
					       "not 'maybe'" },
		{ "clusterName", "a_b",
		  "f:1: clusterName must be a name of 1 to 64 letters, digits, '.' and '-', "
		  "not 'a_b'" },
		{ "sshdListen", "10.0.0.0/33",
		  "f:1: sshdListen must be a list of addresses and networks, as 10.1.0.0/16, "
		  "not '10.0.0.0/33'" },
		{ "siteEnvAppend", "A",
		  "f:1: siteEnvAppend must be a list of NAME=VALUE, not 'A'" },
		{ "siteEnvPrepend", "A B=1",
		  "f:1: siteEnvPrepend must be a list of NAME=VALUE, not 'A B=1'" },
		{ "siteEnvUnset", "A;B=1",
		  "f:1: siteEnvUnset must be a list of names of variables, not 'B=1'" },
		{ "siteEnvUnset", "A B 1C",
		  "f:1: siteEnvUnset must be a list of names of variables, not '1C'" },
		{ "siteEnv", "1A=b", "f:1: siteEnv must be a list of NAME=VALUE, not '1A=b'" },
		{ "trustedImageOwners", "root",
		  "f:1: trustedImageOwners must be a list of numeric user ids, not 'root'" },
		{ "usersToImport", "munge a:b",
		  "f:1: usersToImport must be a list of user names, not 'a:b'" },
		{ "siteFs", "/a:/etc", "f:1: siteFs cannot mount at '/etc': '/etc' is reserved" },
		{ "siteFs", "/a:/b;/c:/b", "f:1: siteFs mounts at '/b' twice" },
		{ "siteFs", "/a:/b/c;/c:/b",
		  "f:1: siteFs mounts at '/b' after, and so over, '/b/c': put it first" },
	};
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_REPORT(&report, set(&cfg, cases[i].key, cases[i].value), EINVAL,
			     SHIFTER_FAULT_SITE, cases[i].text);
	CHECK(cfg.sshd_port == 1204 && cfg.site_fs.count == 3 && cfg.n_sshd_listen == 0);
	CHECK_NUMBER(set(&cfg, "siteFs", "/a:/b:ro; /c:/b/d ;"), 0);
	CHECK(cfg.site_fs.count == 2 && !cfg.site_fs.list[0].optional);
	CHECK_NUMBER(set(&cfg, "mpiLauncherSsh", "OFF"), 0);
	CHECK(!cfg.mpi_ssh);
	shf_config_free(&cfg);
}

static void records(void)
{
	static const char good[] = "sshdPort\0f:1\0001\00022\0optUdiImage\0f:2\0001\0/x//y";
	static const char twice[] = "udiImagePath\0f:1\0001\0/a\0optUdiImage\0f:2\0001\0/x";
	struct shf_config cfg;

	CHECK_NUMBER(shf_config_init(&cfg), 0);
	CHECK_NUMBER(shf_config_parse_records(&cfg, good, sizeof(good), &report), 0);
	CHECK_NUMBER(cfg.sshd_port, 22);
	CHECK_STRING(cfg.udiimage_path, "/x/y");
	CHECK_STRING(shf_config_origin(&cfg, "udiImagePath"), "f:2");
	CHECK_STRING(shf_config_origin(&cfg, "optUdiImage"), "f:2");
	CHECK(!shf_config_origin(&cfg, "imagePath") && !shf_config_origin(&cfg, "x"));
	CHECK_REPORT(&report, shf_config_parse_records(&cfg, twice, sizeof(twice), &report),
		     EINVAL,
		     SHIFTER_FAULT_SITE, "f:2: udiImagePath is set twice");
	/* without its last NUL */
	CHECK_REPORT(&report, shf_config_parse_records(&cfg, good, sizeof(good) - 1, &report),
		     EINVAL,
		     SHIFTER_FAULT_NODE,
		     "cannot read the configuration: what shifter-readconf printed is "
		     "malformed, is "
		     "it of this version?");
	shf_config_free(&cfg);
}

static const struct unit_test tests[] = {
	{ "defaults", defaults },
	{ "bad values", bad_values },
	{ "records", records },
	{ 0 },
};

const struct unit_suite unit_config = { "config", tests };
