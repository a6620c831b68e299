#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# keys.sh - who gets in by ssh, and who does not
# shellcheck disable=SC2317                 # called by name
set -u
# shellcheck source=tests/container/sandboxed.bash
. "$(dirname "$(readlink -f "$0")")/../container/sandboxed.bash" || exit 1

stranger() { # stranger USER OPTION...: stock ssh, that checks nothing, to alice's sshd
	local user=$1
	shift
	as "$user" /usr/bin/ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p 1204 "$@" 2>&1
}

# --- a pair that is made under any umask ---
for mask in 0777 0277; do
	is "$(umask $mask; as bob shifterctl key | cut -d' ' -f1)" ssh-ed25519 "a key is made under a umask of $mask"
	is "$(stat -c %a /home/bob/.udiRoot /home/bob/.udiRoot/id_ed25519 | tr '\n' ' ')" '700 600 ' "with its modes"
	rm -r /home/bob/.udiRoot
done

# --- a key that cannot be had: no sshd, and a sentence ---
setup k1 --sshd
key=$(key_of alice)
start() { shifterctl sshd k1 --principal udi.test.k1.0 --user-key "$key"; }
no_key() { # no_key REGEX DESC
	local said rc
	said=$(start 2>&1)
	rc=$?
	is "$rc" 3 "$2: the job's fault"
	like "$said" "$1" "$2: the reason"
	ok "$2: the container lives on" inside k1 true
}
chmod 644 /home/alice/.udiRoot/id_ed25519
no_key "0600" "a key that others can read"
chmod 600 /home/alice/.udiRoot/id_ed25519
chmod 755 /home/alice/.udiRoot
no_key "0700" "a key directory that others can enter"
chmod 700 /home/alice/.udiRoot
mv /home/alice/.udiRoot /home/alice/away
no_key 'No such file' "no key"
mkdir -m 700 /home/alice/.udiRoot && chown alice:alice /home/alice/.udiRoot
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/.udiRoot/id_ed25519
no_key 'not the one that the job was submitted with' "a foreign key"
as alice ssh-keygen -q -p -N secret -f /home/alice/.udiRoot/id_ed25519
no_key 'passphrase' "a key with a passphrase"
rm -r /home/alice/.udiRoot
mv /home/alice /home/gone
no_key 'No such file' "home is gone"
mv /home/gone /home/alice
mv /home/alice/away /home/alice/.udiRoot
chmod 700 /home/alice
ok "a home of mode 0700 is fine" start
like "$(start 2>&1)" 'has an sshd already' "a second start is refused"

# --- a home that root cannot read, as on a file system with root squash ---
mkdir -p /run/node /run/home-of-bob
mount -t tmpfs tmpfs /run/node
mknod -m 666 /run/node/fuse c 10 229 && mount --bind /run/node/fuse /dev/fuse
chown bob:bob /run/home-of-bob
ok "bob's home is on a file system of his own" as bob bindfs --no-allow-other /run/home-of-bob /home/bob
bob_key=$(key_of bob)
not_ok "root cannot enter it" ls /home/bob
shifterctl setup --id k3 --image "$IMAGE" --user bob --sshd --port 1206
ok "it is no obstacle to sshd" shifterctl sshd k3 --principal udi.test.k3.0 --user-key "$bob_key"
shifterctl hostsfile k3 --slurm node1
is "$(as bob SHIFTER_CONTAINER=k3 shifter ssh node1 pwd)" /home/bob "and bob is at home there"
shifterctl teardown k3
umount /home/bob
shifterctl hostsfile k1 --slurm 'node[1-2]' --slots '2(x2)'

# --- who gets in ---
is "$(inside k1 ssh node2 cat /etc/container-marker)" "$(inside k1 cat /etc/container-marker)" \
	"alice, from inside, into the container"
is "$(inside k1 ssh node1 id -un)" alice "as herself"
inside k1 ssh node2 exit 42
is $? 42 "with the exit status of the command"
like "$(inside k1 ssh -tt node2 tty)" /dev/pts/ "with a terminal"
head -c 1000000 /dev/urandom >/tmp/blob
is "$(inside k1 ssh node2 cat </tmp/blob | sha256sum)" "$(sha256sum </tmp/blob)" "binary data pass"
status=$(inside k1 ssh node1 cat /proc/self/status)
like "$status" 'CapEff:[[:space:]]0+
' "without capabilities"
like "$status" 'CapBnd:[[:space:]]0+
' "without a way to get them"
like "$status" 'NoNewPrivs:[[:space:]]1' "nor new privileges"
like "$status" 'Groups:[[:space:]]*2001 2100' "with her groups"
like "$(stranger alice -i /home/alice/.udiRoot/id_ed25519 alice@node1 id -un)" alice \
	"her key is what it takes"

# --- who does not ---
key_of bob >/dev/null
like "$(stranger bob -i /home/bob/.udiRoot/id_ed25519 alice@node1 true)" 'Permission denied \(publickey\)' \
	"bob's key does not open alice's container"
like "$(stranger bob -i /home/bob/.udiRoot/id_ed25519 bob@node1 true)" 'Permission denied \(publickey\)' \
	"nor one as bob"
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/other
like "$(stranger alice -o IdentitiesOnly=yes -i /home/alice/other alice@node1 true)" \
	'Permission denied \(publickey\)' "another key of alice's does not"
like "$(stranger alice -o IdentitiesOnly=yes -i /home/alice/.udiRoot/id_ed25519 root@node1 true)" \
	'Permission denied' "root cannot log in with her key"
like "$(stranger alice -o PubkeyAuthentication=no -o PreferredAuthentications=password,keyboard-interactive \
	alice@node1 true)" 'Permission denied \(publickey\)' "no password is asked for"
usher=$(shifterctl list --json | grep -o '"sshd_pid": *[0-9]*' | grep -o '[0-9]*$')
not_ok "alice cannot end the usher" as alice sh -c "kill $usher 2>/dev/null"
not_ok "nor look into it" as alice sh -c "ls /proc/$usher/fd 2>/dev/null"

# --- somebody else's server on the job's port ---
shifterctl setup --id k2 --image "$IMAGE" --user bob --sshd --port 1205
bob_key=$(key_of bob)
shifterctl sshd k2 --principal udi.test.k2.0 --user-key "$bob_key"
# a -p on the command line is not obeyed for the job's hosts
like "$(inside k1 sh -c 'sed "s/^Port .*/Port 1205/" /run/shifter/ssh_config.job >/tmp/other-port &&
	ssh -F /tmp/other-port node2 true' 2>&1)" 'Host key verification failed|no matching|No ED25519|not permitted by Host' \
	"a host that shows another certificate is not trusted"
shifterctl teardown k2

# --- teardown ends what came in ---
inside k1 ssh node2 'setsid sh -c "trap \"\" TERM HUP; while :; do sleep 77; done" </dev/null >/dev/null 2>&1 &'
sleeps() { pgrep -f 'sleep 77' >/dev/null; }
ok "a process that left its session runs" wait_until 10 sleeps
ok "teardown" shifterctl teardown k1
not_ok "and it is gone" sleeps
is "$(traces | grep -E 'shifter-|sshd|slurm|/k1')" "" "nothing else is left"
done_testing
