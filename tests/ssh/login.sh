#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# login.sh - ssh from container to container of one user, here on two addresses of one host
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

ok "a container" up a --sshd
ok "sshd" serve a
is "$(state_of a)" serving "it is listed as serving"
for node in node1 node2; do
	is "$(inside a ssh $node cat /etc/container-marker)" 'libshifter demo image' "ssh $node: in the container"
	is "$(inside a ssh $node id -un)" alice "ssh $node: as alice"
	exits 7 "ssh $node: the exit status" inside a ssh $node 'exit 7'
done
exits 127 "a command that is none" inside a ssh node1 no-such-command
is "$(inside a ssh node2 ssh node1 ssh node2 id -u)" 2001 "a chain of hops"
is "$(inside a ssh node2 'echo out; echo err >&2' 2>/dev/null)" out "output and errors are apart"
like "$(inside a ssh -tt node2 tty 2>&1)" '/dev/pts/' "a terminal"
is "$(inside a sh -c 'readlink /proc/self/ns/mnt')" "$(inside a ssh node2 readlink /proc/self/ns/mnt)" \
	"the same mount namespace as shifter's"

like "$(inside a ssh -v node2 true 2>&1)" 'kex: algorithm: curve25519-sha256' "keys are agreed on in the fastest way"
like "$(inside a ssh -v -o KexAlgorithms=ecdh-sha2-nistp256 node2 true 2>&1)" 'kex: algorithm: ecdh-sha2-nistp256' \
	"unless the user wants another"

# --- what the session is ---
status=$(inside a ssh node2 cat /proc/self/status)
is "$(awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }' <<<"$status")" $'2001 2001 2001 2001\n2001 2001 2001 2001' \
	"the ids, all of them"
is "$(awk '/^Groups:/ { print $2, $3, $4 }' <<<"$status")" '2001 2100 ' "the groups"
is "$(awk '/^Cap/ { print $2 }' <<<"$status" | sort -u)" 0000000000000000 "no capabilities in any set"
is "$(awk '/^NoNewPrivs:/ { print $2 }' <<<"$status")" 1 "no_new_privs"
is "$(inside a ssh node2 'ls /proc/self/fd' | wc -l)" 4 "no descriptors but the three and ls's own"

# --- data ---
head -c 1048576 /dev/urandom >/home/alice/data
sum=$(sha256sum </home/alice/data)
is "$(as alice shifter --container=a ssh node2 cat </home/alice/data | sha256sum)" "$sum" \
	"1 MB of binary data there and back"
ok "scp there" inside a scp -q /home/alice/data node2:/tmp/copy
is "$(sha256sum </tmp/copy)" "$sum" "arrives"
ok "scp back" inside a scp -q node1:/tmp/copy /home/alice/back
is "$(sha256sum </home/alice/back)" "$sum" "and returns"
is "$(printf 'get /tmp/copy /home/alice/sftp\n' | as alice shifter --container=a sftp -q -b - node2 >/dev/null 2>&1
	sha256sum </home/alice/sftp)" "$sum" "sftp"
pids=() bad=0
for ((i = 0; i < 10; i++)); do inside a ssh node2 true & pids+=($!); done
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "10 logins at once"

# --- the processes of ours ---
for p in "$(field a keeper_pid)" "$(field a sshd_pid)"; do
	like "$p" '^[1-9]' "the process is known"
	is "$(ps -o user= -p "$p")" root "it is root's"
	not_ok "alice cannot signal it" as alice kill -0 "$p"
	not_ok "bob cannot signal it" as bob kill -0 "$p"
	not_ok "alice cannot look into it" as alice ls "/proc/$p/fd"
done

# --- a server with a name that is not in order ---
ok "a container on one address" eval 'down a && up a --sshd --listen 10.98.0.1 && serve a'
is "$(inside a ssh node1 id -un)" alice "is reached there"
exits 255 "and not at the other" inside a ssh node2 id
ok "bob's container takes that" shifterctl setup --id b --image busybox --user bob --sshd --listen 10.98.0.2
ok "with his sshd" serve b bob
exits 255 "alice's ssh does not talk to it" inside a ssh node2 id
like "$T_OUT" '[Hh]ost key|verification' "because of its host key"
unlike "$T_OUT" 'bob' "nor gets in"
ok "alice's other job takes its place" eval 'down b && up c --sshd --listen 10.98.0.2 && serve c'
exits 255 "which is not this job's host either" inside a ssh node2 id
ok "teardown" down a b c
unchanged "nothing is left"
done_testing
