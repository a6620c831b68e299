#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# images.sh - ssh into images of all kinds: Debian, musl, busybox, one with nothing, a hostile one
# shellcheck disable=SC2016,SC2034,SC2317,SC2329        # other shells expand; called by name
set -u
IMAGE_KINDS='base empty'
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

head -c 100000 /dev/urandom >/home/alice/data && chown alice /home/alice/data
sum=$(sha256sum </home/alice/data)
start() { # start WHAT IMAGE [OPTION...]: container a
	local what=$1 image=$2; shift 2
	ok "$what: a container" up a --image "local:$image" --sshd "$@"
	ok "$what: sshd" serve a
}
files_pass() { # files_pass WHAT: sftp and both kinds of scp, there and back
	local how
	for how in '' -O; do
		# the old protocol runs scp by the user's shell
		[ -z "$how" ] || [ "$1" != empty ] || continue
		rm -f /tmp/copy
		# shellcheck disable=SC2086
		ok "$1: scp $how" inside a scp -q $how /home/alice/data node2:/tmp/copy
		is "$(sha256sum </tmp/copy)" "$sum" "$1: arrives"
	done
	is "$(printf 'get /tmp/copy /home/alice/sftp\n' | as alice shifter --container=a sftp -q -b - node1 >/dev/null 2>&1
		sha256sum </home/alice/sftp)" "$sum" "$1: sftp"
	rm -f /home/alice/sftp /tmp/copy
}
logs_in() { # logs_in WHAT: a command, its exit status, a chain, a login shell
	is "$(inside a ssh node2 echo hello 2>&1)" hello "$1: a command, and nothing else is said"
	exits 7 "$1: its exit status" inside a ssh node2 exit 7
	is "$(inside a ssh node2 ssh node1 echo chain 2>&1)" chain "$1: and onward"
	is "$(echo 'echo from a login shell' | as alice shifter --container=a ssh -T node2 2>"$T_DIR/err")" \
		'from a login shell' "$1: a login shell"
	is "$(cat "$T_DIR/err")" '' "$1: which says nothing besides"
	files_pass "$1"
}
pack() { # pack TREE NAME
	mksquashfs "$1" "$IMG/$2.squashfs" -comp lz4 -noappend -no-progress -quiet -no-xattrs -all-root >/dev/null </dev/null
}

for kind in busybox base; do
	start $kind /images/$kind.squashfs --shell /bin/sh
	logs_in $kind
	down a
done

# --- a shell that the image does not have gives way to one that it has ---
start "no zsh" $BUSYBOX --shell /usr/bin/zsh
is "$(inside a ssh node1 'echo $0; echo $SHELL' | tr '\n' ' ')" 'sh /bin/sh ' "no zsh: the shell that is there"
down a

# --- musl, with its loader: a shell that runs words, and no more ---
cat >"$T_DIR/sh.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *line)
{
	char *words[64] = { NULL };
	int n = 0, status = 0;

	for (char *word = strtok(line, " \n"); word && n < 63; word = strtok(NULL, " \n"))
		words[n++] = word;
	if (!n)
		return 0;
	if (strcmp(words[0], "exit") == 0)
		exit(n > 1 ? atoi(words[1]) : 0);
	if (strcmp(words[0], "echo") == 0) {
		for (int i = 1; i < n; i++)
			printf("%s%s", i > 1 ? " " : "", words[i]);
		printf("\n");
		return fflush(stdout);
	}
	if (fork() == 0) {
		execvp(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	wait(&status);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	char line[4096];
	int status = 0;

	if (argc > 2 && strcmp(argv[1], "-c") == 0)
		return run(argv[2]);
	while (fgets(line, sizeof(line), stdin))
		status = run(line);
	return status;
}
END
mkdir -p $IMG/musl/bin $IMG/musl/lib $IMG/musl/etc && cp -L /lib/ld-musl-*.so.1 $IMG/musl/lib/ &&
	musl-gcc -O1 -o $IMG/musl/bin/sh "$T_DIR/sh.c" || exit 1
like "$(readelf -lW $IMG/musl/bin/sh)" 'interpreter: /lib/ld-musl-' "a program that musl's loader starts"
pack $IMG/musl musl
start musl $IMG/musl.squashfs
logs_in musl
down a

# --- nothing in it ---
start empty /images/empty.squashfs
exits 127 "empty: a command" inside a ssh node2 echo hello
like "$T_OUT" "cannot run 'echo': No such file" "empty: there is nothing to run it, and that is said"
files_pass empty
down a

# --- one that would like to be asked ---
evil() { # evil ROOT LIBRARY: all that a C library, a shell of root's or OpenSSH would heed
	local root=$1 dir
	mkdir -p "$root"/etc/{ssh,profile.d,ssl,ld.so.conf.d,pam.d,security} "$root"/usr/lib/ssl "$root"/usr/local/ssl \
		"$root"/lib "$root"/root/.ssh
	printf '%s: evil\n' passwd group shadow hosts services networks protocols >"$root/etc/nsswitch.conf"
	cp "$2" "$root/evil.so"
	for dir in lib lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu; do
		if [ -d "$root/$dir" ]; then cp "$2" "$root/$dir/libnss_evil.so.2"; fi
	done
	echo /evil.so >"$root/etc/ld.so.preload"
	head -c 65536 /dev/urandom >"$root/etc/ld.so.cache"
	for dir in etc/ssl usr/lib/ssl usr/local/ssl; do
		rm -f "$root/$dir/openssl.cnf"
		printf 'openssl_conf = x\n[x]\nengines = y\n[y]\nz = w\n[w]\ndynamic_path = /evil.so\ninit = 1\n' \
			>"$root/$dir/openssl.cnf"
	done
	echo 'go away' >"$root/etc/nologin" && cp "$root/etc/nologin" "$root/etc/motd"
	echo 'PasswordAuthentication yes
Banner /etc/nologin
ForceCommand /bin/false' >"$root/etc/ssh/sshd_config"
	echo 'Host *
 ProxyCommand /bin/false
 Frobnicate yes' >"$root/etc/ssh/ssh_config"
	echo 'echo sshrc >>/tmp/evil' >"$root/etc/ssh/sshrc"
	echo 'evil=1' >"$root/etc/environment"
	echo 'ALL: ALL' >"$root/etc/hosts.deny"
	echo '* hard nofile 1' >"$root/etc/security/limits.conf"
	echo 'umask 0; echo PATH is $PATH >>/tmp/evil-profile' >"$root/etc/profile.d/evil.sh"
	echo '-:alice:ALL' >"$root/etc/security/access.conf"
	printf '/bin/false\n' >"$root/etc/shells"
}
cat >"$T_DIR/evil.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
__attribute__((constructor)) static void loaded(void)
{
	FILE *file = fopen("/tmp/evil", "a");

	if (file) {
		fprintf(file, "loaded by %s\n", program_invocation_name);
		fclose(file);
	}
}
END
${CC:-cc} -shared -fPIC -o "$T_DIR/evil.so" "$T_DIR/evil.c" || exit 1
for kind in busybox base; do
	rm -rf $IMG/evil && unsquashfs -n -q -d $IMG/evil /images/$kind.squashfs >/dev/null && evil $IMG/evil "$T_DIR/evil.so" &&
		pack $IMG/evil evil || exit 1
	printf 'ENV: LD_PRELOAD=/evil.so\nENV: LD_LIBRARY_PATH=/lib\nENV: LOCPATH=/evil\nENV: OPENSSL_CONF=/etc/ssl/openssl.cnf\n' \
		>$IMG/evil.meta
	rm -f /tmp/evil
	install -m 666 /dev/null /tmp/evil
	start "hostile $kind" $IMG/evil.squashfs --shell /bin/sh
	is "$(grep -v 'loaded by .*sh$' /tmp/evil)" '' "hostile $kind: set-up and sshd have loaded nothing"
	logs_in "hostile $kind"
	is "$(inside a ssh node2 'umask; id -un' | tr '\n' ' ')" '0022 alice ' "hostile $kind: as who one is"
	is "$(grep -E 'udiImage|ssh|scp|sftp|udi-|sshrc' /tmp/evil)" '' "hostile $kind: no program of ours has loaded it"
	[ $kind = busybox ] || like "$(cat /tmp/evil)" 'loaded by ' "hostile $kind: but the image's own have"
	down a
done
done_testing
