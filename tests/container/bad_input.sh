#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# bad_input.sh - each mistake: one clear line, a failing exit status, nothing left behind
# shellcheck disable=SC2016,SC2086,SC2317,SC2329               # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

# --- images ---
echo text >$IMG/text; mkfifo $IMG/fifo
head -c 65536 $BUSYBOX >$IMG/truncated.squashfs
head -c 65536 /dev/zero >$IMG/zero
{ printf 'hsqs'; head -c 65536 /dev/urandom; } >$IMG/garbage
{ head -c 1080 /dev/zero; printf '\x53\xef'; head -c 65536 /dev/zero; } >$IMG/ext4
cp $BUSYBOX $IMG/bobs; chown bob $IMG/bobs; chmod 600 $IMG/bobs
cp $BUSYBOX $IMG/writable; chown alice $IMG/writable
cp $BUSYBOX $IMG/world; chmod 666 $IMG/world
mkdir $IMG/alices; cp $BUSYBOX $IMG/alices/i; chown alice $IMG/alices
install -d -m 700 $IMG/locked; cp $BUSYBOX $IMG/locked/i
image() { # image REF REGEX DESC
	refused 3 "$2" "$3" shifterctl setup --id bad --image "$1" --user alice
}
image nosuch "there is no image 'nosuch'" "an unknown image"
image local:/no/such 'no/such' "an unknown path"
image docker:no:such 'no:such' "an unknown docker image"
image id:0 "'0'" "an unknown id"
image local:$IMG/bobs 'Permission denied' "an image of bob's"
image local:$IMG/locked/i 'Permission denied' "an image in a folder of root's"
image local:$IMG/text 'neither a directory nor a squashfs' "a text file"
image local:$IMG/fifo 'fifo' "a FIFO"
image local:/dev/null '/dev/null' "a device"
image local:$IMG/truncated.squashfs truncated "a truncated squashfs file"
image local:$IMG/zero 'neither' "an empty disk"
image local:$IMG/ext4 'an ext4 file system' "another file system"
image local:$IMG/garbage 'damaged squashfs' "garbage behind the right magic"
image local:$IMG/writable 'writable' "an image that the user owns"
image local:$IMG/world 'world' "an image that all can write"
image local:$IMG/alices/i 'alices' "an image in a folder that the user owns"
image local:/ 'root is no image' "the host's root"
image local:relative 'absolute' "a relative path"
image local:/img/../etc "'..'" "a path with '..'"
image '' 'no name' "no image"
image $'local:/a\nb' 'control' "a newline"

# --- ids, users, volumes ---
for id in '' .. . -x a/b 'a b' .hidden $'a\nb' "$(printf 'a%.0s' {1..65})"; do
	refused 2 "container('s)? id|--id" "the id ${id@Q}" shifterctl setup --id="$id" --image busybox --user alice
done
acc() { # acc REGEX DESC OPTION...
	local regex=$1 desc=$2; shift 2
	refused '2|3' "$regex" "$desc" shifterctl setup --id bad --image busybox "$@"
}
acc 'nobody-here' "an unknown user" --user nobody-here
acc 'root|uid|0' "the user root" --user root
acc "'0'" "uid 0" --user alice --uid 0
acc "'4294967295'" "uid -1" --user alice --uid 4294967295
acc "'0'" "gid 0" --user alice --gid 0
acc "'x'" "a uid that is none" --user alice --uid x
acc 'alice' "another user's uid" --user alice --uid 2002
acc 'group' "a group that is none" --user alice --groups 1,x
acc 'SOURCE:TARGET' "a volume without target" --user alice --volume /tmp
acc 'absolute' "a relative volume" --user alice --volume a:/b
acc "'exec'" "an unknown flag of a volume" --user alice --volume /tmp:/b:exec
acc "reserved" "a volume over /etc" --user alice --volume /tmp:/etc/x
acc "'70000'" "a port that is none" --user alice --sshd --port 70000
acc 'numeric' "a listen address that is none" --user alice --sshd --listen node1
acc -- "a port without sshd" --user alice --port 1300
acc 'unknown option' "an unknown option" --user alice --nonsense
acc 'unexpected' "an argument too many" --user alice more
refused 2 'unknown command' "an unknown command" shifterctl nonsense

# --- a container of alice's ---
ok "a container" up one --sshd
SNAPSHOT=$(snapshot)
refused 2 "'one'" "a second set-up with the same id" up one
is "$(state_of one)" ready "which leaves the first alone"
for h in '--slurm node[1-' '--slurm node1 --slots x' '--list a/0' '--list ../x' '--file /no/such' \
	'--torque n1' '--file /etc'; do
	# shellcheck disable=SC2016,SC2086
	refused '[2-5]' 'host|slot|read|need|list' "the host list '$h'" shifterctl hostsfile one $h
done
refused '[2-5]' "'none'" "a hosts file for no container" shifterctl hostsfile none --slurm node1
refused '[2-5]' "'none'" "an sshd for no container" shifterctl sshd none --principal p --user-key x
for key in '' x 'ssh-ed25519' 'ssh-ed25519 AAAA' 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIH1mW6jW9Te94iUF8s6FqtXEMDDioPSvsiUt7+niPY6c' \
	$'ssh-ed25519 A\nB' 'command="x" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1mW6jW9Te94iUF8s6FqtXEMDDioPSvsiUt7+niPY6c'; do
	refused '[2-5]' 'key' "the key ${key@Q}" shifterctl sshd one --principal p --user-key "$key"
done
good='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1mW6jW9Te94iUF8s6FqtXEMDDioPSvsiUt7+niPY6c'
refused '[2-5]' 'principal' "a principal that is none" shifterctl sshd one --principal 'a b' --user-key "$good"
refused 2 'no-such' "a key file that is none" shifterctl sshd one --principal p --user-key-file /no-such
for c in setup sshd hostsfile teardown list; do
	refused 2 'needs root' "shifterctl $c as an ordinary user" as alice shifterctl $c one
done
refused 2 'not root' "shifterctl key as root" shifterctl key
refused 125 "one" "bob's shifter in alice's container" as bob shifter --container=one -- id
refused 125 'root cannot enter' "root's shifter there" shifter --container=one -- id
refused 125 "'none'" "shifter in no container" inside none id
refused 125 "'a/b'" "shifter with an id that is none" inside a/b id
ok "alice still gets in" inside one true

# --- configuration ---
for line in 'nonsense = 1' 'sshdPort = 010' 'siteFs = { "/tmp:/etc" }' 'imagePath = "${HOME}"' 'sshdPort = {'; do
	printf '%s\n' "$line" >/img/conf
	refused '[45]' "conf" "the configuration '$line'" shifterctl --config /img/conf setup --id bad \
		--image busybox --user alice
done
echo 'sshdPort = 1204' >/img/conf; chmod 666 /img/conf
refused '[45]' "conf" "a configuration that all can write" shifterctl --config /img/conf setup --id bad \
	--image busybox --user alice
ok "teardown" down one
done_testing
