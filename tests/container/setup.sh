#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# setup.sh - what a container looks like from inside, and what the host sees of it
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

# --- a squashfs image, with a setuid-root program and a device node ---
unsquashfs -q -n -d $IMG/dir $BUSYBOX >/dev/null && cp -a $IMG/dir $IMG/evil || exit 1
printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%%d", (int)geteuid()); }\n' |
	${CC:-cc} -static -x c -o $IMG/evil/bin/euid - && chmod 4755 $IMG/evil/bin/euid &&
	mknod -m 666 $IMG/evil/zero c 1 5 || exit 1
is "$(as alice $IMG/evil/bin/euid)" 0 "the program for the test is setuid root"
ok "the device node for the test works" as alice head -c 1 $IMG/evil/zero
mksquashfs $IMG/evil $IMG/evil.squashfs -noappend -quiet -no-progress >/dev/null || exit 1

looks_right() { # looks_right ID WHAT
	local id=$1 what=$2
	is "$(inside "$id" cat /etc/container-marker)" 'libshifter demo image' "$what: the marker of the image"
	is "$(inside "$id" id -un):$(inside "$id" id -u):$(inside "$id" id -G)" 'alice:2001:2001 2100' \
		"$what: the user, with name and groups"
	is "$(inside "$id" cut -d: -f1,3,6 /etc/passwd | grep alice)" alice:2001:/home/alice "$what: /etc/passwd"
	like "$(inside "$id" cat /etc/hosts)" node1 "$what: /etc/hosts"
	like "$(inside "$id" cat /etc/nsswitch.conf)" 'passwd: *files' "$what: /etc/nsswitch.conf"
	like "$(inside "$id" touch /new 2>&1)" 'Read-only|Permission' "$what: the root cannot be written"
	is "$(inside "$id" awk '$5 == "/" { print $6 }' /proc/self/mountinfo | cut -d, -f1)" ro \
		"$what: the root is mounted read-only"
	is "$(inside "$id" cat /proc/self/mountinfo | awk '$6 !~ /nosuid/ { print $5 }')" '' \
		"$what: nosuid on every mount"
	is "$(inside "$id" cat /proc/self/mountinfo | awk '$6 !~ /nodev/ && $5 !~ "^/dev(/|$)" { print $5 }')" '' \
		"$what: nodev on every mount but /dev"
	is "$(inside "$id" awk '$5 == "/sys" { print $6 }' /proc/self/mountinfo | cut -d, -f1)" ro \
		"$what: /sys is read-only"
	ok "$what: /dev/null works" inside "$id" sh -c 'echo >/dev/null'
	is "$(inside "$id" stat -c %a:%u /run/user/2001)" 700:2001 "$what: /run/user/UID is the user's"
	is "$(inside "$id" stat -c %a:%u /run/lock)" 1777:0 "$what: /run/lock is everybody's"
	ok "$what: the home is the host's" inside "$id" sh -c 'echo x >~/written && rm ~/written'
	is "$(inside "$id" grep -E '^(CapEff|CapPrm|CapBnd|CapAmb|NoNewPrivs)' /proc/self/status |
		awk '{ printf "%s ", $2 }')" '0000000000000000 0000000000000000 0000000000000000 0000000000000000 1 ' \
		"$what: no capabilities, no new privileges"
}

before=$(sort /proc/self/mountinfo)
ok "a container of a squashfs image" up squash --image local:$IMG/evil.squashfs
is "$(sort /proc/self/mountinfo)" "$before" "the host's mount table is as before"
is "$(state_of squash)" ready "it is listed as ready"
is "$(field squash user):$(field squash image)" "alice:local:$IMG/evil.squashfs" "with its user and image"
looks_right squash squashfs
is "$(inside squash euid)" 2001 "a setuid-root program of the image gives nothing"
like "$(inside squash head -c 1 /zero 2>&1)" 'Permission denied' "a device node of the image does not open"

ok "a container of a folder" up dir --image local:$IMG/dir
looks_right dir folder
like "$(inside dir ls -l /opt/udiImage/bin/ssh)" ssh "udiImage is in there"
ok "an image of the store, by its name" up stored --image busybox
is "$(shifterctl list | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'dir squash stored ' "all three are listed, by id"

# --- shifter ---
mkdir -m 1777 /tmp/w /srv-x
is "$(cd /tmp/w && inside dir pwd)" /tmp/w "shifter keeps the working directory where it exists"
is "$(cd /srv-x && inside dir true 2>/dev/null; echo $?)" 0 "and runs where it does not"
is "$(as alice shifter --container=dir -w /home/alice pwd)" /home/alice "--workdir"
exits 7 "the exit status of the command" inside dir sh -c 'exit 7'
exits 137 "of a killed one" inside dir sh -c 'kill -9 $$'
exits 127 "127: no such command" inside dir no-such-command
exits 126 "126: cannot be executed" inside dir /etc/passwd
exits 125 "125: no such container" inside none true
exits 125 "125: no container named" as alice shifter true
v=$'two\nlines '
is "$(as alice env LD_LIBRARY_PATH=/l TMPDIR=/t NL="$v" shifter --container=dir -- sh -c \
	'printf "%s:%s:%s" "$LD_LIBRARY_PATH" "$TMPDIR" "$NL"')" "/l:/t:$v" \
	"LD_LIBRARY_PATH, TMPDIR and newlines arrive"
is "$(echo data | inside dir cat)" data "standard input"
like "$(as alice env SHIFTER_CONTAINER=dir script -qec 'shifter tty' /dev/null </dev/null)" '/dev/pts/' "a terminal"
printf '#!/usr/bin/shifter /bin/sh\ncat /etc/container-marker; echo "$1"; exit 5\n' >/tmp/w/script
chmod 755 /tmp/w/script
exits 5 "shifter as an interpreter" as alice env SHIFTER_CONTAINER=dir /tmp/w/script arg
is "$T_OUT" $'libshifter demo image\narg' "with its arguments, inside"
ok "teardown" down squash dir stored
unchanged "nothing is left"

# --- images whose links and files are in the way ---
cp -a $IMG/dir $IMG/linked && mkdir $IMG/elsewhere $IMG/linked/usr/opt && echo kept >$IMG/linked/usr/opt/kept &&
	rm -rf $IMG/linked/{opt,tmp,etc,run} && ln -s usr/opt $IMG/linked/opt && ln -s var/tmp $IMG/linked/tmp &&
	ln -s $IMG/elsewhere $IMG/linked/etc && mkfifo $IMG/linked/run || exit 1
mksquashfs $IMG/linked $IMG/linked.squashfs -noappend -quiet -no-progress >/dev/null || exit 1
files() { find $IMG/linked $IMG/elsewhere -printf '%p %y %m %u %s %T@ %l\n' | sort; }
had=$(files)
for image in linked linked.squashfs; do
	ok "$image: a container" up $image --sshd --image local:$IMG/$image
	is "$(inside $image cat /opt/kept)" kept "$image: /opt -> usr/opt keeps its content"
	is "$(inside $image cut -d: -f1 /etc/passwd | grep alice)" alice "$image: /etc is ours"
	ok "$image: /tmp can be written" inside $image sh -c 'echo x >/tmp/x && rm /tmp/x'
	ok "$image: sshd" serve $image
	is "$(inside $image ssh node2 cat /opt/kept)" kept "$image: ssh"
	ok "$image: torn down" down $image
done
is "$(files)" "$had" "nothing was written in the image or where its links point"
unchanged "nothing is left at the end"
done_testing
