#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# multiplex.sh - sshMultiplex: sessions on one host over one connection, if the site wants that
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# what sshd says of the connection that a session came by: port of the client
port() { inside a ssh "$1" 'echo $SSH_CONNECTION' | cut -d' ' -f2; }
sockets() { inside a sh -c 'ls /run/user/2001' | grep -c '^ssh-'; }

ok "a container" up a --sshd
ok "sshd" serve a
first=$(port node2)
like "$first" '^[0-9]+$' "a session"
unlike "$(port node2)" "^$first\$" "the next has a connection of its own"
is "$(sockets)" 0 "no sockets by default"
exits 255 "no master to be asked" inside a ssh -O check node2
ok "teardown" down a

echo 'sshMultiplex = true' >>/etc/shifter/udiRoot.conf
is "$(shifterctl config sshMultiplex)" true "the switch"
ok "a container with multiplexing" up a --sshd
ok "sshd" serve a
first=$(port node2)
like "$first" '^[0-9]+$' "a session"
is "$(port node2)" "$first" "the next goes over the same connection"
ok "there is a master" inside a ssh -O check node2
unlike "$(port node1)" "^$first\$" "another host has another"
is "$(sockets)" 2 "a socket for each"
is "$(inside a sh -c 'stat -c %a:%u /run/user/2001 /run/user/2001/ssh-*' | sort -u | tr '\n' ' ')" '600:2001 700:2001 ' "that nobody else gets at"
exits 7 "exit statuses" inside a ssh node2 'exit 7'
is "$(inside a ssh node2 'echo out; echo err >&2' 2>/dev/null)" out "output and errors are apart"
head -c 300000 /dev/urandom >/home/alice/data
ok "scp" inside a scp -q /home/alice/data node2:/tmp/copy
is "$(sha256sum </tmp/copy)" "$(sha256sum </home/alice/data)" "data are the same"
like "$(inside a ssh -tt node2 tty 2>&1)" '/dev/pts/' "a terminal"
pids=() bad=0
for ((i = 0; i < 20; i++)); do inside a ssh node2 true & pids+=($!); done
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "20 sessions at once"
install -d -m 700 -o alice -g alice /home/alice/.ssh && printf 'Host *\nControlMaster no\nControlPath /nonexistent/x\n' >/home/alice/.ssh/config
is "$(port node2)" "$first" "whatever the user's own file says"
ok "teardown ends the masters" down a
unchanged "nothing is left"
done_testing
