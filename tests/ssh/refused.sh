#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# refused.sh - who does not get in, and what keeps an sshd from starting
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

outside() { # outside USER OPTION...: ssh of the host as that user to alice's container
	local u=$1; shift
	as "$u" timeout 20 "$SSH" -F none -p 1204 -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"
}
denied() { # denied DESC CMD...
	local desc=$1; shift
	exits 255 "$desc" "$@"
	like "$T_OUT" 'Permission denied|Too many' "$desc: by the server"
}
guarded() { # guarded WHAT: the guarantees hold in the container a
	is "$(outside alice -i /home/alice/.ssh-key alice@node1 id -un)" alice "$1: alice's key works"
	denied "$1: bob's key" outside bob -i /home/bob/.udiRoot/id_ed25519 -o IdentitiesOnly=yes alice@node1 id
	denied "$1: bob as bob" outside bob -i /home/bob/.udiRoot/id_ed25519 -o IdentitiesOnly=yes bob@node1 id
	denied "$1: alice's key as root" outside alice -i /home/alice/.ssh-key root@node1 id
	denied "$1: alice's key as bob" outside alice -i /home/alice/.ssh-key bob@node1 id
	denied "$1: a password" outside alice -o PubkeyAuthentication=no -o PreferredAuthentications=password alice@node1 id
	unlike "$T_OUT" 'password|keyboard' "$1: which is not even offered"
}
ok "bob has a key" as bob shifterctl key
ok "a container" up a --sshd
ok "sshd" serve a
install -o alice -m 600 /home/alice/.udiRoot/id_ed25519 /home/alice/.ssh-key
guarded "as installed"
as alice install -d -m 700 /home/alice/.ssh
as alice cp /home/alice/.udiRoot/id_ed25519.pub /home/alice/.ssh/ 2>/dev/null
as bob shifterctl key | as alice tee /home/alice/.ssh/authorized_keys >/dev/null
denied "a key in ~/.ssh/authorized_keys is of no use" outside bob -i /home/bob/.udiRoot/id_ed25519 alice@node1 id

# --- a site's template lifts nothing ---
cp -a /usr/libexec/shifter/opt/udiImage $IMG/udi
printf '%s\n' 'PermitRootLogin yes' 'AllowUsers *' 'PasswordAuthentication yes' 'Match all' \
	'AuthorizedKeysFile .ssh/authorized_keys' 'PasswordAuthentication yes' 'PermitRootLogin yes' >$IMG/udi/etc/sshd_config
printf 'imagePath = "%s"\nudiImagePath = "%s"\n' $IMG $IMG/udi >/etc/shifter/udiRoot.conf
ok "with a site's template" eval 'down a && up a --sshd && serve a'
guarded "lax template"
denied "lax template: a key in ~/.ssh/authorized_keys" outside bob -i /home/bob/.udiRoot/id_ed25519 alice@node1 id
ok "teardown" down a
printf 'imagePath = "%s"\n' $IMG >/etc/shifter/udiRoot.conf

# --- keys ---
key=$(as alice shifterctl key)
ok "a container for wrong keys" up a --sshd
SNAPSHOT=$(snapshot)
keyed() { # keyed REGEX DESC [KEY]
	refused 3 "$1" "$2" shifterctl sshd a --principal p --user-key "${3:-$key}"
	is "$(state_of a)" ready "$2: the job's container remains"
	ok "$2: and can be entered" inside a true
}
keyed 'id_ed25519' "a key that is not the private one's" "$(as bob shifterctl key)"
chmod 644 /home/alice/.udiRoot/id_ed25519; keyed 'id_ed25519' "a key that others can read"
refused '[2-5]' 'id_ed25519' "which shifterctl key refuses, too" as alice shifterctl key
chmod 600 /home/alice/.udiRoot/id_ed25519
chmod 755 /home/alice/.udiRoot; keyed '\.udiRoot' "a key folder that others can read"
chmod 700 /home/alice/.udiRoot
chown bob /home/alice/.udiRoot/id_ed25519; keyed 'id_ed25519' "a key of bob's"
chown alice /home/alice/.udiRoot/id_ed25519
mv /home/alice/.udiRoot /home/alice/away; keyed 'udiRoot' "no key"
mkfifo /home/alice/.udiRoot; keyed 'udiRoot' "a FIFO in place of the folder"
rm /home/alice/.udiRoot; mv /home/alice/away /home/alice/.udiRoot
mv /home/alice/.udiRoot/id_ed25519 /home/alice/k; as alice mkfifo -m 600 /home/alice/.udiRoot/id_ed25519
keyed 'id_ed25519' "a FIFO in place of the key"
rm /home/alice/.udiRoot/id_ed25519; mv /home/alice/k /home/alice/.udiRoot/id_ed25519
mv /home/alice /home/gone; keyed '/home/alice' "no home"
mv /home/gone /home/alice
ok "a private home is fine" test "$(stat -c %a:%u /home/alice)" = 700:2001
ok "and all is well with the right key" serve a
SNAPSHOT=$(snapshot)
refused '[2-5]' "'a'" "a second sshd" shifterctl sshd a --principal p --user-key "$key"
ok "teardown again" down a
SNAPSHOT=$(snapshot)

# --- the port ---
perl -MSocket -e 'socket S, PF_INET, SOCK_STREAM, 0; setsockopt S, SOL_SOCKET, SO_REUSEADDR, 1;
	bind S, sockaddr_in(1204, INADDR_ANY) or die; listen S, 5; $| = 1; print "ready\n"; sleep 600' >$T_DIR/squat &
squatter=$!
ok "somebody has the port" wait_until 10 grep -q ready "$T_DIR/squat"
refused '[3-5]' 1204 "a port that is taken" up bad --sshd
ok "is no matter without sshd" up nossh
exits 2 "which then cannot have one" shifterctl sshd nossh --principal p --user-key "$key"
is "$(wc -l <<<"$T_OUT")" 1 "in one line"
ok "teardown without sshd" down nossh
kill $squatter; wait $squatter 2>/dev/null
ok "a container with the port" up a --sshd
SNAPSHOT=$(snapshot)
refused '[3-5]' 1204 "a port that another container has" up bad --sshd
ok "another port is free" up other --sshd --port 1205
ok "teardown of both" down a other
done_testing
