#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# ports.sh - the port of a job's sshd: its own on shared nodes, and nobody else's while the job lives
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

conf() { printf '%s\n' "imagePath = \"$IMG\"" "$@" >/etc/shifter/udiRoot.conf; }
# squat USER PORT HOW: hold the port until killed; SQUATTER is who does
squat() {
	as "$1" perl -MSocket -e '
		my ($port, $how) = @ARGV;
		my $six = $how eq "ipv6";
		socket my $s, $six ? PF_INET6 : PF_INET, SOCK_STREAM, 0;
		setsockopt $s, 41, 26, 1 if $six; # IPPROTO_IPV6, IPV6_V6ONLY
		setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1 if $how ne "bound";
		bind $s, $six ? pack_sockaddr_in6($port, Socket::IN6ADDR_ANY) : sockaddr_in($port, INADDR_ANY) or die $!;
		$how eq "bound" or listen $s, 5 or die $!;
		$| = 1; print "$$ ready\n"; sleep 600' "$2" "$3" >"$T_DIR/squat" &
	wait_until 10 grep -q ready "$T_DIR/squat" || { fail "the port $2 is $1's"; return; }
	SQUATTER=$!
}
leave() { kill "$(cut -d' ' -f1 "$T_DIR/squat")"; wait $SQUATTER 2>/dev/null; }
# takes USER PORT: can that user bind it, in any of the usual ways?
takes() {
	as "$1" perl -MSocket -e '
		for my $family (PF_INET, PF_INET6) { for my $option (0, SO_REUSEADDR, 15) { # and SO_REUSEPORT
			socket my $s, $family, SOCK_STREAM, 0 or next;
			setsockopt $s, SOL_SOCKET, $option, 1 if $option;
			for my $address ($family == PF_INET
					? map { pack_sockaddr_in($ARGV[0], inet_aton($_)) } qw(0.0.0.0 127.0.0.1 10.98.0.1)
					: map { pack_sockaddr_in6($ARGV[0], Socket::inet_pton(AF_INET6, $_)) } qw(:: ::1)) {
				bind $s, $address and listen $s, 1 and exit 0 } } }
		exit 1' "$2"
}

CLEAN=$SNAPSHOT

# --- one port for all: who has it is named ---
squat bob 1204 listening
refused 4 "cannot listen on port 1204: it is taken by process $(cut -d' ' -f1 "$T_DIR/squat") \(perl\) of user id 2002; jobs need another sshdPort, or sshdPortRange\$" \
	"a port that a user has" up bad --sshd
leave
squat bob 1204 ipv6
refused 4 "cannot listen on port 1204: it is taken by process $(cut -d' ' -f1 "$T_DIR/squat") \(perl\) of user id 2002; " \
	"one that a user has for IPv6 only" up bad --sshd
leave
squat bob 1204 bound
refused 4 'cannot listen on port 1204: it is taken by a process that could not be found' \
	"a port that is bound and no more" up bad --sshd
leave
ok "a container with ssh" up slurm-12 --sshd
SNAPSHOT=$(snapshot)
refused 4 "port 1204: it is taken by container 'slurm-12'; jobs that share a node need sshdPortRange, or whole nodes\$" \
	"a port that another job has" shifterctl setup --id bad --image "local:$BUSYBOX" --user bob --sshd
refused 4 "port 1204: it is taken by container 'slurm-12'; ask for another port\$" \
	"a port that was asked for" up bad --sshd --port 1204
# --- while the job lives the port is its own ---
ok "sshd" serve slurm-12
not_ok "bob cannot have the port" takes bob 1204
not_ok "nor can alice" takes alice 1204
usher=$(field slurm-12 sshd_pid) keeper=$(field slurm-12 keeper_pid)
for user in alice bob; do
	for pid in $usher $keeper; do
		not_ok "$user cannot end the $(ps -o comm= -p "$pid")" as $user kill -9 "$pid"
	done
done
inside slurm-12 ssh node1 'echo in; sleep 600' >"$T_DIR/session" 2>/dev/null &
session=$!
ok "a session" wait_until 20 grep -q in "$T_DIR/session"
kill -9 "$usher" $(pgrep -P "$usher" -x shifter-usher) $(pgrep -u alice -x 'sshd|sshd-session')
wait $session 2>/dev/null
# nobody is left to end what came in: it would keep the image's loop device
kill -9 $(pgrep -u alice -x sleep)
no_ushers() { ! pgrep -x shifter-usher && ! pgrep -u alice sshd; }
ok "without usher and sshds" wait_until 20 no_ushers
is "$(state_of slurm-12)" ready "the container lives"
not_ok "bob cannot have the port then" takes bob 1204
not_ok "nor can alice" takes alice 1204
ok "teardown" down slurm-12
ok "afterwards he can" takes bob 1204

# --- a port for each: jobs that share a node ---
conf 'sshdPortRange = "30000-30999"'
ok "alice's job" up slurm-4711 --sshd
ok "with sshd" serve slurm-4711
ok "bob's job" shifterctl setup --id slurm-4712 --image "local:$BUSYBOX" --user bob --sshd
ok "with sshd" serve slurm-4712 bob
port=$(field slurm-4711 sshd_port)
like "$port" '^30[0-9]{3}$' "a port of the range"
is "$(field slurm-4712 sshd_port)" $(((port - 30000 + 1) % 1000 + 30000)) "the next job's is the next"
is "$(inside slurm-4711 ssh node1 'id -un; ssh node2 id -un')" $'alice\nalice' "ssh goes from node to node in alice's"
is "$(as bob shifter --container=slurm-4712 -- ssh node2 'id -un; ssh node1 id -un')" $'bob\nbob' "and in bob's"
SNAPSHOT=$(snapshot)
refused 4 "port $port: it is taken by container 'slurm-4711'; sshdPortRange has to be larger\$" \
	"jobs whose numbers are the size of the range apart" up slurm-5711 --sshd
ok "one that asks for a port gets that" up other --sshd --port 1204
is "$(field other sshd_port)" 1204 "and no other"
ok "teardown" down slurm-4711 slurm-4712 other
SNAPSHOT=$CLEAN
squat bob "$port" listening
refused 4 "port $port: .* process [0-9]+ \(perl\) of user id 2002; sshdPortRange has to be where nobody else has ports\$" \
	"a port of the range that a user has" up slurm-4711 --sshd
leave

# the same id on another node: that is a node of the same job
other_node() { unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"; }
ok "on another node" other_node shifterctl setup --id slurm-4711 --image "local:$BUSYBOX" --user alice --sshd
is "$(field slurm-4711 sshd_port)" "$port" "the job has the same port"
ok "teardown" down slurm-4711

# --- ports that are the kernel's to give ---
echo '32768 60999' >/proc/sys/net/ipv4/ip_local_port_range
conf 'sshdPortRange = "32000-32999"'
refused 4 'sshdPortRange 32000-32999: it overlaps 32768-60999, the ip_local_port_range of this node' \
	"a range that overlaps the kernel's" up bad --sshd
ok "is no matter without sshd" up nossh
ok "nor for a port of one's own" up own --sshd --port 1204
ok "teardown" down nossh own
echo '40000 60999' >/proc/sys/net/ipv4/ip_local_port_range
ok "nor when the kernel's is elsewhere" up good --sshd
ok "teardown" down good
conf 'sshdPortRange = "2-1"'
refused 4 'sshdPortRange must be a range of ports, as 30000-30999, within 1-65535, not .2-1' \
	"a range that is none" up bad --sshd
unchanged "nothing is left"
done_testing
