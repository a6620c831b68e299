/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter ssh-config: how an ssh outside of the job reaches the job's containers.
 *
 * The fragment needs nothing of ours where it is used, so an old OpenSSH does.  The hosts get
 * names of their own: "node1" stays the node itself for who may log in there, and the names of two
 * jobs differ.
 */
#define _GNU_SOURCE
#include "udi_job.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udi_names.h"
#include "udi_paths.h"

enum { EXIT_FAILED = 125,
       OPT_IDENTITY = 256,
       OPT_JUMP,
       OPT_KNOWN_HOSTS,
       OPT_NAME };

static const char hosts_path[] = UDI_RUN "/hosts.unique";

struct wanted {
	const char *identity, *known_hosts, *name, *jump;
};

struct hosts {
	char *text;
	struct shf_name *list;
	size_t count;
};

/* ---- what was asked for */

/* Can it stand between double quotes, and means itself there? */
static bool is_plain(const char *text, const char *bad)
{
	if (!*text)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr(bad, *c))
			return false;
	return true;
}

static bool is_alias(const char *text)
{
	return *text && *text != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       strlen(text);
}

static int check(const struct wanted *wanted)
{
	if (!is_plain(wanted->identity, "\"\\"))
		udi_say("cannot use identity file '%s': it is empty or has a quote, a backslash or "
			"a control character",
			wanted->identity);
	else if (wanted->known_hosts && !is_plain(wanted->known_hosts, "\"\\%$"))
		udi_say("cannot use known-hosts file '%s': it is empty or has a quote, a "
			"backslash, '%%', '$' or a control character",
			wanted->known_hosts);
	else if (wanted->jump && (*wanted->jump == '-' || !is_plain(wanted->jump, " \"\\#")))
		udi_say("cannot use jump host '%s': it must be [USER@]HOST[:PORT], several with "
			"commas between",
			wanted->jump);
	else if (wanted->name && !is_alias(wanted->name))
		udi_say("cannot use name '%s': it must be letters, digits, '.', '_' and '-'",
			wanted->name);
	else
		return 0;
	return EXIT_FAILED;
}

static int read_options(int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		{ "identity", required_argument, NULL, OPT_IDENTITY },
		{ "known-hosts", required_argument, NULL, OPT_KNOWN_HOSTS },
		{ "name", required_argument, NULL, OPT_NAME },
		{ "proxy-jump", required_argument, NULL, OPT_JUMP },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_IDENTITY: wanted->identity = optarg; break;
		case OPT_KNOWN_HOSTS: wanted->known_hosts = optarg; break;
		case OPT_NAME: wanted->name = optarg; break;
		case OPT_JUMP: wanted->jump = optarg; break;
		default: return EXIT_FAILED;
		}
	}
	if (optind == argc)
		return check(wanted);
	udi_say("unexpected argument '%s' of ssh-config", argv[optind]);
	return EXIT_FAILED;
}

/* ---- the hosts */

static int read_hosts(struct hosts *hosts)
{
	size_t lines = 1;
	int rc;

	hosts->text = udi_read_file(hosts_path, NULL);
	if (!hosts->text) {
		udi_say(errno == ENOENT ? "cannot list the hosts of the job: it has no '%s'"
					: "cannot read '%s'",
			hosts_path);
		return -EIO;
	}
	for (const char *c = hosts->text; *c; c++)
		lines += *c == '\n';
	hosts->list = calloc(lines, sizeof(*hosts->list));
	if (!hosts->list) {
		udi_say("cannot list the hosts of the job: %s", strerror(errno));
		return -ENOMEM;
	}
	for (char *line, *rest = hosts->text; (line = strsep(&rest, "\n"));)
		if (*line)
			hosts->list[hosts->count++].text = line;
	/* the container's /etc/hosts; whoever uses the fragment can ask the DNS as well as we */
	rc = shf_names_look_up_files(hosts->list, hosts->count);
	if (rc < 0)
		udi_say("cannot read '/etc/hosts': %s", strerror(-rc));
	return rc;
}

static void free_hosts(struct hosts *hosts)
{
	shf_names_free(hosts->list, hosts->count);
	free(hosts->list);
	free(hosts->text);
}

/* Does it lead to the host from elsewhere?  Nodes may have 127.0.1.1 for their own name. */
static bool is_reachable(const union shf_address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 != 127;
	return !IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr);
}

static void print_host(const struct shf_name *host, const char *name, bool is_first)
{
	char text[INET6_ADDRSTRLEN];

	printf("Host %s.%s%s%s\n", host->text, name, is_first ? " " : "", is_first ? name : "");
	for (size_t i = 0; i < host->count; i++) {
		const union shf_address *address = &host->addresses[i];
		const void *bytes = address->any.sa_family == AF_INET
					    ? (const void *)&address->v4.sin_addr
					    : (const void *)&address->v6.sin6_addr;

		if (!is_reachable(address) ||
		    !inet_ntop(address->any.sa_family, bytes, text, sizeof(text)))
			continue;
		printf("\tHostName %s\n", text);
		return;
	}
	printf("\tHostName %s\n", host->text);
}

/* ---- the authority's key */

/* A path that means the same wherever ssh is; "~/..." is ssh's to expand. */
static char *make_absolute(const char *path)
{
	char *directory, *absolute;

	if (*path == '/' || strncmp(path, "~/", 2) == 0)
		return strdup(path);
	directory = get_current_dir_name();
	if (!directory)
		return NULL;
	if (asprintf(&absolute, "%s/%s", directory, path) < 0)
		absolute = NULL;
	free(directory);
	return absolute;
}

static int write_known_hosts(const struct udi_job *job, const char *path)
{
	const char *home = getenv("HOME");
	char *in_home = NULL;
	FILE *file;
	int rc = 0;

	if (strncmp(path, "~/", 2) == 0 &&
	    asprintf(&in_home, "%s/%s", home ? home : "", path + 2) < 0)
		in_home = NULL;
	file = fopen(in_home ? in_home : path, "we");
	if (!file || fprintf(file, "@cert-authority %s %s\n", job->principal, job->authority) < 0)
		rc = -errno;
	if (file && fclose(file) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		udi_say("cannot write known-hosts file '%s': %s", in_home ? in_home : path,
			strerror(-rc));
	free(in_home);
	return rc;
}

static int print_authority(const struct udi_job *job, const char *known_hosts)
{
	char *path;
	int rc;

	if (!known_hosts) {
		printf("\tKnownHostsCommand /bin/echo @cert-authority %s %s\n"
		       "\tUserKnownHostsFile /dev/null\n",
		       job->principal, job->authority);
		return 0;
	}
	path = make_absolute(known_hosts);
	if (!path) {
		udi_say("cannot use known-hosts file '%s': %s", known_hosts, strerror(errno));
		return -errno;
	}
	rc = write_known_hosts(job, path);
	printf("\tUserKnownHostsFile \"%s\"\n", path);
	free(path);
	return rc;
}

static int print_config(const struct udi_job *job, const struct wanted *wanted,
			const struct hosts *hosts)
{
	const char *name = wanted->name ? wanted->name : getenv("SHIFTER_CONTAINER");
	const struct passwd *account = getpwuid(getuid());
	int rc;

	if (!name || !is_alias(name))
		name = job->principal;
	if (!account) {
		udi_say("cannot tell the user's name: it is not in '/etc/passwd'");
		return -ENOENT;
	}
	printf("# of 'shifter ssh-config': the containers of job %s, as long as it runs.\n"
	       "# For the top of ~/.ssh/config: Include this-file.  Then: ssh %s\n",
	       name, name);
	for (size_t i = 0; i < hosts->count; i++)
		print_host(&hosts->list[i], name, i == 0);
	printf("Host %s *.%s\n"
	       "\tPort %ld\n"
	       "\tUser %s\n"
	       "\tIdentityFile \"%s\"\n"
	       "\tIdentitiesOnly yes\n"
	       "\tPreferredAuthentications publickey\n"
	       "\tHostKeyAlias %s\n"
	       "\tHostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com\n"
	       "\tCASignatureAlgorithms ssh-ed25519\n"
	       "\tStrictHostKeyChecking yes\n"
	       "\tGlobalKnownHostsFile /dev/null\n"
	       "\tCheckHostIP no\n"
	       "\tUpdateHostKeys no\n"
	       "\tVerifyHostKeyDNS no\n",
	       name, name, job->port, account->pw_name, wanted->identity, job->principal);
	rc = print_authority(job, wanted->known_hosts);
	if (wanted->jump)
		printf("\tProxyJump %s\n", wanted->jump);
	/* what comes behind it in a file is not for these hosts alone */
	printf("Match all\n");
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
		rc = -errno;
		udi_say("cannot write the configuration: %s", strerror(errno));
	}
	return rc;
}

int udi_ssh_config(int argc, char **argv)
{
	struct wanted wanted = { .identity = "~/.udiRoot/id_ed25519" };
	struct udi_job job = { 0 };
	struct hosts hosts = { 0 };
	int rc = read_options(argc, argv, &wanted);

	if (rc != 0)
		return rc;
	rc = udi_job_read(&job);
	if (rc == 0)
		rc = read_hosts(&hosts);
	if (rc == 0)
		rc = print_config(&job, &wanted, &hosts);
	free_hosts(&hosts);
	udi_job_free(&job);
	return rc < 0 ? EXIT_FAILED : 0;
}
