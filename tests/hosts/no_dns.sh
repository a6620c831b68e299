#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# no_dns.sh - nothing that a job's start or end does asks a name server, which ten thousand nodes would at once
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# A name server that writes down who is asked for, and answers that there is no such name.
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 53, Proto => "udp") or die "$!\n";
	$| = 1; print "ready\n";
	while ($s->recv(my $packet, 4096)) {
		print "asked for ", substr($packet, 12) =~ s/[^\w-]+/./gr, "\n";
		$s->send(substr($packet, 0, 2) . pack("n*", 0x8183, 1, 0, 0, 0) . substr($packet, 12));
	}' >"$T_DIR/asked" 2>"$T_DIR/words" &
server=$!
on_exit kill $server
ok "a name server" wait_until 10 grep -q ready "$T_DIR/asked"
echo 'nameserver 127.0.0.1' >"$T_DIR/resolv.conf" && echo 'hosts: dns files' >"$T_DIR/nsswitch.conf" &&
	sed 's/^hosts:.*//' /etc/nsswitch.conf >>"$T_DIR/nsswitch.conf" &&
	mount --bind "$T_DIR/resolv.conf" "$(readlink -f /etc/resolv.conf)" &&
	mount --bind "$T_DIR/nsswitch.conf" "$(readlink -f /etc/nsswitch.conf)" || exit 1
SNAPSHOT=$(snapshot)
asked() { grep -c 'asked for' "$T_DIR/asked"; }
getent ahosts control.test >/dev/null
ok "which programs of this host ask: $(asked) times" test "$(asked)" -gt 0
before=$(asked)

nothing() { # nothing DESC: nobody has asked since
	is "$(tail -n +"$((before + 2))" "$T_DIR/asked")" "" "$1"
	before=$(asked)
}
KEY=$(as alice shifterctl key) || exit 1
nothing "making the user's key asks for nothing"
ok "a container" up a --sshd
nothing "nor does its set-up"
ok "sshd" shifterctl sshd a --principal udi.test.a --user-key "$KEY"
nothing "nor its sshd"
ok "hosts, some of which nobody knows" shifterctl hostsfile a --slurm 'node[1-2],nowhere[001-100]' --slots '2(x102)'
nothing "nor their files"
is "$(inside a sh -c 'wc -l </var/hostsfile')" 204 "which have them all"
is "$(inside a ssh node2 echo in)" in "a login"
nothing "nor does a login to a host of the job, on either side"
ok "teardown" down a
nothing "nor the end"
getent ahosts control2.test >/dev/null
ok "the name server was there all the time" test "$(asked)" -gt "$before"
unchanged "nothing is left"
done_testing
