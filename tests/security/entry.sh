#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# entry.sh - who reaches the keeper and the port, and what the end of a container does not reach
# (rows 6 to 10 of SECURITY.md)
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

key=$(as alice shifterctl key)
alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! alive "$1"; }

# --- the keeper answers root, even when its socket lies open ---
ask() { # ask [CMD...]: how many bytes the keeper of "a" says when it is asked who it is
	"$@" perl -MSocket -e '$SIG{ALRM} = "DEFAULT"; alarm 10; socket S, PF_UNIX, SOCK_SEQPACKET, 0 or die;
		connect S, sockaddr_un("/run/shifter/a/keeper") or exit print "closed"; send S, pack("LLl", 1, 0, 0), 0;
		recv S, my $said, 4096, 0; print length $said' 2>/dev/null
}
ok "a container" up a --sshd
like "$(ask)" '^[1-9][0-9]+$' "root gets an answer of the keeper"
is "$(ask as alice)" closed "its owner does not reach it"
chmod 711 /run/shifter /run/shifter/a; chmod 777 /run/shifter/a/keeper
is "$(ask as alice)" 0 "nor gets an answer when modes let her"
exits 125 "nor does bob get in" as bob shifter --container=a -- id
chmod 700 /run/shifter /run/shifter/a

# --- the port is the job's from set-up to teardown, whoever else comes first or later ---
# FAMILY ADDRESS [LATER]: 0 if bob can bind the port and listen; LATER, he listens when told to
bind='use Socket qw(:all); my ($family, $address, $later) = @ARGV; $| = 1;
	socket S, $family, SOCK_STREAM, 0 or exit 9; setsockopt S, SOL_SOCKET, SO_REUSEADDR, 1; setsockopt S, SOL_SOCKET, SO_REUSEPORT, 1;
	setsockopt S, IPPROTO_IPV6, IPV6_V6ONLY, 1 if $family == AF_INET6; $address = inet_pton($family, $address);
	bind S, $family == AF_INET6 ? pack_sockaddr_in6(1204, $address) : pack_sockaddr_in(1204, $address) or exit 1;
	print "bound $$\n"; if ($later) { <STDIN> }; listen S, 5 or exit 2; print "listens\n"; sleep 60 if $later'
end_squatter() { # it is a child of $squatter, a shell
	exec 8>&-
	kill "$(awk '{ print $2; exit }' "$T_DIR/bound")" 2>/dev/null
	wait $squatter 2>/dev/null
}
unbindable() {
	exits 1 "$1: nobody else gets the port by IPv4" as bob perl -e "$bind" 2 0.0.0.0
	exits 1 "$1: nor one address of it" as bob perl -e "$bind" 2 10.98.0.2
	exits 1 "$1: nor by IPv6" as bob perl -e "$bind" 10 ::
}
unbindable "before sshd is started"
ok "sshd" serve a
unbindable "while it serves"
usher=$(field a sshd_pid)
kill -9 "$usher"
ok "it has been killed" wait_until 5 gone "$usher"
unbindable "when it has been killed"
ok "teardown" down a
unchanged "nothing is left"
for where in '2 0.0.0.0' '2 10.98.0.2' '10 ::'; do
	mkfifo "$T_DIR/go"
	# shellcheck disable=SC2086
	as bob perl -e "$bind" $where later <"$T_DIR/go" >"$T_DIR/bound" 2>/dev/null & squatter=$!
	exec 8>"$T_DIR/go"
	ok "somebody binds $where" wait_until 5 grep -q bound "$T_DIR/bound"
	echo >&8
	ok "and listens" wait_until 5 grep -q listens "$T_DIR/bound"
	refused '[3-5]' 'port 1204: it is taken' "a set-up then fails" up bad --sshd
	end_squatter; rm "$T_DIR/go"
done
mkfifo "$T_DIR/go"
as bob perl -e "$bind" 2 10.98.0.2 later <"$T_DIR/go" >"$T_DIR/bound" 2>/dev/null & squatter=$!
exec 8>"$T_DIR/go"
ok "somebody has bound one address and waits" wait_until 5 grep -q bound "$T_DIR/bound"
if up a --sshd 2>/dev/null; then
	echo >&8
	exec 8>&-
	wait $squatter
	is $? 2 "who comes second does not get to listen"
	ok "teardown again" down a
else
	pass "a set-up then fails, too"
fi
end_squatter
unchanged "nothing is left of that"

# --- the end of a container is not somebody else's, nor one without a deadline ---
printf 'imagePath = "%s"\nteardownTimeout = 2\n' $IMG >/etc/shifter/udiRoot.conf
ok "a container whose keeper and usher die" eval 'up a --sshd && serve a'
keeper=$(field a keeper_pid) usher=$(field a sshd_pid)
kill -9 "$usher" "$keeper"
ok "they are gone" wait_until 5 eval 'gone "$keeper" && gone "$usher"'
sleep 71301 & other=$!
sed -i "s/^\(keeper\|usher\)_pid .*/\1_pid $other/" /run/shifter/a/record
ok "teardown when another process has their number" down a
ok "leaves that one alone" alive $other
kill $other; wait $other 2>/dev/null
unchanged "nothing is left of theirs"
ok "a container whose usher is stopped" eval 'up a --sshd && serve a'
kill -STOP "$(field a sshd_pid)"
ok "is torn down, as that of a suspended job" timeout 60 shifterctl teardown a
unchanged "nothing is left of that, too"
ok "a container" up a
mkdir -p /kept/deep && echo kept >/kept/deep/file && mkdir -p /run/shifter/a/stage && mount --bind /kept /run/shifter/a/stage
t_run down a
like "$T_RC $T_OUT" "^5 .*cannot remove" "a mount in its state is not gone through"
is "$(cat /kept/deep/file)" kept "what is behind it stays"
umount /run/shifter/a/stage
ok "without it the teardown ends" down a
unchanged "nothing is left at its end"

# --- a program that acts as the user does not survive who asked for it ---
cp -a /usr/libexec/shifter/opt/udiImage $IMG/udi &&
	${CC:-cc} -static -x c -o $IMG/udi/libexec/udi-host-key - <<<'#include <unistd.h>
int main(void) { for (;;) pause(); }'
printf 'imagePath = "%s"\nudiImagePath = "%s"\n' $IMG $IMG/udi >/etc/shifter/udiRoot.conf
maker() { pgrep -u alice -x udi-host-key; }       # it is hers from shortly before it is executed
no_maker() { ! maker; }
ok "a container whose host key takes its time" up a --sshd
shifterctl sshd a --principal udi.test.a --user-key "$key" >/dev/null 2>&1 & p=$!
ok "it is being made" wait_until 10 maker
# it is not in the job's cgroups, whatever they are: code of hers would run outside of them
not_ok "by what alice can neither look into nor trace" as alice ls "/proc/$(maker)/fd"
kill -9 $p; wait $p 2>/dev/null
ok "that ends with who wants it" wait_until 5 no_maker
for p in $(maker); do kill -9 "$p"; done
ok "the end" down a
unchanged "nothing is left of all"
done_testing
