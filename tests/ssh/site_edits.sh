#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# site_edits.sh - what a site may write into udiImage's templates, and where udiImage may be
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

conf=/etc/shifter/udiRoot.conf
UDI=$IMG/udi
cp -a /usr/libexec/shifter/opt/udiImage $UDI && cp -a $UDI/etc $IMG/etc-as-installed || exit 1
udi_is() { printf 'imagePath = "%s"\nudiImagePath = "%s"\n' $IMG "$1" >$conf; }
as_installed() { cp $IMG/etc-as-installed/* $UDI/etc/; }
udi_is $UDI

port=1204
outside() { # outside USER OPTION...: ssh of the host as that user, which checks nothing
	local u=$1; shift
	as "$u" timeout 60 "$SSH" -F none -p $port -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes "$@"
}
denied() { # denied DESC CMD...
	local desc=$1; shift
	exits 255 "$desc" "$@"
	like "$T_OUT" 'Permission denied \(publickey\)' "$desc: by the server, which takes keys alone"
}
json_states() {
	shifterctl check --json | perl -MJSON::PP -0777 -e '
		print join " ", sort map { "$_->{name}=$_->{state}" } @{decode_json(<STDIN>)}'
}

# --- the node as it is ---
ok "check finds nothing wrong" shifterctl check
unlike "$(json_states)" '=(site|node)' "nor in JSON"
like "$(json_states)" 'sshd=ok.*udiImage=ok' "where each look is listed"

# --- everything that could lift a guarantee, in every spelling ---
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/other
as alice ssh-keygen -q -t ed25519 -N '' -f /home/alice/ca
as alice cp /home/alice/other.pub /home/alice/signed.pub && as alice cp /home/alice/other /home/alice/signed
as alice ssh-keygen -q -s /home/alice/ca -I x -n alice,root,bob /home/alice/signed.pub
install -d -m 755 /etc/site && { cat /home/alice/other.pub && as bob shifterctl key; } >/etc/site/keys
cp /home/alice/ca.pub /etc/site/ca && printf 'AllowUsers *\nPermitRootLogin yes\n' >/etc/site/included
lax() {
	printf '%s\n' 'PermitRootLogin yes' 'PasswordAuthentication yes' 'AuthorizedKeysFile /etc/site/keys' \
		'KbdInteractiveAuthentication=yes' 'permitemptypasswords "yes"' 'PermitUserRC yes' \
		'AuthenticationMethods password' 'TrustedUserCAKeys /etc/site/ca' \
		'AuthorizedPrincipalsCommand none' 'AuthorizedKeysCommand /bin/cat' \
		'AuthorizedKeysCommandUser alice' 'ForceCommand /bin/false' 'ChrootDirectory /tmp' \
		'PermitUserEnvironment yes' 'StrictModes no' 'UsePAM yes' 'HostbasedAuthentication yes' \
		$'DenyUsers nobody-at-all\r' "$@"
}
{
	lax 'AllowUsers *' $'ALLOWUSERS\t*' 'AllowUsers=*' '"AllowUsers" *' 'Allow"Users" *' ' = AllowUsers *' \
		$'AllowUsers *\r' 'Include /etc/site/included' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'Port 22' \
		'ListenAddress 0.0.0.0' 'Subsystem sftp /bin/false'
	printf '%s\n' 'Match all' 'PermitRootLogin yes' 'PasswordAuthentication=yes' 'AuthenticationMethods password' \
		$'AuthorizedKeysFile\t/etc/site/keys' '"TrustedUserCAKeys" /etc/site/ca' 'ForceCommand "/bin/false"' \
		'ChrootDirectory=/tmp' $'AllowUsers *\r' 'Match user root,bob' 'PermitRootLogin yes'
} >$UDI/etc/sshd_config
ok "check takes it: it is no error" shifterctl check
ok "a container with all that" up a --sshd
ok "and sshd" serve a
install -o alice -g alice -m 600 /home/alice/.udiRoot/id_ed25519 /home/alice/mine
is "$(outside alice -i /home/alice/mine alice@node1 id -un)" alice "the udiRoot key works, by no foreign command"
is "$(inside a ssh node2 pwd)" /home/alice "and in no foreign root; the host is verified"
for user in alice bob root; do
	denied "another key, listed by the site, as $user" outside alice -i /home/alice/other "$user@node1" id
	denied "a certificate of the site's, as $user" outside alice -i /home/alice/signed "$user@node1" id
	denied "no key, as $user" outside alice -o PubkeyAuthentication=no "$user@node1" id
done
denied "bob's key, listed by the site" outside bob -i /home/bob/.udiRoot/id_ed25519 bob@node1 id
denied "the udiRoot key as root" outside alice -i /home/alice/mine root@node1 id
denied "the udiRoot key as bob" outside alice -i /home/alice/mine bob@node1 id
is "$(printf 'pwd\n' | as alice shifter --container=a sftp -q -b - node1 2>/dev/null | tail -n 1)" \
	'Remote working directory: /home/alice' "sftp is ours"
is "$(find /run/shifter/.udiImage $UDI -name '*host*key*' ! -name udi-host-key)" '' "no host key is shipped"
ok "teardown" down a

# --- an edit counts from the next set-up on ---
edit() { # edit WORD: a template that shows in sessions, and in what ssh would do
	{ cat $IMG/etc-as-installed/sshd_config; echo "SetEnv EDITED=$1"; } >$UDI/etc/sshd_config
	{ echo "ServerAliveInterval $2"; cat $IMG/etc-as-installed/ssh_config; } >$UDI/etc/ssh_config
}
shows() { # shows ID WANTED DESC
	is "$(inside "$1" ssh node1 'echo $EDITED') $(inside "$1" ssh -G node1 | awk '$1 == "serveraliveinterval" { print $2 }')" \
		"$2" "$3"
}
edit one 11
up a --sshd && serve a
shows a 'one 11' "what the site wrote has an effect"
edit two 22
ok "another container" up b --sshd --port 1205
serve b
shows b 'two 22' "the next job has the edit"
shows a 'one 11' "the one that runs has not"

# --- what is no configuration ---
line=$(($(wc -l <$UDI/etc/sshd_config) + 2))
printf '\nFrobnicate yes\n' >>$UDI/etc/sshd_config
exits 4 "check: the site has to act" shifterctl check
like "$T_OUT" "sshd: cannot use '$UDI/etc/sshd_config': line $line: Bad configuration option: Frobnicate" \
	"check names file, line and word"
like "$(json_states)" 'sshd=site' "and so in JSON"
ok "a set-up goes on" up c --sshd --port 1206
like "$T_OUT" "warning: cannot use '$UDI/etc/sshd_config': line $line: .*Frobnicate.*last good copy" "with a warning"
serve c
shows c 'two 22' "and with the last good edit"
ok "the next one, too" up d --sshd --port 1207
like "$T_OUT" "line $line: .*Frobnicate" "with the same warning"
down a b c d
shifterctl gc >/dev/null
ok "also when no container is left" up a --sshd
down a
printf 'Port\n' >$UDI/etc/ssh_config
cp $IMG/etc-as-installed/sshd_config $UDI/etc/
exits 4 "a keyword without a value in ssh_config" shifterctl check
like "$T_OUT" "sshd: cannot use '$UDI/etc/ssh_config': line 1: " "is named"
printf 'LogLevel ERROR\nPort 1\x01\n' >$UDI/etc/ssh_config
exits 4 "a control character" shifterctl check
like "$T_OUT" "'ssh_config': line 2 has a control character" "is named"
cp $IMG/etc-as-installed/ssh_config $UDI/etc/
for bad in 'Match nonsense' 'LoginGraceTime soon' 'Ciphers rot13' 'Match user x
MaxStartups 5'; do
	{ cat $IMG/etc-as-installed/sshd_config; printf '%s\n' "$bad"; } >$UDI/etc/sshd_config
	exits 4 "check refuses '${bad%%$'\n'*}'" shifterctl check
	like "$T_OUT" "'$UDI/etc/sshd_config': line [0-9]+: " "and names the line"
done
find /run/shifter/.udiImage -mindepth 1 -delete
SNAPSHOT=$(snapshot)
refused 4 "cannot use '$UDI/etc/sshd_config': line" "without a good copy: a set-up with sshd is refused" up bad --sshd
refused 4 "cannot use '$UDI/etc/sshd_config': line" "and at once the next time" up bad --sshd
ok "one without sshd is not" up a
down a
as_installed
ok "in order again" up a --sshd
is "$T_OUT" '' "without a word"
down a

# --- what is not in order besides ---
chmod 644 $UDI/sbin/sshd
exits 4 "check: a program that is none" shifterctl check
like "$T_OUT" "udiImage: .*sbin/sshd" "is named"
chmod 755 $UDI/sbin/sshd
chmod 666 $UDI/etc/sshd_config
exits 4 "check: a template that others can write" shifterctl check
like "$T_OUT" "udiImage: refusing .*'sshd_config' in it can be changed by others" "is named"
chmod 644 $UDI/etc/sshd_config
mv $UDI/libexec/sftp-server $IMG/
exits 4 "check: a program that is missing" shifterctl check
like "$T_OUT" "udiImage: .*'libexec/sftp-server': No such file" "is named"
mv $IMG/sftp-server $UDI/libexec/
printf 'sshdPort = 40000\n' >>$conf
ok "check: a port of clients is a warning" shifterctl check
like "$T_OUT" 'sshdPort: warning: sshdPort 40000 is among' "and named"
sed -i 's/^sshdPort = .*/sshdPortRange = 32000-33000/; s/32000-33000/"&"/' $conf
exits 4 "check: a range that the kernel gives to clients, too" shifterctl check
like "$T_OUT" 'sshdPortRange: cannot use sshdPortRange 32000-33000: it overlaps 32768-60999' "is named"
sed -i 's/^sshdPortRange.*/sshdPortRange = "30000-30999"/' $conf
ok "check: one that is outside of that" shifterctl check
like "$T_OUT" 'sshdPortRange: ok' "is right, and sshdPort no matter"
printf 'sshdListen = { "192.0.2.0/24", "fd00:5::/32" }\n' >>$conf
exits 4 "check: networks that the node is not in" shifterctl check
like "$T_OUT" 'sshdListen: this node has no address in the networks of sshdListen' "are named"
sed -i 's/^sshdListen.*/sshdListen = { "192.0.2.0\/24", "10.98.0.0\/16" }/' $conf
ok "check: one that it is in" shifterctl check
printf 'imagePath = "/nowhere"\nno such = key\n' >$conf
exits 4 "check: a configuration that does not parse" shifterctl check
like "$T_OUT" "configuration: .*udiRoot.conf:2: " "is named, with its line"
printf 'imagePath = "/nowhere"\n' >$conf
exits 4 "check: an imagePath that is not there" shifterctl check
like "$T_OUT" "imagePath: cannot open '/nowhere'" "is named"

# --- udiImage elsewhere ---
mkdir -p $IMG/net && mv $UDI $IMG/net/udi && udi_is $IMG/net/udi
ok "udiImage has moved" up a --sshd
ok "and sshd of it serves" serve a
is "$(inside a ssh node2 id -un)" alice "as ever"
down a
shifterctl gc >/dev/null

# a file system whose server takes root for nobody
mkdir -p /run/node /run/net && mount -t tmpfs tmpfs /run/node
mknod -m 666 /run/node/fuse c 10 229 && mount --bind /run/node/fuse /dev/fuse
echo user_allow_other >>/etc/fuse.conf
install -m 600 /dev/null $IMG/net/secret && echo secret >$IMG/net/secret
chown nobody /run/net
ok "it is on a file system with root squash" setpriv --reuid=nobody --regid=nogroup --clear-groups \
	bindfs -o allow_other $IMG/net /run/net
not_ok "where root has no rights of its own" cat /run/net/secret
udi_is /run/net/udi
ok "check finds nothing wrong" shifterctl check
ok "a container" up a --sshd
ok "sshd" serve a
is "$(inside a ssh node2 id -un)" alice "serves"
is "$(find /run/shifter/.udiImage -mindepth 1 -maxdepth 1 -type d | wc -l)" 1 "from one copy"
ok "another container" up b
is "$(find /run/shifter/.udiImage -mindepth 1 -maxdepth 1 -type d | wc -l)" 1 "of which there is no other"
down a b
umount /run/net
done_testing
