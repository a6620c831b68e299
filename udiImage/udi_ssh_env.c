/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ssh alone, with -Wl,--wrap=client_session2_setup, --wrap=muxclient and
 * --wrap=fill_default_options: sessions on the job's hosts get the environment, the umask and the
 * limits that ssh was called with, encoded as base/caller.h says.
 *
 * The variables for that exist only in the list that OpenSSH picks from what to send: never in
 * environ, so nothing that ssh starts (ProxyCommand, LocalCommand, KnownHostsCommand) sees them.
 * The job's hosts are those in its list whose configuration has "SendEnv SHIFTER_ENV_*", to the
 * letter: whatever SendEnv is in the user's file, no other host is sent any of this.
 *
 * Compiled with OpenSSH's own headers, which say what is wrapped.
 */
#include "includes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

#include "openbsd-compat/sys-queue.h"
#include "ssh.h"
#include "packet.h"
#include "sshbuf.h"
#include "channels.h"
#include "pathnames.h"
#include "clientloop.h"
#include "log.h"
#include "misc.h"
#include "readconf.h"

#include "base/caller.h"
#include "udi_ssh_env.h"

/* Bytes of an environment; the encoded one is in the packet beside it, and a command. */
enum { MASTER_ROOM = 100 << 10 };

extern char **environ;
extern Options options;
extern u_int muxclient_command;
static struct shf_caller caller;
static bool is_listed;

__typeof__(client_session2_setup) __real_client_session2_setup, __wrap_client_session2_setup;
__typeof__(muxclient) __real_muxclient, __wrap_muxclient;
__typeof__(fill_default_options) __real_fill_default_options, __wrap_fill_default_options;

static uint64_t value_of(rlim_t limit)
{
	return limit == RLIM_INFINITY ? UINT64_MAX : limit;
}

void udi_note_caller(void)
{
	mode_t mask = umask(077);

	umask(mask);
	caller.umask = mask & 0777;
	for (size_t i = 0; i < SHF_LIMITS; i++) {
		struct rlimit limit;

		if (getrlimit(shf_limit_resource(i), &limit) != 0)
			continue;
		caller.limits[i].is_known = true;
		caller.limits[i].soft = value_of(limit.rlim_cur);
		caller.limits[i].hard = value_of(limit.rlim_max);
	}
}

void udi_note_host(bool is_of_job)
{
	is_listed = is_of_job;
}

static int is_job_host(void)
{
	for (size_t i = 0; is_listed && i < options.num_send_env; i++)
		if (strcmp(options.send_env[i], SHF_CALLER_PREFIX "*") == 0)
			return 1;
	return 0;
}

/* The caller's variables but those of the protocol, and for a host of the job new ones of it. */
static char **list_for_host(int with_caller)
{
	struct shf_environ list = { 0 };
	char **finished;

	for (char **entry = environ; entry && *entry; entry++)
		if (!shf_caller_is_chunk(*entry))
			shf_environ_put(&list, *entry);
	if (with_caller) {
		int rc = shf_caller_encode(&caller, environ, &list);

		if (rc != 0)
			fprintf(stderr,
				"ssh: cannot send the environment: %s: the session has that of the "
				"job\r\n",
				strerror(-rc));
	}
	finished = shf_environ_finish(&list);
	return finished ? finished : environ;
}

static size_t count_bytes(char **list)
{
	size_t total = 0;

	for (; *list; list++)
		total += strlen(*list) + 8;
	return total;
}

void __wrap_client_session2_setup(struct ssh *ssh, int id, int want_tty, int want_subsystem,
				  const char *term, struct termios *tio, int in_fd,
				  struct sshbuf *command, char **env)
{
	/* A master's other sessions bring the lists of their own processes. */
	if (env && env == environ)
		env = list_for_host(is_job_host());
	__real_client_session2_setup(ssh, id, want_tty, want_subsystem, term, tio, in_fd, command,
				     env);
}

/*
 * A master takes packets of 256 KiB: what is more goes over a connection of its own.  That is
 * decided when the configuration is known and nothing has been made of it yet.
 */
int __wrap_fill_default_options(Options *of)
{
	int rc = __real_fill_default_options(of);

	if (rc != 0 || of != &options || muxclient_command != 0 || !of->control_path ||
	    !is_job_host() || count_bytes(environ) <= MASTER_ROOM)
		return rc;
	free(of->control_path);
	of->control_path = NULL;
	of->control_persist = 0;
	of->control_master = SSHCTL_MASTER_NO;
	return rc;
}

/* muxclient() takes variables from environ, and does not return if a master serves. */
int __wrap_muxclient(const char *path)
{
	char **before = environ;
	int rc;

	if (is_job_host())
		environ = list_for_host(1);
	rc = __real_muxclient(path);
	environ = before;
	return rc;
}
