/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor_sshd.h"

#include "fail.h"
#include "start.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY "/tmp/floor-host-key"
#define CONFIG "/tmp/floor-sshd-config"

enum { PORT = 2299,
       TRIES = 100000 };

void bench_prepare_sshd(const char *udiimage, uid_t uid)
{
	static const char config[] = "HostKey " KEY "\nListenAddress 127.0.0.1:2299\n"
				     "StrictModes no\nPidFile none\n";
	char keygen[4096], quiet[] = "-q", type[] = "-ted25519", secret[] = "-N", none[] = "";
	char file[] = "-f" KEY;
	char *argv[] = { keygen, quiet, type, secret, none, file, NULL };
	int fd;

	snprintf(keygen, sizeof(keygen), "%s/bin/ssh-keygen", udiimage);
	bench_wait(bench_start(argv, environ, uid), "ssh-keygen");
	fd = (int)BENCH_MUST(open(CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), CONFIG);
	BENCH_MUST(write(fd, config, sizeof(config) - 1), CONFIG);
	close(fd);
}

static void become_sshd(int namespace, uid_t uid)
{
	char path[] = "/opt/udiImage/sbin/sshd", stay[] = "-D", quiet[] = "-q",
	     config[] = "-f" CONFIG;
	char *argv[] = { path, stay, quiet, config, NULL };
	char *envp[] = { NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	BENCH_MUST(setns(namespace, CLONE_NEWNS), "setns");
	BENCH_MUST(setgroups(0, NULL), "setgroups");
	BENCH_MUST(setgid(uid), "setgid");
	BENCH_MUST(setuid(uid), "setuid");
	execve(path, argv, envp);
	_exit(127);
}

/* Whether something there said that it speaks SSH. */
static bool has_greeted(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(PORT),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = (int)BENCH_MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	char greeting[4];
	bool has = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		   recv(fd, greeting, sizeof(greeting), MSG_WAITALL) == sizeof(greeting) &&
		   memcmp(greeting, "SSH-", sizeof(greeting)) == 0;

	close(fd);
	return has;
}

pid_t bench_start_sshd(int namespace, uid_t uid)
{
	pid_t pid = (pid_t)BENCH_MUST(fork(), "fork");

	if (pid == 0)
		become_sshd(namespace, uid);
	for (int i = 0; i < TRIES; i++) {
		if (has_greeted())
			return pid;
		usleep(100);
	}
	errx(1, "the floor's sshd does not answer");
}
