#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# mistakes.sh - bad input: one clear line, a failing exit status, and nothing left
# shellcheck disable=SC2317                 # called by name
set -u
# shellcheck source=tests/container/sandboxed.bash
. "$(dirname "$(readlink -f "$0")")/sandboxed.bash" || exit 1

# refused RC REGEX DESC CMD...: CMD says one line like REGEX, ends with RC and leaves no trace
refused() {
	local want=$1 regex=$2 desc=$3 before said rc
	shift 3
	before=$(traces)
	said=$("$@" 2>&1)
	rc=$?
	is "$rc" "$want" "$desc: exit status"
	like "$said" "$regex" "$desc: the reason"
	is "$(wc -l <<<"$said")" 1 "$desc: one line"
	is "$(traces)" "$before" "$desc: nothing is left"
}
image() { shifterctl setup --id m1 --image "$1" --user alice; }

# the first set-up makes what stays
setup warm >/dev/null 2>&1
shifterctl teardown warm

# --- images ---
refused 3 "there is no image 'nosuch'" "unknown image" image nosuch
refused 3 "there is no image '/nosuch'" "unknown path" image local:/nosuch
refused 3 'image' "malformed reference" image 'docker:'
mkdir -p /run/images && cp /images/busybox.squashfs /run/images/private && chmod 600 /run/images/private
refused 3 "cannot read image '/run/images/private': Permission denied" "unreadable image" \
	image local:/run/images/private
echo 'not an image' >/run/images/text
refused 3 'neither a directory nor a squashfs file' "a text file" image local:/run/images/text
mkfifo /run/images/fifo
refused 3 'neither a directory nor a regular' "a FIFO" image local:/run/images/fifo
head -c 100000 /images/busybox.squashfs >/run/images/short
refused 3 'is truncated, it has 100000 of' "a truncated image" image local:/run/images/short
{ head -c 96 /images/busybox.squashfs; head -c 2000000 /dev/zero; } >/run/images/damaged
refused 3 "cannot mount image '/run/images/damaged'" "a damaged image" image local:/run/images/damaged
cp /images/busybox.squashfs /home/alice/mine && chown alice /home/alice/mine
refused 3 "belongs to uid 2001, not to root" "an image of the user's own" image local:/home/alice/mine
cp /images/busybox.squashfs /tmp/mine
refused 3 "'/tmp' is writable by others" "an image where everybody can put one" image local:/tmp/mine

# --- the request ---
refused 2 "malformed container id '../x'" "a hostile id" shifterctl setup --id ../x --image "$IMAGE" --user alice
refused 2 'nobody-here' "an unknown user" shifterctl setup --id m1 --image "$IMAGE" --user nobody-here
refused 3 'root|uid|privileged' "root as the user" shifterctl setup --id m1 --image "$IMAGE" --user root
refused 3 "cannot open volume '/nosuch'" "a volume that is not there" setup m1 --volume /nosuch:/mnt/x
mkdir -m 700 /run/secret
refused 3 "cannot open volume '/run/secret/x': Permission denied" "a volume out of reach" \
	setup m1 --volume /run/secret/x:/mnt/x
refused 3 '/etc' "a volume on /etc" setup m1 --volume /tmp:/etc
refused 3 'volume' "a malformed volume" setup m1 --volume relative:/x

# --- who may ---
refused 2 'root' "an ordinary user's shifterctl setup" as alice shifterctl setup --id m1 --image "$IMAGE" --user alice
refused 2 'root' "an ordinary user's shifterctl teardown" as alice shifterctl teardown m1

# --- a second one ---
setup m2 --sshd
refused 2 "there is one of that id" "a second set-up with the same id" setup m2
refused 4 'port 1204: it is taken' "the port of another job's container" setup m3 --sshd
is "$(inside m2 cat /etc/container-marker | wc -l)" 1 "the first container is unharmed"
refused 125 'belongs to another user' "another user's shifter" \
	as bob SHIFTER_CONTAINER=m2 shifter true
refused 125 'root cannot enter' "root's shifter" env SHIFTER_CONTAINER=m2 shifter true
refused 125 'there is no container' "a container that is not there" as alice SHIFTER_CONTAINER=m9 shifter true
refused 127 "cannot find 'nosuch'" "a command that is not there" inside m2 nosuch
refused 126 "cannot execute '/etc/passwd': Permission denied" "a command that is none" inside m2 /etc/passwd
refused 2 "host|list" "a host list that is none" shifterctl hostsfile m2 --slurm 'node[3-'
refused 2 "host|list" "an empty host list" shifterctl hostsfile m2 --slurm ''
refused 2 'there is no container' "hosts of a container that is not there" \
	shifterctl hostsfile m9 --slurm node1
shifterctl teardown m2

# --- a port that somebody has ---
perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "10.98.0.1",
	LocalPort => 1204, ReuseAddr => 1) or die; open(my $f, ">", "/run/listens") or die; sleep 60' &
squatter=$!
wait_until 10 test -e /run/listens
refused 4 'port 1204: it is taken' "a port that was taken before, on one address" setup m4 --sshd
kill "$squatter"; wait "$squatter" 2>/dev/null

# --- an image that turned bad, and a node without udiImage ---
ok "tearing down what never was" shifterctl teardown never
refused 2 "malformed container id" "tearing down nonsense" shifterctl teardown '../..'
done_testing
