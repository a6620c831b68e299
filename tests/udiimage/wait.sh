#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# udi-wait against a server that behaves in every way that it must tell apart, in namespaces of
# its own.  As root.
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}

# The network, /etc/hosts and resolv.conf are this test's own, and so are all its processes.
if [ "${1-}" != --inside ]; then
	exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
		"$0" --inside
fi
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/udi-wait.XXXXXX") || exit 1
on_exit rm -rf "$tmp"
mkdir "$tmp/run" && cp -a /etc "$tmp/etc" && mount --bind "$tmp/etc" /etc || exit 1
on_exit umount /etc
ip link set lo up || exit 1
principal=udi.test.1.0123456789abcdef
printf '127.0.0.1 localhost\n127.0.0.1\tnode1 node1.cluster # a comment: node9\n127.0.0.12 Node2\n' >/etc/hosts
printf '::1 both\n127.0.0.13 both\n' >>/etc/hosts
printf 'nameserver 127.0.0.53\n' >"$tmp/resolv.conf" && rm -f /etc/resolv.conf && cp "$tmp/resolv.conf" /etc/ || exit 1
printf 'hosts: hostile\n' >/etc/nsswitch.conf

wait_program=$tmp/udi-wait
wrap=-Wl,--wrap=connect,--wrap=accept,--wrap=listen,--wrap=setlocale,--wrap=execve
# The linker warns of getaddrinfo() in every static program; udi_openssh.c is the answer to that.
${CC:-cc} -std=gnu11 -O2 -static "$wrap" -DUDI_RUN="\"$tmp/run\"" -DUDI_PREFIX='"/none"' \
	-I"$src/lib" -o "$wait_program" "$src"/udiImage/{udi_wait,udi_names,udi_openssh}.c \
	"$src"/lib/base/{caller,environ}.c 2>"$tmp/log" || { cat "$tmp/log"; exit 1; }

hosts() {
	printf '%s\n' "$@" >"$tmp/run/hosts.unique"
}

conf() {
	printf '%s\n' "$@" >"$tmp/run/wait.conf"
}

# ended STATUS TEXT DESCRIPTION ARGUMENT... - exit status and all that udi-wait says
ended() {
	local status=$1 text=$2 description=$3 said
	shift 3
	said=$("$wait_program" "$@" 2>&1)
	is "$?: $said" "$status: $text" "$description"
}

server() {
	perl "$src/tests/udiimage/wait-server.pl" "$tmp/ready" "$tmp/peak" "$principal"
}

# ---- what is wrong with the call

conf "port 1204" "principal $principal"
ended 2 "udi-wait: cannot read '$tmp/run/hosts.unique': No such file or directory" "no hosts file"
hosts "" " "
ended 2 "udi-wait: cannot wait for the hosts in '$tmp/run/hosts.unique': it names none" "no host in it"
hosts node1 "node1 node2"
ended 2 "udi-wait: cannot use line 2 of '$tmp/run/hosts.unique': not one host name" "two names on a line"
hosts node1 '$(reboot)'
ended 2 "udi-wait: cannot use line 2 of '$tmp/run/hosts.unique': not one host name" "no name of a host"
hosts node1
for timeout in x -1 "" 1x nan inf 86401; do
	ended 2 "udi-wait: cannot use '$timeout' as the timeout: not seconds in 0..86400" \
		"the timeout '$timeout'" --timeout="$timeout"
done
for port in 0 65536 x -5 99999999999999999999; do
	ended 2 "udi-wait: cannot use '$port' as the port: not in 1..65535" "the port '$port'" --port="$port"
done
ended 2 "udi-wait: cannot use 'a b' as the principal: too long, or not printable in one word" \
	"a principal of two words" --principal 'a b'
exits 2 "an unknown option" "$wait_program" --frobnicate
exits 2 "an argument" "$wait_program" node1
conf "port 1204" "colour blue"
ended 2 "udi-wait: cannot use line 2 of '$tmp/run/wait.conf': neither port nor principal" "an unknown word"
conf "port 70000"
ended 2 "udi-wait: cannot use line 1 of '$tmp/run/wait.conf': the port is not in 1..65535" "a port that is none"
conf "port"
ended 2 "udi-wait: cannot use line 1 of '$tmp/run/wait.conf': not of the form NAME VALUE" "a line without value"
rm "$tmp/run/wait.conf"
like "$("$wait_program" 2>&1)" "cannot tell the port: neither --port nor '$tmp/run/wait.conf' names it" "no port"
exits 0 "--help" "$wait_program" --help

# ---- nobody there, then somebody

conf "# written by the runtime" "port 1204" "principal $principal"
ended 1 "node1: no answer on port 1204: Connection refused" "nobody listens" --timeout 0.3
started=$(date +%s%N)
"$wait_program" --timeout 30 2>"$tmp/late" &
late=$!
poll_ready() {
	[ -e "$tmp/ready" ]
}
is_waiting() {
	[ -d "/proc/$late" ]
}
ok "it waits" is_waiting
server &
on_exit kill $!
ok "a server comes" wait_until 10 poll_ready
wait "$late"
is "$?: $(cat "$tmp/late")" "0: " "a host that comes up late is waited for"
took_ms=$((($(date +%s%N) - started) / 1000000))
ok "and found within the back-off of a second ($took_ms ms)" test "$took_ms" -lt 5000

# ---- names

hosts node1 NODE1.cluster node2 localhost 127.0.0.9
ended 0 "" "names of /etc/hosts in any case, and addresses"
hosts in-the-dns in-the-dns.
ended 0 "" "a name of the DNS, whatever the image's nsswitch.conf says" --timeout 20
hosts both
ended 0 "" "of two addresses one answers"
hosts node9 node1
ended 1 "node9: cannot resolve: Name or service not known" "a name that nobody knows, without waiting" --timeout 30
printf 'nameserver 127.0.0.54\noptions timeout:30\n' >/etc/resolv.conf
hosts node1 lost1 lost2
started=$(date +%s%N)
ended 1 "lost1: cannot resolve: Connection timed out
lost2: cannot resolve: Connection timed out" "a DNS that does not answer" --timeout 0.5
took_ms=$((($(date +%s%N) - started) / 1000000))
ok "does not outlast the deadline ($took_ms ms)" test "$took_ms" -lt 3000
no_process_left() {
	local exe
	for exe in /proc/[0-9]*/exe; do
		[ "$(readlink "$exe")" != "$wait_program" ] || { echo "$exe"; return 1; }
	done
}
ok "no resolver is left" no_process_left
"$wait_program" --timeout 60 2>/dev/null &
killed=$!
disown
has_workers() {
	[ -n "$(cat "/proc/$killed/task/$killed/children")" ]
}
ok "its resolvers run" wait_until 10 has_workers
kill -9 "$killed"
ok "and die with it" wait_until 10 no_process_left

# ---- answers

hosts 127.0.0.7
ended 0 "" "a banner in two parts"
hosts 127.0.0.2 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.8 ::1 127.0.0.1
ended 1 "127.0.0.2: port 1204 answers for another job
127.0.0.4: no answer on port 1204: connected, but no banner
127.0.0.5: port 1204 is not answered by an sshd
127.0.0.6: no answer on port 1204: connection closed without a banner
127.0.0.8: port 1204 answers for another job
::1: no answer on port 1204: Connection refused" "each failure is told from the others" --timeout 0.7
hosts 127.0.0.2 127.0.0.8
ended 0 "" "without a principal any sshd will do" --principal ""
ended 1 "127.0.0.2: port 1204 answers for another job
127.0.0.8: port 1204 answers for another job" "an end of the principal is not it" \
	--timeout 0.2 --principal "${principal:4}"
hosts 127.0.0.1
ended 1 "127.0.0.1: no answer on port 9: Connection refused" "another port" --port 9 --timeout 0.2
printf '127.0.0.1\r\n\n  127.0.0.9  ' >"$tmp/other"
ended 0 "" "another file, with blanks and without its last newline" --hosts "$tmp/other"

# ---- many

for ((i = 0; i < 25; i++)); do
	echo "127.0.$i.2"
done >"$tmp/run/hosts.unique"
said=$("$wait_program" --timeout 0.5 2>&1)
is "$(wc -l <<<"$said") $(tail -n 1 <<<"$said")" "21 and 5 more hosts" "20 are named, the others counted"
for ((i = 0; i < 600; i++)); do
	echo "127.1.$((i / 100)).$((100 + i % 100))"
done >"$tmp/run/hosts.unique"
ended 0 "" "600 hosts" --timeout 30
peak=$(cat "$tmp/peak")
ok "up to 256 at once ($peak)" test "$peak" -gt 64 -a "$peak" -le 256
few_descriptors() {
	(ulimit -n 20 && "$wait_program" --timeout 30)
}
ok "600 hosts with 20 descriptors" few_descriptors
{ seq -f '127.2.0.%g' 100 139; echo 127.0.0.4; } >"$tmp/run/hosts.unique"
one_at_a_time() {
	(ulimit -n 8 && "$wait_program" --timeout 8)
}
exits 1 "one that hangs does not keep the last slot for itself" one_at_a_time
is "$T_OUT" "127.0.0.4: no answer on port 1204: connected, but no banner" "and is the only one named"

done_testing
