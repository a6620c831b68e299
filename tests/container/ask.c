/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ask - connect to the keeper of container "full" as often as it goes, and stay
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_un address = { AF_UNIX, "/run/shifter/full/keeper" };

	for (int n = 0;; n++) {
		int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

		if (s >= 0 && connect(s, (void *)&address, sizeof(address)) == 0)
			continue;
		printf("%d %s\n", n, strerror(errno));
		fflush(stdout);
		pause();
	}
}
