/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sshconf.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct shf_report report;

static const struct shf_ssh_facts facts = {
	.user = "alice",
	.port = 1204,
	.principal = "12.cluster",
	.user_key = "ssh-ed25519 AAAA",
};

/* Where a whole line comes first, or SIZE_MAX. */
static size_t find_line(const struct shf_text *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = TEXT(*text); *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, line, n) == 0 && at[n] == '\n')
			return (size_t)(at - text->data);
	return SIZE_MAX;
}

static void server_lines_come_first(void)
{
	static const char *const lines[] = {
		"Port 1204",
		"AllowUsers alice",
		"HostKey /run/shifter/keys/ssh_host_ed25519_key",
		"HostCertificate /run/shifter/keys/ssh_host_ed25519_key-cert.pub",
		"PermitUserEnvironment no",
		"StrictModes yes",
		"PermitRootLogin no",
		"AuthenticationMethods publickey",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"HostbasedAuthentication no",
		"AuthorizedKeysFile /run/shifter/authorized_keys",
		"AuthorizedKeysCommand none",
		"AuthorizedPrincipalsFile none",
		"TrustedUserCAKeys none",
		"PermitUserRC no",
		"ForceCommand /opt/udiImage/libexec/udi-session",
		"Include /run/shifter/sshd_match",
	};
	static const char site[] = "PermitRootLogin yes\nMatch all\nForceCommand none\n";
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text match = { 0 };
	size_t template;

	CHECK_NUMBER(shf_render_sshd_config(&facts, site, &text, &report), 0);
	template = find_line(&text, "PermitRootLogin yes");
	CHECK(template != SIZE_MAX);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		CHECK_CASE(find_line(&text, lines[i]) < template, lines[i]);
	shf_render_sshd_match(&facts, &match);
	CHECK(strncmp(TEXT(match), "Match all\nAllowUsers alice\n", 27) == 0);
	for (size_t i = 6; i + 1 < sizeof(lines) / sizeof(*lines); i++)
		CHECK_CASE(find_line(&match, lines[i]) != SIZE_MAX, lines[i]);
}

static void template_cannot_lift(void)
{
	static const char *const lines[] = {
		"AllowUsers root",
		"allowusers root",
		" \tAllowUsers root",
		"AllowUsers=root",
		"\"AllowUsers\" root",
		"Allow\"Users\" root",
		"HostKey /x",
		"HostCertificate /x",
		"Include /x",
		"Port 22",
		"ListenAddress ::",
		"UsePAM yes",
		"Subsystem sftp /x",
		"HostKeyAgent /x",
		"AllowUsers\troot\r",
	};
	static const char *const kept[] = { "LoginGraceTime 5", "# AllowUsers root", "PortX 1",
					    "AllowTcpForwarding no" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		cleanup_text struct shf_text text = { 0 };
		cleanup_text struct shf_text site = { 0 };

		shf_text_addf(&site, "Match all\n%s", lines[i]);
		CHECK_NUMBER(shf_render_sshd_config(&facts, site.data, &text, &report), 0);
		CHECK_CASE(find_line(&text, lines[i]) == SIZE_MAX, lines[i]);
		CHECK_CASE(strstr(TEXT(text), "# not the site's to set: ") != NULL, lines[i]);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		cleanup_text struct shf_text text = { 0 };

		CHECK_NUMBER(shf_render_sshd_config(&facts, kept[i], &text, &report), 0);
		CHECK_CASE(find_line(&text, kept[i]) != SIZE_MAX, kept[i]);
	}
}

static void bad_templates(void)
{
	cleanup_text struct shf_text text = { 0 };

	CHECK_REPORT(&report, shf_render_sshd_config(&facts, "a\x01", &text, &report), EINVAL,
		     SHIFTER_FAULT_SITE,
		     "cannot use the site's 'sshd_config': line 1 has a control character");
	CHECK_REPORT(&report, shf_render_ssh_config(&facts, NULL, "\x7f", &text, &report), EINVAL,
		     SHIFTER_FAULT_SITE,
		     "cannot use the site's 'ssh_config': line 1 has a control character");
	CHECK(text.length == 0);
}

static void client_lines(void)
{
	static const char *const lines[] = {
		"Port 1204",
		"User alice",
		"HostKeyAlias 12.cluster",
		"IdentityFile /run/shifter/id_ed25519",
		"IdentityAgent none",
		"GlobalKnownHostsFile /run/shifter/ssh_known_hosts",
		"UserKnownHostsFile none",
		"StrictHostKeyChecking yes",
		"ProxyCommand none",
	};
	struct shifter_hosts hosts = { .report = &report };
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text alone = { 0 };
	size_t start, site, rest;

	CHECK_NUMBER(shf_hosts_add(&hosts, "n1.site.org", "10.0.0.1", 1), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "n2", NULL, 1), 0);
	CHECK_NUMBER(shf_render_ssh_config(&facts, &hosts, "LogLevel DEBUG", &text, &report), 0);
	start = find_line(&text, "Match originalhost n1.site.org,10.0.0.1,n2,n1");
	site = find_line(&text, "LogLevel DEBUG");
	rest = find_line(&text, "Match !originalhost n1.site.org,10.0.0.1,n2,n1");
	CHECK(start < site && site < rest && rest != SIZE_MAX);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		size_t at = find_line(&text, lines[i]);

		CHECK_CASE(at > start && at < site, lines[i]);
	}
	CHECK(find_line(&text, "Include ~/.ssh/config") > rest);
	CHECK_NUMBER(shf_render_ssh_config(&facts, NULL, NULL, &alone, &report), 0);
	CHECK(strstr(TEXT(alone), "Match") == NULL);
	CHECK(find_line(&alone, "Include ~/.ssh/config") != SIZE_MAX);
	shf_hosts_free(&hosts);
}

/* No file of others', and no block: every line holds for the host that it is read for. */
static void job_client_lines(void)
{
	cleanup_text struct shf_text text = { 0 };

	CHECK_NUMBER(shf_render_job_ssh_config(&facts, "LogLevel DEBUG", &text, &report), 0);
	CHECK(find_line(&text, "Port 1204") < find_line(&text, "LogLevel DEBUG"));
	CHECK(find_line(&text, "StrictHostKeyChecking yes") != SIZE_MAX);
	CHECK(strstr(TEXT(text), "Match") == NULL && strstr(TEXT(text), "Include") == NULL);
	CHECK(find_line(&text, "LogLevel DEBUG") != SIZE_MAX);
	CHECK_REPORT(&report, shf_render_job_ssh_config(&facts, "\x7f", &text, &report), EINVAL,
		     SHIFTER_FAULT_SITE,
		     "cannot use the site's 'ssh_config': line 1 has a control character");
}

static void multiplexing(void)
{
	struct shf_ssh_facts shared = facts;
	cleanup_text struct shf_text without = { 0 };
	cleanup_text struct shf_text with = { 0 };

	shared.uid = 4294967294u;
	CHECK_NUMBER(shf_render_job_ssh_config(&shared, "ControlMaster no", &without, &report), 0);
	CHECK(strstr(TEXT(without), "ControlPath") == NULL);
	shared.multiplex = true;
	CHECK_NUMBER(shf_render_job_ssh_config(&shared, "ControlMaster no", &with, &report), 0);
	CHECK(find_line(&with, "ControlMaster auto") < find_line(&with, "ControlMaster no"));
	CHECK(find_line(&with, "ControlPath /run/user/4294967294/ssh-%C") != SIZE_MAX);
}

/* The fast one comes first, unless the site says which ones there are. */
static void key_exchange(void)
{
	static const char *const sites[] = { "KexAlgorithms sntrup761x25519-sha512@openssh.com",
					     "Port 1\n\tkexalgorithms=x\nHost other\nUser x\n" };
	static const char comment[] = "# KexAlgorithms x\nHost b\n";
	cleanup_text struct shf_text without = { 0 };
	cleanup_text struct shf_text other = { 0 };

	CHECK_NUMBER(shf_render_job_ssh_config(&facts, NULL, &without, &report), 0);
	CHECK(find_line(&without, "KexAlgorithms ^curve25519-sha256") != SIZE_MAX);
	CHECK_NUMBER(shf_render_job_ssh_config(&facts, comment, &other, &report), 0);
	CHECK(find_line(&other, "KexAlgorithms ^curve25519-sha256") < find_line(&other, "Host b"));
	for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++) {
		cleanup_text struct shf_text text = { 0 };

		CHECK_NUMBER(shf_render_job_ssh_config(&facts, sites[i], &text, &report), 0);
		CHECK_CASE(strstr(TEXT(text), "^curve25519") == NULL, sites[i]);
	}
}

static void small_files(void)
{
	cleanup_text struct shf_text known = { 0 };
	cleanup_text struct shf_text keys = { 0 };

	shf_render_known_hosts(&facts, &known);
	CHECK_STRING(TEXT(known), "@cert-authority 12.cluster ssh-ed25519 AAAA\n");
	shf_render_authorized_keys(&facts, &keys);
	CHECK_STRING(TEXT(keys), "ssh-ed25519 AAAA\n");
}

static void principals(void)
{
	static const char *const bad[] = { "", "*", "a b", "-a", ".a", "_a", "a,b", "a\n", "a*" };

	CHECK_NUMBER(shf_principal_check("12.node_1-x", &report), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_CASE(shf_principal_check(bad[i], &report) == -EINVAL, bad[i]);
		CHECK_CASE(report.fault == SHIFTER_FAULT_CALLER, bad[i]);
		shf_report_clear(&report);
	}
}

/* AcceptEnv of an active Match block takes the place of those outside of blocks. */
static void environment_is_accepted_everywhere(void)
{
	static const char site[] = "AcceptEnv LANG\nMatch all\nacceptenv=X\r\nPort 1\n";
	cleanup_text struct shf_text text = { 0 };
	const char *at;
	unsigned n = 0;

	CHECK_NUMBER(shf_render_sshd_config(&facts, site, &text, &report), 0);
	for (at = TEXT(text); (at = strstr(at, "\nAcceptEnv SHIFTER_ENV_*\n")); at++)
		n++;
	CHECK_NUMBER(n, 3);
	CHECK(strstr(TEXT(text), "acceptenv=X\r\nAcceptEnv SHIFTER_ENV_*\n") != NULL);
}

static const struct unit_test tests[] = {
	{ "environment is accepted everywhere", environment_is_accepted_everywhere },
	{ "server lines come first", server_lines_come_first },
	{ "template cannot lift", template_cannot_lift },
	{ "bad templates", bad_templates },
	{ "client lines", client_lines },
	{ "client lines for the job alone", job_client_lines },
	{ "multiplexing", multiplexing },
	{ "key exchange", key_exchange },
	{ "small files", small_files },
	{ "principals", principals },
	{ 0 },
};

const struct unit_suite unit_sshconf = { "sshconf", tests };
