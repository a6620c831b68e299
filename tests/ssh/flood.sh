#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# flood.sh - a neighbour's idle and garbage connections cost nobody a login, nor the job its memory
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

sshds() { pgrep -u alice sshd | wc -l; }
idle_gone() { [ "$(sshds)" = 0 ]; }
# flood N_IDLE N_GARBAGE ADDRESS WORDS: of bob's, from there; idle ones say WORDS, and stay
flood() {
	as bob perl -MIO::Socket::INET -e '
		my ($idle, $garbage, $from, $words) = @ARGV;
		my $new = sub { IO::Socket::INET->new(PeerAddr => "10.98.0.1", PeerPort => 1204,
			LocalAddr => $from, Timeout => 20) };
		my @idle;
		for (1 .. $idle) { my $s = $new->() or next; print $s $words; $s->flush; push @idle, $s }
		$| = 1; print scalar(@idle), " idle\n";
		my $sent = 0;
		for (1 .. $garbage) {
			my $s = $new->() or next;
			local $SIG{PIPE} = "IGNORE";
			print $s pack("C*", map { int rand 256 } 1 .. 200); $s->flush; $sent++;
		}
		print "$sent garbage\n"; sleep 600' "$@" >"$T_DIR/flood" &
	FLOOD=$!
}
stop_flood() { kill $FLOOD; wait $FLOOD 2>/dev/null; }
logins() { # logins N: of alice, from inside; how many get in
	local n=0 i
	for ((i = 0; i < $1; i++)); do
		[ "$(inside a timeout 30 ssh node1 echo in 2>/dev/null)" = in ] && n=$((n + 1))
	done
	echo $n
}

ok "a container" up a --sshd
ok "sshd" serve a

# alice comes from 10.98.0.1, since that is where she goes
flood 300 1000 10.98.0.2 ''
ok "bob holds 300 connections" wait_until 60 grep -qx '300 idle' "$T_DIR/flood"
start=$SECONDS
is "$(logins 20)" 20 "20 of 20 logins of alice's succeed meanwhile"
ok "in bounded time: $((SECONDS - start)) s" test $((SECONDS - start)) -le 60
ok "bob has sent garbage 1000 times" wait_until 60 grep -qx '1000 garbage' "$T_DIR/flood"
ok "for which the job has few sshds: $(sshds)" test "$(sshds)" -le 12
is "$(logins 3)" 3 "logins succeed afterwards"
stop_flood

# the same address as alice's
flood 300 100 10.98.0.1 ''
ok "bob does so from alice's address" wait_until 60 grep -qx '100 garbage' "$T_DIR/flood"
is "$(logins 5)" 5 "logins succeed"
stop_flood
ok "sshds of connections that have ended, end" wait_until 60 idle_gone

# those who speak as ssh does: a quarter of the places
flood 200 0 10.98.0.2 $'SSH-2.0-OpenSSH_9.2\r\n'
ok "bob's 200 speak first" wait_until 60 grep -qx '200 idle' "$T_DIR/flood"
is "$(logins 10)" 10 "logins succeed"
# each is a monitor and its child
ok "the job has few sshds: $(sshds)" test "$(sshds)" -le 70
stop_flood

# more than there is room for
flood 600 0 10.98.0.2 ''
ok "bob opens 600" wait_until 90 grep -q idle "$T_DIR/flood"
is "$(logins 5)" 5 "logins succeed"
descriptors=("/proc/$(pgrep -P "$(field a sshd_pid)" -x shifter-usher)"/fd/*)
ok "the usher holds no more than it can: ${#descriptors[@]}" test ${#descriptors[@]} -gt 100 -a ${#descriptors[@]} -le 560
stop_flood
ok "teardown" down a
unchanged "nothing is left"
done_testing
