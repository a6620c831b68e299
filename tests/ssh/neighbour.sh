#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# neighbour.sh - another user of the node cannot log in to, list, or disturb a user's sshd
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

ok "alice's container" up a --sshd
ok "with sshd" serve a
inside a ssh node1 'echo $$; exec sleep 600' >"$T_DIR/session" 2>/dev/null &
session=$!
ok "a session of hers" wait_until 20 test -s "$T_DIR/session"
usher=$(field a sshd_pid) keeper=$(field a keeper_pid)
served=$(pgrep -P "$usher" -x shifter-usher)
daemon=$(pgrep -o -u alice -x 'sshd|sshd-session') command=$(cat "$T_DIR/session")
ok "bob has a key of his own" as bob shifterctl key

# --- log in ---
denied() { # denied DESC CMD...: by the server
	exits 255 "$@"
	like "$T_OUT" 'Permission denied \(publickey\)' "$1: by the server"
}
outside() {
	as bob timeout 20 "$SSH" -F none -p 1204 -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes \
		-i /home/bob/.udiRoot/id_ed25519 "$@"
}
denied "bob does not get in as alice" outside alice@node1 id
denied "nor as himself" outside bob@node1 id
denied "nor as root" outside root@node2 id
not_ok "nor with her key" as bob cat /home/alice/.udiRoot/id_ed25519
exits 255 "nor by a tunnel" outside -N -L 9:localhost:9 alice@node1

# --- enter, list ---
for id in a ../shifter/a a/../a; do
	not_ok "SHIFTER_CONTAINER=$id does not let him in" as bob env SHIFTER_CONTAINER=$id shifter id
	unlike "$T_OUT" 'uid=' "and runs nothing"
done
not_ok "shifterctl list is root's" as bob shifterctl list
unlike "$T_OUT" 'alice|busybox|1204' "and tells him nothing"
not_ok "shifterctl teardown, too" as bob shifterctl teardown a
not_ok "and hostsfile" as bob shifterctl hostsfile a --slurm node1
not_ok "he cannot look into /run/shifter/a" as bob ls /run/shifter/a
not_ok "nor make anything in /run/shifter" as bob mkdir /run/shifter/b
not_ok "nor read the log of her sshd" as bob sh -c "cat /run/shifter/a/* /proc/$command/root/run/shifter/sshd.log"
not_ok "he cannot connect to the keeper" as bob perl -MIO::Socket::UNIX -e '
	IO::Socket::UNIX->new(Type => SOCK_SEQPACKET, Peer => "/run/shifter/a/keeper") or exit 1'

# --- her processes, and ours for her ---
for pid in $usher $served $keeper $daemon $command; do
	what="her $(ps -o comm= -p "$pid")"
	for signal in TERM STOP CONT HUP KILL; do
		not_ok "$what: no SIG$signal of his" as bob kill -s $signal "$pid"
	done
	for file in fd environ root/etc mem maps cwd/; do
		not_ok "$what: no look at $file" as bob sh -c "ls /proc/$pid/$file/ || head -c 1 /proc/$pid/$file"
	done
	not_ok "$what: no trace" as bob timeout 10 strace -p "$pid" -o /dev/null
	# pidfd_getfd(2) of descriptor 3 and 7, where keeper and usher have theirs
	not_ok "$what: none of its descriptors" as bob perl -e '
		my $p = syscall(434, $ARGV[0], 0); exit 1 if $p < 0;
		for (0 .. 8) { exit 0 if syscall(438, $p, $_, 0) >= 0 } exit 1' "$pid"
	not_ok "$what: no other priority" as bob renice -n 19 -p "$pid"
	not_ok "$what: no other priority of its I/O" as bob ionice -c 3 -p "$pid"
	not_ok "$what: no other processor" as bob taskset -p 1 "$pid"
	not_ok "$what: no other limits" as bob prlimit --pid "$pid" --nofile=1
	not_ok "$what: no other choice of the kernel's out of memory" as bob sh -c "echo 1000 >/proc/$pid/oom_score_adj"
done
# nor can she disturb what is root's
for pid in $usher $served $keeper; do
	what="alice and $(ps -o comm= -p "$pid")"
	not_ok "$what: no signal" as alice kill -STOP "$pid"
	not_ok "$what: no look" as alice ls "/proc/$pid/fd"
	not_ok "$what: no priority" as alice renice -n 19 -p "$pid"
	not_ok "$what: no priority of its I/O" as alice ionice -c 3 -p "$pid"
	not_ok "$what: no descriptors" as alice perl -e '
		my $p = syscall(434, $ARGV[0], 0); exit 1 if $p < 0;
		for (0 .. 8) { exit 0 if syscall(438, $p, $_, 0) >= 0 } exit 1' "$pid"
	not_ok "$what: none from inside" inside a sh -c "kill -9 $pid 2>/dev/null"
done

# --- and all is as it was ---
ok "her session lives" test -d "/proc/$command"
is "$(ps -o pid= -p "$usher,$served,$keeper,$daemon" | wc -l)" 4 "and so do they"
is "$(inside a ssh node2 id -un)" alice "and she logs in"
kill $session; wait $session 2>/dev/null
ok "teardown" down a
unchanged "nothing is left"
done_testing
