#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# listen.sh - where sshd listens, and homes that do not answer
# shellcheck disable=SC2016,SC2317          # other shells expand; called by name
set -u
# shellcheck source=tests/container/sandboxed.bash
. "$(dirname "$(readlink -f "$0")")/../container/sandboxed.bash" || exit 1

conf=/etc/shifter/udiRoot.conf
listens() { ss -Hltn "sport = :1204" | awk '{print $4}' | sort | tr '\n' ' '; }

# --- addresses ---
setup l1 --sshd
is "$(listens)" '0.0.0.0:1204 [::]:1204 ' "everywhere by default"
shifterctl teardown l1
is "$(listens)" '' "the port is free after teardown"
printf 'sshdListen = { "10.98.0.2", "fd00::/8" }\nuserTimeout = 2\n' >>"$conf"
setup l2 --sshd
is "$(listens)" '10.98.0.2:1204 ' "only on the site's networks"
ok "sshd is found there" serve l2
shifterctl hostsfile l2 --slurm node2
is "$(inside l2 ssh node2 id -un)" alice "and serves there"
setup l3 --sshd --listen 10.98.0.1
is "$(listens)" '10.98.0.1:1204 10.98.0.2:1204 ' "on the address that the caller names"
shifterctl teardown l2
shifterctl teardown l3
sed -i 's/^sshdListen.*/sshdListen = "192.0.2.0\/24"/' "$conf"
said=$(setup l4 --sshd 2>&1)
is $? 4 "networks that the node is not in: the site's fault"
like "$said" 'no address in the networks of sshdListen' "and the reason"
is "$(shifterctl list | grep -c l4)" 0 "nothing is left of it"
sed -i '/^sshdListen/d' "$conf"

# --- a cluster that has IPv6 alone ---
ip addr add fd00:98::1/64 dev lo nodad && ip addr add fd00:98::2/64 dev lo nodad || exit 1
echo 'sshdListen = "fd00:98::/64"' >>"$conf"
printf '%s\n' 'fd00:98::1 six1' 'fd00:98::2 six2' >/tmp/addresses
setup l6 --sshd
is "$(listens)" '[fd00:98::1]:1204 [fd00:98::2]:1204 ' "networks of IPv6"
ok "sshd is found there" serve l6
shifterctl hostsfile l6 --slurm 'six[1-2]' --addresses /tmp/addresses
like "$(inside l6 ssh six1 'ssh six2 "echo \$SSH_CONNECTION"')" '^fd00:98::[12] [0-9]+ fd00:98::2 1204$' "ssh goes from node to node"
for name in six1 fd00:98::2; do
	is "$(inside l6 ssh "$name" id -un)" alice "ssh to $name"
done
is "$(inside l6 ssh -l alice six2 cat /etc/container-marker)" "libshifter demo image" "it is the container"
inside l6 sh -c 'echo six >/tmp/six' && inside l6 scp -q /tmp/six '[fd00:98::2]:/tmp/copy'
is "$(inside l6 cat /tmp/copy)" six "scp to an address"
ok "the barrier" inside l6 shifter wait --timeout 10
shifterctl teardown l6
sed -i '/^sshdListen/d' "$conf"

# --- a home whose file system does not answer ---
mkdir -p /run/node /run/slow
mount -t tmpfs tmpfs /run/node
mknod -m 666 /run/node/fuse c 10 229 && mount --bind /run/node/fuse /dev/fuse
key=$(key_of alice)
setup l5 --sshd
chown alice:alice /run/slow && as alice bindfs -f -o nonempty --no-allow-other /run/slow /home/alice &
mounted() { findmnt -rn /home/alice; }
ok "the home is on a file system of alice's" wait_until 10 mounted
server=$(pgrep -x bindfs)
kill -STOP "$server"
start=$SECONDS
said=$(shifterctl sshd l5 --principal udi.test.l5.0 --user-key "$key" 2>&1)
is $? 3 "a home that hangs: the job's fault"
like "$said" 'did not answer within 2 s' "and the reason"
ok "it took a bounded time" test $((SECONDS - start)) -lt 8
kill -CONT "$server"
umount /home/alice
shifterctl teardown l5
is "$(traces | grep -E 'shifter-|sshd|^l[0-9]')" "" "nothing is left"
done_testing
