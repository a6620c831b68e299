#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# client.sh - ssh inside a job: over the image's own, to all names of a host, whatever ~/.ssh/config says
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

UDI=/opt/udiImage/bin
mounts() { inside "$1" cat /proc/self/mountinfo | wc -l; }
forge() { # forge FILE: a program that is not ours
	printf '#!/bin/sh\necho not ours\n' >"$1" && chmod 755 "$1"
}
# forwarding as a site may allow it, for jumps
cp -a /usr/libexec/shifter/opt/udiImage $IMG/udi && printf 'udiImagePath = "%s"\n' $IMG/udi >>/etc/shifter/udiRoot.conf &&
	sed -i 's/^AllowTcpForwarding no/AllowTcpForwarding yes/' $IMG/udi/etc/sshd_config || exit 1

# --- an image with an ssh of its own ---
for d in own odd; do unsquashfs -q -n -d $IMG/$d $BUSYBOX >/dev/null && mkdir -p $IMG/$d/usr/local/bin $IMG/$d/etc/alternatives || exit 1; done
for p in ssh scp sftp ssh-keygen ssh-keyscan; do forge $IMG/own/usr/bin/$p || exit 1; done
ln -s ssh $IMG/own/usr/bin/slogin && ln -s ../usr/bin/scp $IMG/own/bin/scp && ln -s /etc/alternatives/ssh $IMG/own/usr/local/bin/ssh &&
	ln -s /usr/bin/ssh $IMG/own/etc/alternatives/ssh && printf 'PATH=/usr/bin:/bin\n' >$IMG/own/etc/profile &&
	mkdir $IMG/own/etc/ssh && printf 'Port none\n' >$IMG/own/etc/ssh/ssh_config || exit 1
ok "a container without sshd" up plain --image local:$IMG/own
is "$(inside plain /usr/bin/ssh)" 'not ours' "keeps the image's own ssh"
ok "a container with sshd" up a --image local:$IMG/own --sshd
added=$(($(mounts a) - $(mounts plain)))
is $added 5 "five mounts more"
ok "teardown" down plain
ok "sshd" serve a
for p in ssh scp sftp ssh-keygen ssh-keyscan; do
	ok "/usr/bin/$p is that of udiImage" inside a test /usr/bin/$p -ef $UDI/$p
done
for p in /usr/bin/ssh /usr/bin/slogin /usr/local/bin/ssh $UDI/ssh; do
	is "$(inside a $p node2 cat /etc/container-marker)" 'libshifter demo image' "$p node2"
done
is "$(inside a sh -lc 'command -v ssh; ssh node2 echo there')" $'/usr/bin/ssh\nthere' "a profile that forgets our PATH"
echo data >/home/alice/data
ok "scp by its path" inside a /bin/scp -q /home/alice/data node2:/tmp/copy
is "$(cat /tmp/copy)" data "copies"
is "$(inside a sh -c 'echo "get /tmp/copy /tmp/sftp" | /usr/bin/sftp -q -b - node1 >/dev/null 2>&1; cat /tmp/sftp')" data "sftp by its path"
like "$(inside a /usr/bin/ssh-keygen -lf /run/shifter/id_ed25519)" 'ED25519' "ssh-keygen by its path"
not_ok "they cannot be written" inside a sh -c 'echo >/usr/bin/ssh'
is "$(cat $IMG/own/usr/bin/ssh)" $'#!/bin/sh\necho not ours' "the image itself is as it was"

# --- one whose ssh is something else ---
mkdir $IMG/odd/usr/bin/scp && mkfifo $IMG/odd/usr/bin/sftp && ln -s /etc/passwd $IMG/odd/usr/bin/ssh && ln -s nowhere $IMG/odd/usr/bin/ssh-keygen &&
	ln -s ssh-keyscan $IMG/odd/usr/bin/ssh-keyscan && ln -s $UDI/ssh $IMG/odd/usr/bin/slogin && ln -s busybox $IMG/odd/bin/ssh &&
	ln -s /../../../../tmp/scp $IMG/odd/bin/scp && ln -s /home/alice/sftp $IMG/odd/bin/sftp && ln -s /proc/self/exe $IMG/odd/bin/slogin &&
	ln -s /dev/null $IMG/odd/usr/local/bin/ssh && forge $IMG/odd/usr/local/bin/scp && chmod 0 $IMG/odd/usr/local/bin/scp &&
	forge /tmp/scp && forge /home/alice/sftp && forge $IMG/odd/etc/ssh && ln -s /etc/ssh $IMG/odd/usr/local/bin/slogin || exit 1
ok "a container of an image full of traps" up odd --image local:$IMG/odd --sshd --port 1205
ok "with sshd" serve odd
is "$(inside odd id -un)" alice "the accounts are what they are"
is "$(inside odd busybox echo works)" works "a program that is many is not covered"
is "$(inside odd ssh node2 echo there)" there "ssh works"
is "$(inside odd /usr/bin/slogin node2 echo there)" there "also by a link to it"
is "$(inside odd cat /tmp/scp /home/alice/sftp)" "$(cat /tmp/scp /tmp/scp)" "nothing goes over what the site mounts"
is "$(inside odd awk '$5 ~ "/(ssh|scp|sftp|slogin)[^/]*$" { print $5 }' /proc/self/mountinfo)" /usr/local/bin/scp "one file is covered: the one that is none but a program"
ok "teardown" down odd

# --- names of a host ---
printf '%s\n' '10.98.0.2 node2.cluster.example' >>/etc/hosts
ok "hosts with full names" shifterctl hostsfile a --list 'node1 node2.cluster.example 10.98.0.1'
for name in node1 node2 node2.cluster.example 10.98.0.1 NODE1 Node2 NODE2.Cluster.Example alice@node2 ssh://node2 ssh://alice@NODE2:1204; do
	is "$(inside a ssh $name cat /etc/container-marker)" 'libshifter demo image' "ssh $name"
done
ok "scp to a name in capitals" inside a scp -q /home/alice/data NODE2:/tmp/capital

# --- what launchers say on the command line ---
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/theirs || exit 1
careless='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
for options in '-p 22' '-p22' '-vp 22' '-o Port=22' '-oPort=22' '-o StrictHostKeyChecking=no' '-o UserKnownHostsFile=/dev/null' \
	'-i /home/alice/theirs' '-i /nonexistent' '-l alice' "-x -q -p 22 $careless -i /home/alice/theirs -l alice"; do
	like "$(inside a ssh $options node2 cat /etc/container-marker 2>&1)" 'libshifter demo image' "ssh $options"
done
is "$(inside a ssh node2 -p 22 cat /etc/container-marker 2>&1)" 'libshifter demo image' "ssh HOST -p 22"
is "$(inside a ssh ssh://node2:22 cat /etc/container-marker 2>&1)" 'libshifter demo image' "ssh ssh://node2:22"
is "$(inside a ssh node2 echo -p 22 -F none)" '-p 22 -F none' "what belongs to the command stays there"
ok "scp -P 22" inside a scp -q -P 22 $careless /home/alice/data node2:/tmp/port
is "$(inside a sh -c "echo 'get /tmp/port /tmp/sftp3' | sftp -q -P 22 -b - node1 >/dev/null 2>&1; cat /tmp/sftp3")" data "sftp -P 22"
like "$(inside a ssh -F none -p 22 node2 true 2>&1)" 'port 22: Connection refused' "with a configuration of one's own a port is what it is"
like "$(inside a ssh -l bob node2 true 2>&1)" 'bob@.*Permission denied' "who is somebody else is nobody"

# --- what ~/.ssh/config can say ---
install -d -m 700 -o alice -g alice /home/alice/.ssh
write() { rm -rf /home/alice/.ssh/config; printf '%b' "$1" >/home/alice/.ssh/config; chown alice:alice /home/alice/.ssh/config; }
for text in 'Port 22' 'IdentityFile /nonexistent' 'ProxyJump nowhere' 'ProxyCommand false' 'User bob' 'HostName 192.0.2.1' 'RemoteCommand false' \
	'ControlMaster yes\nControlPath /nonexistent/x' 'CanonicalizeHostname always\nCanonicalDomains x.example' 'Ciphers nonsense' \
	'UnknownOption x' 'Port none' 'IdentitiesOnly perhaps' 'Match nonsense' 'Match exec "touch /tmp/ran; true"\nPort 22' 'Match final\nPort 22' \
	'Include ~/.ssh/config' 'HostKeyAlgorithms ssh-rsa' '"unbalanced'; do
	write "Host *\n$text\n"
	is "$(inside a ssh node2 echo there 2>&1)" there "ssh with '$text' for all hosts"
done
not_ok "no command of such a file was run" test -e /tmp/ran
write 'Port none\n'
ok "scp with a file that is in error" inside a scp -q /home/alice/data node2:/tmp/error
is "$(inside a sh -c 'echo "get /tmp/error /tmp/sftp2" | sftp -q -b - node1 >/dev/null 2>&1; cat /tmp/sftp2')" data "sftp, too"
like "$(inside a ssh 10.98.0.9 true 2>&1)" 'config.*line 1' "for another host it is an error, and named"
chmod 666 /home/alice/.ssh/config
is "$(inside a ssh node2 echo there 2>&1)" there "ssh with a file that others can write to"
rm /home/alice/.ssh/config && mkdir /home/alice/.ssh/config
is "$(inside a ssh node2 echo there 2>&1)" there "with a directory in its place"

# --- another host: the system's own sshd ---
ip addr add 10.98.0.3/24 dev eth0 && mkdir -p /run/sshd /etc/other && ssh-keygen -q -t ed25519 -N '' -f /etc/other/key &&
	as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/.ssh/mine && cp /home/alice/.ssh/mine.pub /home/alice/.ssh/authorized_keys &&
	printf '%s\n' 'ListenAddress 10.98.0.3:2222' 'HostKey /etc/other/key' 'PidFile /run/other.pid' 'LogLevel VERBOSE' 'AcceptEnv *' \
	'UsePAM no' >/etc/other/sshd_config && printf '[10.98.0.3]:2222 %s\n' "$(cut -d' ' -f1,2 </etc/other/key.pub)" >/home/alice/.ssh/known || exit 1
/usr/sbin/sshd -f /etc/other/sshd_config -E /run/other.log || exit 1
# in a container there is no IMAGE's ssh_config in error
printf '' >$IMG/own/etc/ssh/ssh_config
write 'Host other\nHostName 10.98.0.3\nPort 2222\nIdentityFile ~/.ssh/mine\nUserKnownHostsFile ~/.ssh/known\nUnknownOption x\nControlMaster auto\nControlPersist 60\nControlPath /tmp/other-%C\nMatch originalhost other exec "touch /tmp/ran; true"\n'
is "$(inside a ssh other hostname 2>&1)" node1 "another host, as ~/.ssh/config says"
like "$(inside a ssh -p 1 other true 2>&1)" 'port 1: Connection refused' "there a port is taken at its word"
ok "with what that runs" test -e /tmp/ran
not_ok "it is no container" inside a ssh other test -e /etc/container-marker
is "$(inside a env SECRET=1 SHIFTER_SECRET=1 ssh other env | grep -E 'SECRET|SHIFTER|udiImage')" '' "nothing of the job's environment gets there"
like "$(inside a ssh -J other node2 cat /etc/container-marker 2>&1)" 'libshifter demo image' "through the other host into the job"
ok "the user's multiplexing works there" inside a ssh -O exit other
is "$(inside a ssh -J node2:22 -o ControlPath=none other hostname 2>&1)" node1 "through the job to the other host"
fingerprint=$(as alice shifterctl key | ssh-keygen -lf - | cut -d' ' -f2)
like "$fingerprint" '^SHA256:' "the job's key has a fingerprint"
ok "its log knows the user's key" grep -qF "$(ssh-keygen -lf /home/alice/.ssh/mine.pub | cut -d' ' -f2)" /run/other.log
not_ok "and never saw the job's" grep -qF "$fingerprint" /run/other.log
ok "the other host's sshd ends" kill "$(cat /run/other.pid)"
ok "teardown" down a
unchanged "nothing is left"
done_testing
