/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshconf.h - what ssh and sshd of a container read
 *
 * The site's templates (etc/ssh_config and etc/sshd_config of udiImage) come
 * after our lines.  OpenSSH takes the first value of a keyword, so templates
 * tune but cannot lift the guarantees: no privileged login, only the job's
 * user, only the udiRoot key, verified hosts.
 */
#ifndef SHF_MODEL_SSHCONF_H
#define SHF_MODEL_SSHCONF_H

#include "base/report.h"
#include "base/text.h"
#include "model/hosts.h"
#include "model/sessionenv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The live directory as the container sees it, and the files in it. */
#define SHF_LIVE_DIR "/run/shifter"
#define SHF_LIVE_SSH_CONFIG "ssh_config"
#define SHF_LIVE_SSH_CONFIG_JOB "ssh_config.job" /* for the job's hosts alone */
#define SHF_LIVE_SSHD_CONFIG "sshd_config"
#define SHF_LIVE_SSHD_MATCH "sshd_match" /* included by sshd_config */
#define SHF_LIVE_KNOWN_HOSTS "ssh_known_hosts"
#define SHF_LIVE_AUTHORIZED_KEYS "authorized_keys"
#define SHF_LIVE_SESSION_ENV "session.env"
#define SHF_LIVE_USER_KEY "id_ed25519"
#define SHF_LIVE_HOST_KEY "keys/ssh_host_ed25519_key"
#define SHF_LIVE_HOST_CERTIFICATE "keys/ssh_host_ed25519_key-cert.pub"

/* All borrowed and checked. */
struct shf_ssh_facts {
	const char *user;
	uint32_t port;
	const char *principal; /* of the job's host certificates */
	const char *user_key;  /* normalised public key, see key.h */
	uint32_t uid;
	bool multiplex; /* the client's sessions on a host share a connection */
};

/*
 * Is it 1-200 of [A-Za-z0-9._-], first a letter or digit?  -EINVAL otherwise,
 * fault of the caller.
 */
int shf_principal_check(const char *principal, struct shf_report *report);

/*
 * Is the site's template of this name (or NULL) text of bounded length?  -EINVAL with
 * a sentence otherwise, the fault of the site.
 */
int shf_template_check(const char *name, const char *site_template, struct shf_report *report);

/*
 * Append the client's configuration.  Job hosts, known by full name, by short
 * name where that is nobody else's and by address, are reached at our port, with our key, and
 * verified; the rest of the world as the user's and the image's files say.
 * hosts may be NULL (not known yet); site_template may be NULL.  0, -ENOMEM, or
 * -EINVAL if the template is no text.
 *
 * "\nMatch originalhost " and the names with commas between are also what udiImage's ssh
 * tells the job's hosts by (udi_ssh_hosts.c): they come once.
 */
int shf_render_ssh_config(const struct shf_ssh_facts *facts, const struct shifter_hosts *hosts,
			  const char *site_template, struct shf_text *text,
			  struct shf_report *report);

/*
 * Append the configuration for the job's hosts alone, SHF_LIVE_SSH_CONFIG_JOB: the same
 * lines, with no file of the user's or the image's that could have an error.  Errors as
 * shf_render_ssh_config().
 */
int shf_render_job_ssh_config(const struct shf_ssh_facts *facts, const char *site_template,
			      struct shf_text *text, struct shf_report *report);

/*
 * Append the server's configuration, to be written as SHF_LIVE_SSHD_CONFIG.  It
 * needs shf_render_sshd_match() beside it, as SHF_LIVE_SSHD_MATCH.  Keywords of the template
 * that would add to ours instead of losing to them (AllowUsers, HostKey,
 * Include, ...) are turned into comments.  Errors as shf_render_ssh_config().
 */
int shf_render_sshd_config(const struct shf_ssh_facts *facts, const char *site_template,
			   struct shf_text *text, struct shf_report *report);

/* Append what overrules every Match block of the template: the same lines in an earlier one. */
void shf_render_sshd_match(const struct shf_ssh_facts *facts, struct shf_text *text);

/* Append "@cert-authority PRINCIPAL KEY\n". */
void shf_render_known_hosts(const struct shf_ssh_facts *facts, struct shf_text *text);

/* Append the one key that may log in, and a newline. */
void shf_render_authorized_keys(const struct shf_ssh_facts *facts, struct shf_text *text);

#endif
