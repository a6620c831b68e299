/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sshconf.h"

#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LIVE(file) SHF_LIVE_DIR "/" file
#define UDI_DIR "/opt/udiImage"
#define ACCEPT_ENV "AcceptEnv SHIFTER_ENV_*\n"

enum { PRINCIPAL_MAX = 200,
       TEMPLATE_MAX = 1 << 20 };

/* Keywords that this ssh was built without are for another one. */
static const char ignore_unknown[] = "IgnoreUnknown *\n";

/* Tuning for a site without a template. */
static const char client_defaults[] = "LogLevel ERROR\n";
static const char server_defaults[] = "LoginGraceTime 20\n"
				      "UseDNS no\n"
				      "PrintMotd no\n"
				      "X11Forwarding no\n"
				      "AllowAgentForwarding no\n"
				      "AllowTcpForwarding no\n"
				      "PermitTunnel no\n";

/* The keywords that Match blocks may hold, and so could lift. */
static const char server_guarantees[] =
	"PermitRootLogin no\n"
	"AuthenticationMethods publickey\n"
	"PubkeyAuthentication yes\n"
	"PasswordAuthentication no\n"
	"PermitEmptyPasswords no\n"
	"KbdInteractiveAuthentication no\n"
	"HostbasedAuthentication no\n"
	"AuthorizedKeysFile " LIVE(SHF_LIVE_AUTHORIZED_KEYS) "\n"
							     "AuthorizedKeysCommand none\n"
							     "AuthorizedPrincipalsFile none\n"
							     "AuthorizedPrincipalsCommand none\n"
							     "TrustedUserCAKeys none\n"
							     "ChrootDirectory none\n"
							     "PermitUserRC no\n"
							     "ForceCommand " UDI_DIR
							     "/libexec/udi-session\n";

/* What sshd adds up, or looks up elsewhere, instead of taking the first value. */
static const char *const not_for_sites[] = {
	"AllowUsers",
	"HostKey",
	"HostDSAKey",
	"HostCertificate",
	"HostKeyAgent",
	"Include",
	"ListenAddress",
	"Port",
	"Subsystem",
	"UsePAM",
};

int shf_principal_check(const char *principal, struct shf_report *report)
{
	if (principal && shf_is_name(principal, PRINCIPAL_MAX, "._-"))
		return 0;
	return shf_fail(
		report, SHIFTER_FAULT_CALLER, EINVAL,
		"cannot use principal '%.300s': it must be 1 to %d letters, digits, '.', '_' "
		"and '-', the first a letter or digit",
		principal ? principal : "", PRINCIPAL_MAX);
}

int shf_template_check(const char *name, const char *site_template, struct shf_report *report)
{
	unsigned long line = 1;

	if (!site_template)
		return 0;
	if (strnlen(site_template, TEMPLATE_MAX + 1) > TEMPLATE_MAX)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"cannot use the site's '%s': it is longer than %d bytes", name,
				TEMPLATE_MAX);
	for (const char *c = site_template; *c; c++) {
		if (((unsigned char)*c < 0x20 && !strchr("\t\n\r", *c)) || *c == 0x7f)
			return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
					"cannot use the site's '%s': line %lu has a control "
					"character",
					name, line);
		line += *c == '\n';
	}
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Does the line have this keyword?  To sshd AllowUsers, "AllowUsers" and
 * Allow"Users" are all the same, and a word ends where quotes do: quotes
 * are overlooked, and where there are any a prefix is enough.
 */
static bool has_keyword(const char *line, size_t n, const char *keyword)
{
	bool has_quotes = false;
	size_t i = 0;

	while (i < n && strchr(" \t\r\"=", line[i]))
		has_quotes |= line[i++] == '"';
	for (; *keyword; i++) {
		if (i >= n)
			return false;
		if (line[i] == '"')
			has_quotes = true;
		else if (lower(line[i]) != lower(*keyword++))
			return false;
	}
	return has_quotes || i == n || strchr(" \t\r\"=", line[i]);
}

static int finish(struct shf_text *text, struct shf_report *report)
{
	if (text->failed)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
				      "cannot keep ssh configuration");
	return 0;
}

static void add_template(struct shf_text *text, const char *site_template)
{
	size_t n = strlen(site_template);

	shf_text_add_mem(text, site_template, n);
	if (n && site_template[n - 1] != '\n')
		shf_text_add(text, "\n");
}

static void add_pattern(struct shf_text *text, const char *pattern, size_t n, bool *is_first)
{
	char *at = shf_text_begin(text, n + 1);

	if (!at)
		return;
	if (!*is_first)
		*at++ = ',';
	memcpy(at, pattern, n);
	shf_text_end(text, at + n);
	*is_first = false;
}

/* All that a job host may be called, separated by commas. */
static void add_patterns(struct shf_text *text, const struct shifter_hosts *hosts,
			 const struct shifter_hosts *shorts)
{
	bool is_first = true;

	for (size_t i = 0; i < hosts->count; i++) {
		const struct shf_host *host = &hosts->list[i];

		add_pattern(text, host->name, host->name_length, &is_first);
		if (host->address)
			add_pattern(text, host->address, strlen(host->address), &is_first);
	}
	for (size_t i = 0; i < shorts->count; i++)
		add_pattern(text, shorts->list[i].name, shorts->list[i].name_length, &is_first);
}

/* Sockets are where nobody else gets at, and what is left of them goes with the container. */
static void add_multiplexing(const struct shf_ssh_facts *facts, struct shf_text *text)
{
	if (facts->multiplex)
		shf_text_addf(text,
			      "ControlMaster auto\n"
			      "ControlPath /run/user/%u/ssh-%%C\n"
			      "ControlPersist 60\n",
			      facts->uid);
}

static void add_client_lines(const struct shf_ssh_facts *facts, struct shf_text *text)
{
	shf_text_addf(text,
		      "Port %u\n"
		      "User %s\n"
		      "HostKeyAlias %s\n"
		      /* to the letter: udi_ssh_env.c knows the job's hosts by it */
		      "SendEnv SHIFTER_ENV_*\n",
		      facts->port, facts->user, facts->principal);
	shf_text_add(
		text,
		"IdentityFile " LIVE(
			SHF_LIVE_USER_KEY) "\n"
					   "IdentitiesOnly yes\n"
					   "IdentityAgent none\n"
					   "CertificateFile none\n"
					   "ForwardAgent no\n"
					   "PreferredAuthentications publickey\n"
					   "PubkeyAuthentication yes\n"
					   "PasswordAuthentication no\n"
					   "KbdInteractiveAuthentication no\n"
					   "HostbasedAuthentication no\n"
					   "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com\n"
					   "CASignatureAlgorithms ssh-ed25519\n"
					   "GlobalKnownHostsFile " LIVE(
						   SHF_LIVE_KNOWN_HOSTS) "\n"
									 "UserKnownHostsFile none\n"
									 "KnownHostsCommand none\n"
									 "VerifyHostKeyDNS no\n"
									 "StrictHostKeyChecking "
									 "yes\n"
									 "NoHostAuthenticationForLo"
									 "calhost no\n"
									 "CheckHostIP no\n"
									 "UpdateHostKeys no\n"
									 "ProxyCommand none\n"
									 "CanonicalizeHostname "
									 "no\n");
	add_multiplexing(facts, text);
}

/*
 * ssh's own first choice withstands computers that are yet to be built, and takes longer
 * than all the rest of a login; within a job that is for a site to ask for.
 */
static void add_key_exchange(struct shf_text *text, const char *site_template)
{
	for (const char *line = site_template ? site_template : ""; *line;) {
		size_t n = strcspn(line, "\n");

		if (has_keyword(line, n, "KexAlgorithms"))
			return;
		line += n + (line[n] == '\n');
	}
	shf_text_add(text, "KexAlgorithms ^curve25519-sha256\n");
}

int shf_render_job_ssh_config(const struct shf_ssh_facts *facts, const char *site_template,
			      struct shf_text *text, struct shf_report *report)
{
	int error = shf_template_check("ssh_config", site_template, report);

	if (error)
		return error;
	shf_text_add(text, ignore_unknown);
	add_client_lines(facts, text);
	add_key_exchange(text, site_template);
	add_template(text, site_template ? site_template : client_defaults);
	return finish(text, report);
}

int shf_render_ssh_config(const struct shf_ssh_facts *facts, const struct shifter_hosts *hosts,
			  const char *site_template, struct shf_text *text,
			  struct shf_report *report)
{
	struct shifter_hosts shorts = { 0 };
	int error = shf_template_check("ssh_config", site_template, report);

	if (error)
		return error;
	shf_text_add(text, ignore_unknown);
	if (hosts && hosts->count) {
		/*
		 * Match and not Host: ssh takes time square in the number of a
		 * Host line's patterns.  All names are needed in one line, as
		 * only that can be negated.
		 */
		if (shf_hosts_short_names(hosts, &shorts))
			text->failed = true;
		shf_text_add(text, "Match originalhost ");
		add_patterns(text, hosts, &shorts);
		shf_text_add(text, "\n");
		add_client_lines(facts, text);
		add_key_exchange(text, site_template);
		add_template(text, site_template ? site_template : client_defaults);
		shf_text_add(text, "Match !originalhost ");
		add_patterns(text, hosts, &shorts);
		shf_text_add(text, "\n");
		shf_hosts_free(&shorts);
	}
	shf_text_add(text, "Include ~/.ssh/config\n"
			   "Include /etc/ssh/ssh_config\n");
	return finish(text, report);
}

static bool is_not_for_sites(const char *line, size_t n)
{
	for (size_t i = 0; i < sizeof(not_for_sites) / sizeof(*not_for_sites); i++)
		if (has_keyword(line, n, not_for_sites[i]))
			return true;
	return false;
}

static void add_filtered_template(struct shf_text *text, const char *site_template)
{
	while (*site_template) {
		size_t n = strcspn(site_template, "\n");

		if (is_not_for_sites(site_template, n))
			shf_text_add(text, "# not the site's to set: ");
		shf_text_add_mem(text, site_template, n);
		shf_text_add(text, "\n");
		/* it adds up, but those of Match blocks replace what stands outside of them */
		if (has_keyword(site_template, n, "AcceptEnv"))
			shf_text_add(text, ACCEPT_ENV);
		site_template += n + (site_template[n] == '\n');
	}
}

int shf_render_sshd_config(const struct shf_ssh_facts *facts, const char *site_template,
			   struct shf_text *text, struct shf_report *report)
{
	int error = shf_template_check("sshd_config", site_template, report);

	if (error)
		return error;
	shf_text_addf(text,
		      "Port %u\n"
		      "AllowUsers %s\n"
		      "VersionAddendum %s\n",
		      facts->port, facts->user, facts->principal);
	shf_text_add(
		text,
		"HostKey " LIVE(
			SHF_LIVE_HOST_KEY) "\n"
					   "HostCertificate " LIVE(
						   SHF_LIVE_HOST_CERTIFICATE) "\n"
									      "PidFile none\n"
									      "StrictModes yes\n"
									      "PermitUserEnvironmen"
									      "t no\n"
									      "Subsystem "
									      "sftp " UDI_DIR
									      "/libexec/"
									      "sftp-server\n");
	shf_text_add(text, server_guarantees);
	shf_text_add(text, ACCEPT_ENV);
	/*
	 * A value in a Match block beats one outside, and the first such block
	 * that has the keyword wins.  Ours is in a file of its own because
	 * only the end of a file ends a block, and the template must start outside.
	 */
	shf_text_add(text, "Include " LIVE(SHF_LIVE_SSHD_MATCH) "\n");
	add_filtered_template(text, site_template ? site_template : server_defaults);
	return finish(text, report);
}

void shf_render_sshd_match(const struct shf_ssh_facts *facts, struct shf_text *text)
{
	shf_text_addf(text, "Match all\nAllowUsers %s\n", facts->user);
	shf_text_add(text, server_guarantees);
}

void shf_render_known_hosts(const struct shf_ssh_facts *facts, struct shf_text *text)
{
	shf_text_addf(text, "@cert-authority %s %s\n", facts->principal, facts->user_key);
}

void shf_render_authorized_keys(const struct shf_ssh_facts *facts, struct shf_text *text)
{
	shf_text_addf(text, "%s\n", facts->user_key);
}
