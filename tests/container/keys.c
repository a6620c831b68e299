/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys fill | clear | PROGRAM ARGUMENT... - a user without a key left (keyrings(7))
 *
 * fill adds keys to the user's keyring until there may be no more, says so and stays; clear
 * removes them.  Otherwise executes PROGRAM with a session keyring of its own.
 */
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char name[32];

	if (argc == 2 && strcmp(argv[1], "clear") == 0)
		return syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING) < 0;
	if (argc == 2)
		for (int i = 0; i < 1000000; i++) {
			snprintf(name, sizeof(name), "blame%d", i);
			if (syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_USER_KEYRING) < 0) {
				/* they stay while the user has a process, at least */
				puts("full");
				fflush(stdout);
				pause();
			}
		}
	if (argc < 3 || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return 99;
	execvp(argv[1], argv + 1);
	return 98;
}
