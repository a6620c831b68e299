/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into every static program of udiImage, so that OpenSSH's own source stays as it is.
 * Needs -Wl,--wrap=connect,--wrap=accept,--wrap=listen,--wrap=setlocale,--wrap=execve.
 *
 * 1. A static program still reads files of the container image.  glibc would dlopen() the modules
 *    that the image's nsswitch.conf names and the converters of the image's locale, OpenSSL the
 *    providers in the image's openssl.cnf (or $OPENSSL_CONF): code for another C library, or a
 *    policy under which nothing works.  All three are switched off.  So is that OpenSSL gives back
 *    piece by piece, when a program ends, what ends with it.
 * 2. OpenSSH sets TCP_NODELAY only once an interactive session is open.  Until then Nagle's
 *    algorithm and delayed acknowledgements stall each login two or three times for 40 ms.
 * 3. sshd listens with a backlog of 128.  When more nodes than that connect at once their SYNs are
 *    dropped and retried a second later.
 * 4. sshd hands what ssh sent of its caller's environment (base/caller.h) to the user's shell,
 *    which then runs udi-session.  A caller with a higher limit of the stack may have more of it
 *    than the kernel takes here.
 * 5. sshd has its ForceCommand run by the user's shell, which reads the user's start-up files for
 *    it; udi-session then starts the shell that is meant.  It is as well without the first one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/caller.h"

/* Weak: a build without OpenSSL, and the programs that are not OpenSSH's, do without it. */
#pragma weak OPENSSL_init_crypto
int OPENSSL_init_crypto(uint64_t options, const void *settings);
/* OPENSSL_INIT_NO_LOAD_CONFIG and OPENSSL_INIT_NO_ATEXIT, part of OpenSSL's ABI */
enum { NO_LOAD_CONFIG = 0x80,
       NO_ATEXIT = 0x80000 };

#ifdef __GLIBC__
int __nss_configure_lookup(const char *database, const char *services);
#endif

int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_accept(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_accept(int fd, struct sockaddr *address, socklen_t *length);
int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __real_execve(const char *path, char *const *args, char *const *env);
int __wrap_execve(const char *path, char *const *args, char *const *env);
char *__real_setlocale(int category, const char *locale);
char *__wrap_setlocale(int category, const char *locale);

__attribute__((constructor)) static void keep_to_own_code(void)
{
#ifdef __GLIBC__
	static const char *const databases[] = {
		"passwd",
		"group",
		"shadow",
		"gshadow",
		"initgroups",
		"services",
		"rpc",
		"networks",
		"ethers",
		"netgroup",
		"protocols",
		"aliases",
	};

	for (size_t i = 0; i < sizeof(databases) / sizeof(*databases); i++)
		if (__nss_configure_lookup(databases[i], "files") != 0)
			abort();
	if (__nss_configure_lookup("hosts", "files dns") != 0)
		abort();
#endif
	if (OPENSSL_init_crypto && OPENSSL_init_crypto(NO_LOAD_CONFIG | NO_ATEXIT, NULL) != 1)
		abort();
}

static void set_nodelay(int fd)
{
	int on = 1;

	/* Speed only, and descriptors that are no TCP sockets come by: failure is no error. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	if (address && (address->sa_family == AF_INET || address->sa_family == AF_INET6))
		set_nodelay(fd);
	return __real_connect(fd, address, length);
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *length)
{
	int accepted = __real_accept(fd, address, length);

	if (accepted >= 0)
		set_nodelay(accepted);
	return accepted;
}

int __wrap_listen(int fd, int backlog)
{
	return __real_listen(fd, backlog < 4096 ? 4096 : backlog); /* the kernel caps it */
}

/* UTF-8 is converted by glibc itself; any other character set by a module of the image. */
char *__wrap_setlocale(int category, const char *locale)
{
	const char *name = locale;

	if (name && !*name) {
		static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

		for (size_t i = 0; i < sizeof(variables) / sizeof(*variables) && (!name || !*name);
		     i++)
			name = getenv(variables[i]);
		if (name && !strcasestr(name, "UTF-8") && !strcasestr(name, "UTF8"))
			locale = "C";
	}
	return __real_setlocale(category, locale);
}

/* First as it is, then with the most that this process may allow, then without the caller's. */
static int execute(const char *path, char *const *args, char *const *env)
{
	struct rlimit before, limit;
	struct shf_environ rest = { 0 };
	char **list;

	if (__real_execve(path, args, env) < 0 && errno != E2BIG)
		return -1;
	if (getrlimit(RLIMIT_STACK, &before) == 0) {
		limit = before;
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_STACK, &limit);
		__real_execve(path, args, env);
		(void)setrlimit(RLIMIT_STACK, &before);
	}
	/* One chunk alone is not whole: udi-session says that they are missing. */
	for (; env && *env; env++)
		if (!shf_caller_is_chunk(*env))
			shf_environ_put(&rest, *env);
	shf_environ_set(&rest, SHF_CALLER_PREFIX "1", "");
	list = shf_environ_finish(&rest);
	if (!list) {
		errno = ENOMEM;
		return -1;
	}
	return __real_execve(path, args, list);
}

int __wrap_execve(const char *path, char *const *args, char *const *env)
{
	static char session[] = UDI_PREFIX "/libexec/udi-session";
	char *const alone[] = { session, NULL };

	if (args[0] && args[1] && strcmp(args[1], "-c") == 0 && args[2] &&
	    strcmp(args[2], session) == 0 && !args[3])
		execute(session, alone, env);
	/* what the shell says of it is for the user to see */
	return execute(path, args, env);
}
