#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is linked into the programs of udiImage besides OpenSSH, seen in the system calls of the
# built ones: no delays on connections, and no code or policy of the image.  As root.
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}

if [ "${1-}" != --inside ]; then
	exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
		"$0" --inside
fi
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh"

udi=${UDIIMAGE:-${SHIFTER_STAGE:-}/usr/libexec/shifter/opt/udiImage}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/udi-linked.XXXXXX") || exit 1
on_exit rm -rf "$tmp"
if ! command -v strace >/dev/null; then
	skip "system calls" "no strace"
	done_testing
fi
[ -x "$udi/bin/ssh" ] || { echo "cannot find '$udi/bin/ssh': set UDIIMAGE to a built udiImage" >&2; exit 1; }
ip link set lo up || exit 1

# traced PROGRAM... - its system calls go to $tmp/calls
traced() {
	env -i PATH=/usr/bin:/bin LANG=de_DE.ISO-8859-1 OPENSSL_CONF="$tmp/openssl.cnf" HOME="$tmp" \
		strace -f -o "$tmp/calls" -e trace=openat,open,socket,setsockopt,connect,madvise,execve \
		"$@" >"$tmp/out" 2>&1 </dev/null
}
calls() {
	grep -E "$1" "$tmp/calls"
}

echo 'openssl_conf = hostile' >"$tmp/openssl.cnf"
traced "$udi/bin/ssh" -F none -p 9 127.0.0.1 true
is "$?" 255 "ssh to a port where nobody listens fails"
order=$(calls 'TCP_NODELAY|connect\(.*sin_port=htons\(9\)' | sed -E 's/.*(TCP_NODELAY|connect).*/\1/' | tr '\n' ' ')
like "$order" '^TCP_NODELAY connect ' "TCP_NODELAY is set before the connection"
ok "/etc/passwd is read" calls '"/etc/passwd"'
for foreign in '\.so' 'openssl\.cnf' 'gconv' 'locale-archive'; do
	is "$(calls "$foreign")" "" "ssh opens nothing like $foreign"
done
traced "$udi/bin/ssh-keygen" -q -t ed25519 -N '' -f "$tmp/key"
is "$?" 0 "ssh-keygen makes a key"
for foreign in '\.so' 'openssl\.cnf'; do
	is "$(calls "$foreign")" "" "ssh-keygen opens nothing like $foreign"
done
# For one connection, of nobody, whose shell says no.  Later ones look for sshd-session in its place.
mount -t tmpfs opt /opt && mkdir /opt/udiImage && mount --bind "$udi" /opt/udiImage || exit 1
chmod 0755 "$tmp" && chown 65534 "$tmp/key" && printf '%s\n' "HostKey $tmp/key" \
	"AuthorizedKeysFile $tmp/key.pub" 'StrictModes no' >"$tmp/config"
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
traced "$udi/bin/ssh" -F none -i "$tmp/key" -o BatchMode=yes -o StrictHostKeyChecking=no \
	-o UserKnownHostsFile=/dev/null -o ProxyCommand="$as_nobody /opt/udiImage/sbin/sshd -i -e -f $tmp/config" \
	nobody@here true
like "$(cat "$tmp/out")" 'not available' "a session begins"
ssh_pid=$(head -n 1 "$tmp/calls" | cut -d ' ' -f 1)
gave_back=$(calls 'madvise\(0x[0-9a-f]+, 2[56][0-9]{4}, MADV_DONTNEED\) += 0' | cut -d ' ' -f 1 | sort -u)
is "$(grep -x "$ssh_pid" <<<"$gave_back")" "$ssh_pid" "ssh gives its room for 256 kB back to the kernel as it came"
like "$(grep -vx "$ssh_pid" <<<"$gave_back")" '[0-9]' "so does sshd"
traced "$udi/bin/ssh" -F none -p 9 no-such-host.invalid true
is "$?" 255 "ssh to an unknown host fails"
is "$(calls '\.so')" "" "and asks /etc/hosts and the DNS without modules"

done_testing
