#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# syslog.sh - a line of the node's system log per connection, and the log of the job's sshd
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# syslogd FILE: what comes to /dev/log goes to FILE, a line each, until it is killed
syslogd() {
	perl -MIO::Socket::UNIX -e '
		unlink "/run/log";
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/run/log") or die $!;
		chmod 0666, "/run/log"; $| = 1; print "ready\n";
		print "$_\n" while defined $s->recv($_, 8192)' >"$1" &
	SYSLOGD=$!
}
stop_syslogd() { kill $SYSLOGD; wait $SYSLOGD 2>/dev/null; }
lines() { grep -c 'ssh connection from' "$1"; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
knock() { # knock N: that many connections of bob's, each closed before it says a word
	as bob perl -MIO::Socket::INET -e '
		IO::Socket::INET->new(PeerAddr => "10.98.0.1", PeerPort => 1204) or die $! for 1..shift' "$1"
}

ok "a container" up slurm-12 --sshd
ok "sshd" serve slurm-12
# the kernel has one device file system for all: a link in it would be the machine's
{ mkdir /run/dev && mount -t tmpfs -o mode=755 dev /run/dev && ln -s /run/log /run/dev/log &&
	cp -a /dev/{null,zero,full,random,urandom,tty,fd,stdin,stdout,stderr} /run/dev &&
	mount --bind /run/dev /dev; } || exit 1
syslogd "$T_DIR/log"
ok "a node with a syslogd" wait_until 10 grep -q ready "$T_DIR/log"
before=$(lines "$T_DIR/log")
is "$(inside slurm-12 ssh node1 id -un)" alice "alice logs in"
ok "there is a line of it" wait_until 10 has_lines "$T_DIR/log" $((before + 1))
line=$(grep 'ssh connection' "$T_DIR/log" | tail -n 1)
usher=$(field slurm-12 sshd_pid)
like "$line" "^<86>[A-Z][a-z]{2} [ 1-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] shifter-usher\[[0-9]+\]: " \
	"of facility authpriv, as syslog(3) writes it"
like "$line" 'container slurm-12: ssh connection from 10\.98\.0\.[12] port [0-9]+ for uid 2001$' \
	"with the job, the peer and the user"
pid=${line#*usher[}
is "$(ps -o user=,ppid= -p "${pid%%]*}" | tr -s ' ')" "root $usher" \
	"by a process of root's"
now=$(date +%s); then_=$(date -d "${line:4:15}" +%s)
ok "at this node's time" test $((now - then_)) -ge 0 -a $((now - then_)) -le 60
before=$(lines "$T_DIR/log")
ok "a peer that says nothing" knock 5
ok "is in it, too" wait_until 10 has_lines "$T_DIR/log" $((before + 5))
is "$(lines "$T_DIR/log")" $((before + 5)) "once each"

# --- a syslogd that is restarted, or absent ---
stop_syslogd
is "$(inside slurm-12 ssh node2 id -un)" alice "without a syslogd alice logs in"
syslogd "$T_DIR/log2"
ok "a syslogd that comes back" wait_until 10 grep -q ready "$T_DIR/log2"
is "$(inside slurm-12 ssh node2 id -un)" alice "alice logs in"
ok "is found, and hears of both" wait_until 20 has_lines "$T_DIR/log2" 2
stop_syslogd

# --- one that does not read ---
rm -f /run/log
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/run/log") or die $!;
	chmod 0666, "/run/log"; $| = 1; print "ready\n"; sleep 1 until -e "/run/go";
	$s->blocking(0);
	my $n = 0;
	for (1 .. 200) { while (defined $s->recv($_, 8192)) { print "$_\n" if /ssh conn|lost/ } select undef, undef, undef, .05 }' >"$T_DIR/log3" &
deaf=$!
ok "a syslogd that reads nothing" wait_until 10 grep -q ready "$T_DIR/log3"
as bob perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "/run/log") or die $!;
	$s->blocking(0); 1 while defined $s->send("<13>bob was here")'
start=$EPOCHREALTIME
is "$(inside slurm-12 ssh node1 id -un)" alice "with its socket full alice logs in"
ok "at once: $(elapsed "$start")" test "${EPOCHREALTIME%.*}" -lt $((${start%.*} + 10))
ok "a hundred more connections" knock 100
is "$(inside slurm-12 ssh node1 id -un)" alice "stall nobody"
touch /run/go
ok "when it reads again it has the lines" wait_until 20 has_lines "$T_DIR/log3" 60
ok "and how many were lost" wait_until 20 grep -q 'container slurm-12: [0-9]* lines about ssh connections were lost' "$T_DIR/log3"
kill $deaf; wait $deaf 2>/dev/null

# --- the log of the job's sshd ---
log=/run/shifter/sshd.log
like "$(inside slurm-12 cat $log)" 'Accepted publickey for alice from 10\.98\.0\.[12] port [0-9]+ ssh2' \
	"alice reads what her sshd says"
is "$(inside slurm-12 stat -c %a:%u $log)" 644:0 "it is root's"
not_ok "she cannot change it" inside slurm-12 sh -c ": >$log"
as bob perl -MIO::Socket::INET -e '
	for (1 .. 5) {
		my $s = IO::Socket::INET->new(PeerAddr => "10.98.0.1", PeerPort => 1204) or die $!;
		print $s "evil\x1b[2J\x07\xc3\xa9\x9b\r\n"; $s->flush; shutdown $s, 1;
		1 while sysread $s, my $x, 4096 }'
noticed() { inside slurm-12 grep -q 'invalid protocol identifier.*evil' $log; }
ok "what peers send gets there" wait_until 10 noticed
size() { inside slurm-12 sh -c "cat $log $log.1 2>/dev/null" | wc -c; }
inside slurm-12 ssh node1 'echo in; sleep 600' >"$T_DIR/session" 2>/dev/null &
session=$!
ok "a session" wait_until 20 grep -q in "$T_DIR/session"
daemon=$(pgrep -o -u alice -x 'sshd|sshd-session')
like "$(readlink "/proc/$daemon/fd/2")" 'pipe:' "whose sshd writes to the usher"
perl -e '$| = 1; print "word " x 20, "\x1b[2J\n" for 1 .. 30000' >"/proc/$daemon/fd/2"
kill $session; wait $session 2>/dev/null
ok "3 MB of words" wait_until 20 inside slurm-12 test -e $log.1
is "$(inside slurm-12 sh -c "cat $log $log.1" | LC_ALL=C tr -d '\n -~' | wc -c)" 0 "without control characters"
ok "the log is bounded: $(size) bytes" test "$(size)" -le 1100000
is "$(inside slurm-12 ssh node1 id -un)" alice "alice logs in"
last() { inside slurm-12 tail -n 30 $log | grep -q 'Accepted publickey for alice'; }
ok "and her latest login is in it" wait_until 10 last
{ umount -l /dev && umount -l /run/dev; } || exit 1
ok "teardown" down slurm-12
unchanged "nothing is left"
done_testing
