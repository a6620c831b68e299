#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# forwarding.sh - what a session may carry besides itself, and what of the user's home sshd runs
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

UDI=$IMG/udi
cp -a /usr/libexec/shifter/opt/udiImage $UDI || exit 1
printf 'imagePath = "%s"\nudiImagePath = "%s"\n' $IMG $UDI >/etc/shifter/udiRoot.conf

outside() { # outside OPTION...: alice's ssh of the host, which asks for what it is told
	as alice env DISPLAY=:0 SSH_AUTH_SOCK="$agent" timeout 60 "$SSH" -F none -p 1204 -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes \
		-i /home/alice/mine -o ExitOnForwardFailure=yes alice@node1 "$@"
}
# a server of the node that a forwarded connection reaches
cat >"$T_DIR/hello" <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 7001, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { print $c "hello from the job\n"; close $c }
END
perl "$T_DIR/hello" &
hello=$!
on_exit kill $hello
reads() { # reads PORT: what the server at this port says
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0], Timeout => 10)
		or exit 1; print scalar <$s> // ""' "$1"
}
reads_hello() { [ "$(reads "$1")" = 'hello from the job' ]; }
ok "a server" wait_until 10 reads_hello 7001

as alice shifterctl key >/dev/null && install -o alice -g alice -m 600 /home/alice/.udiRoot/id_ed25519 /home/alice/mine
agent=/home/alice/agent
as alice ssh-agent -D -a $agent >/dev/null &
on_exit kill $!
ok "an agent" wait_until 10 test -S $agent

# --- what stands in the user's home ---
as alice install -d -m 700 /home/alice/.ssh
echo 'touch /tmp/rc-ran' | as alice tee /home/alice/.ssh/rc >/dev/null
echo 'FROM_HOME=1' | as alice tee /home/alice/.ssh/environment >/dev/null
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/other
as alice cp /home/alice/other.pub /home/alice/.ssh/authorized_keys

ok "a container" up a --sshd
ok "sshd" serve a
ok "a session" outside true
not_ok "does not run ~/.ssh/rc" test -e /tmp/rc-ran
is "$(outside 'echo $FROM_HOME')" '' "nor reads ~/.ssh/environment"
exits 255 "another key of the same user, listed in ~/.ssh/authorized_keys" as alice "$SSH" -F none -p 1204 \
	-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes \
	-i /home/alice/other alice@node1 true
like "$T_OUT" 'Permission denied \(publickey\)' "is refused"

# --- refused by default ---
is "$(outside -A 'echo "$SSH_AUTH_SOCK"' 2>/dev/null)" '' "no agent is forwarded"
is "$(outside -X 'echo "$DISPLAY"' 2>/dev/null)" '' "no display"
is "$(outside -Y 'echo "$DISPLAY"' 2>/dev/null)" '' "nor one without bounds"
exits 255 "no remote port" outside -R 7002:127.0.0.1:7001 true
exits 255 "no remote socket" outside -R /tmp/remote.sock:127.0.0.1:7001 true
exits 255 "no standard input to a port" outside -W 127.0.0.1:7001
like "$T_OUT" 'administratively prohibited|forwarding failed|open failed' "by the server"
exits 255 "no tunnel" outside -w 7:7 true
# an option of ssh's own master tells when a local forwarding is there
local_forward() { # local_forward PORT DESTINATION: leaves a master
	outside -M -S /home/alice/master -f -N -L "$1:$2"
}
end_master() { as alice "$SSH" -F none -S /home/alice/master -O exit alice@node1 2>/dev/null; }
ok "a local forwarding is asked for" local_forward 7003 127.0.0.1:7001
is "$(reads 7003)" '' "and nothing comes through"
end_master

# --- files, by all ways ---
head -c 300000 /dev/urandom >/home/alice/data && chown alice /home/alice/data
sum=$(sha256sum </home/alice/data)
for how in '' -O; do
	ok "scp $how" inside a scp -q $how /home/alice/data node2:/tmp/copy
	is "$(sha256sum </tmp/copy)" "$sum" "arrives"
	rm -f /tmp/copy
done
is "$(printf 'get /home/alice/data /tmp/copy\n' | as alice shifter --container=a sftp -q -b - node2 >/dev/null 2>&1
	sha256sum </tmp/copy)" "$sum" "sftp"
down a

# --- where the site allows it ---
sed -i 's/^AllowTcpForwarding no/AllowTcpForwarding yes/; s/^AllowAgentForwarding no/AllowAgentForwarding yes/' \
	$UDI/etc/sshd_config
ok "a container of a site that allows TCP and agents" up a --sshd
ok "sshd" serve a
ok "a local forwarding" local_forward 7003 127.0.0.1:7001
is "$(reads 7003)" 'hello from the job' "reaches into the job"
end_master
is "$(outside -W 127.0.0.1:7001 </dev/null)" 'hello from the job' "so does standard input"
is "$(outside -R 7002:127.0.0.1:7001 'exec 3<>/dev/tcp/127.0.0.1/7002; head -n 1 <&3' 2>/dev/null ||
	outside -R 7002:127.0.0.1:7001 'nc 127.0.0.1 7002 </dev/null | head -n 1')" 'hello from the job' \
	"a remote one reaches out"
like "$(outside -A 'echo "$SSH_AUTH_SOCK"')" '^/' "an agent is forwarded"
exits 255 "no remote socket, which the site did not allow" outside -R /tmp/remote.sock:127.0.0.1:7001 true
exits 255 "nor a tunnel" outside -w 7:7 true
down a
done_testing
