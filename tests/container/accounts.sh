#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# accounts.sh - who the container's user is: passwd, group, shell, and hostile strings in them
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { printf 'imagePath = "%s"\n' $IMG; printf '%s\n' "$@"; }
shell_of() { inside "$1" awk -F: '$1 == "alice" { print $7 }' /etc/passwd; }
passwd_line() { inside "$1" grep '^alice:' /etc/passwd; }

with_groups() { # with_groups GROUPS ID CMD...: alice as the workload manager starts her
	local groups=$1 id=$2; shift 2
	setpriv --reuid=alice --regid=alice --groups="$groups" env HOME=/home/alice shifter --container="$id" -- "$@"
}

# --- names of groups ---
group=$(cat /etc/group); passwd=$(cat /etc/passwd)
printf '%s\n' 'bad name:x:3001:alice' 'evil:x:3002:alice:' 'big:x:3003:bob' 'lic:x:3004:lmgr,alice,bob' >>/etc/group
printf '%s\n' 'lmgr:x:3010:3011:Lmgr,,,:/run/lmgr:/usr/sbin/nologin' \
	"odd:x:3012:3011:a$(printf '\033')[0m:/:/bin/sh" 'toor:x:0:0:root:/root:/bin/sh' >>/etc/passwd
echo 'lmgr:x:3011:' >>/etc/group
ok "a container" up a --sshd --groups 2001,2100,3001,3002,3003,3999
is "$(inside a id -un):$(inside a id -gn)" alice:alice "the user and the group have names"
ok "sshd" serve a
is "$(inside a ssh node2 id -G)" '2001 2100 3001 3002 3003 3999' "by ssh the groups are those that the caller gave"
is "$(inside a ssh node2 id -Gn)" 'alice proj g3001 g3002 big g3999' "with the node's names where these are good"
is "$(inside a grep -c . /etc/group)" "$(inside a cut -d: -f3 /etc/group | sort -u | grep -c .)" "no gid comes twice"
is "$(inside a cut -d: -f1 /etc/passwd | tr '\n' ' ')" 'root alice nobody ' "root, the user and nobody have accounts"
like "$(inside a grep '^root' /etc/passwd)" 'false$' "and root has no shell"
ok "teardown" down a

# --- usersToImport, maxGroupCount ---
conf 'usersToImport = "lmgr odd toor none"' 'maxGroupCount = 2' >/etc/shifter/udiRoot.conf
t_run up a --groups 2100,3002,3003,3004
is "$T_RC" 0 "users to import, of whom some are unknown or odd"
for u in odd toor none; do like "$T_OUT" "warning.*'$u' of usersToImport" "a warning names '$u'"; done
is "$(inside a grep lmgr /etc/passwd)" 'lmgr:x:3010:3011:Lmgr,,,:/run/lmgr:/usr/sbin/nologin' "the user that is imported"
is "$(inside a grep lmgr /etc/group)" 'lic:x:3004:lmgr
lmgr:x:3011:' "and its groups, with members that the container knows"
is "$(inside a grep -E '^(toor|odd|none)' /etc/passwd)" '' "not those warned of"
is "$(inside a grep -c alice$ /etc/group)" 2 "maxGroupCount bounds where /etc/group lists the user"
is "$(with_groups 2001,2100,3002,3003,3004 a id -G)" '2001 2100 3002 3003 3004' "and takes no group away"
ok "teardown" down a
chmod 666 /etc/passwd
t_run up a
like "$T_OUT" "warning.*'/etc/passwd' is writable by others" "an /etc/passwd that others can write is not used"
is "$(inside a grep -c lmgr /etc/passwd)" 0 "which leaves out its users"
ok "teardown" down a
chmod 644 /etc/passwd; printf '%s\n' "$passwd" >/etc/passwd; printf '%s\n' "$group" >/etc/group
conf >/etc/shifter/udiRoot.conf

# --- shells ---
shell() { # shell SHELL WANT DESC
	local out
	out=$(up a --shell "$1" 2>&1) || { fail "$3" "$out"; return; }
	is "$(shell_of a)" "$2" "$3"
	is "$(inside a wc -l </etc/passwd)" "$(wc -l </etc/passwd)" "$3: shifter works"
	is "$(inside a grep -c . /etc/passwd)" 3 "$3: three lines in /etc/passwd"
	like "$(passwd_line a)" '^alice:x:2001:2001::/home/alice:[^:]*$' "$3: the user's line has seven fields"
	down a || fail "$3: teardown"
}
shell /bin/ash /bin/ash "a shell that the image has"
shell /bin/zsh /bin/sh "a shell that it lacks"
shell /etc/passwd /bin/sh "a file that is no program"
shell /bin /bin/sh "a directory"
shell relative /bin/sh "a relative path"
shell '' /bin/sh "no shell at all"
shell $'/bin/sh\nevil:x:0:0::/:/bin/sh' /bin/sh "a second line"
shell '/bin/sh:x' /bin/sh "a colon"
shell $'/bin/\033[2J' /bin/sh "an escape sequence"
shell '/bin/%s%n' /bin/sh "a format"
shell $'/bin/\xff\xfe' /bin/sh "bytes that are no UTF-8"
shell "/$(head -c 65536 /dev/zero | tr '\0' a)" /bin/sh "64 KiB"
shell '/bin/../bin/sh' /bin/sh "a path with '..'"

# --- homes that would be more than a home, and a GECOS that does not matter ---
home() { refused 3 "home '" "$2" up bad --home "$1"; }
home $'/home/alice\nevil:x:0:0::/:/bin/sh' "a home with a second line"
home '/home/alice:/bin/sh' "a home with a colon"
home $'/home/\033[2J' "a home with an escape sequence"
home "/$(head -c 65536 /dev/zero | tr '\0' a)" "a home of 64 KiB"
home /home/../root "a home with '..'"
home relative "a relative home"
home '' "an empty home"
ok "a home of bytes that are no UTF-8, and a format" up a --home $'/home/\xff%s%n'
is "$(inside a awk -F: '$1 == "alice" { print $6 }' /etc/passwd)" $'/home/\xff%s%n' "stands as it is in /etc/passwd"
ok "teardown" down a
sed -i 's,^alice:[^:]*:[^:]*:[^:]*:[^:]*:,alice:x:2001:2001:%s%n\x1b[2J$(id)\xff:,' /etc/passwd
ok "an account with a hostile GECOS" up a --sshd
is "$(passwd_line a)" 'alice:x:2001:2001::/home/alice:/bin/sh' "which stays outside"
ok "sshd" serve a
is "$(inside a ssh node2 id -un)" alice "and ssh"
ok "teardown" down a
printf '%s\n' "$passwd" >/etc/passwd

# --- what an image has to say about accounts does not count ---
unsquashfs -q -n -d $IMG/odd $BUSYBOX >/dev/null && printf 'alice:x:0:0::/:/bin/evil\n' >$IMG/odd/etc/passwd &&
	printf 'group: evil\npasswd: evil\n' >$IMG/odd/etc/nsswitch.conf && mkdir $IMG/odd/bin/bash || exit 1
ok "an image with accounts of its own" up a --image local:$IMG/odd --shell /bin/zsh
is "$(inside a id -u):$(shell_of a)" 2001:/bin/sh "they are not used, and a directory is no shell"
ok "teardown" down a

# --- an image without a shell, or with nothing at all ---
t_run "$tests/images/make-image" empty $IMG/empty
is "$T_RC" 0 "an empty image"
install -m 755 "$(command -v busybox)" $IMG/tool 2>/dev/null || cp $IMG/odd/bin/busybox $IMG/tool
chmod 755 $IMG/tool
for kind in folder squashfs; do
	image=local:$IMG/empty
	if [ $kind = squashfs ]; then
		mksquashfs $IMG/empty $IMG/empty.squashfs -noappend -quiet -no-progress >/dev/null || exit 1
		image+=.squashfs
	fi
	ok "$kind: a container of the empty image" up a --image $image --sshd --volume $IMG/tool:/tools/busybox
	is "$(inside a /tools/busybox cat /etc/container-marker)" 'libshifter demo image' "$kind: a program of a volume runs"
	is "$(inside a /tools/busybox awk -F: '$1 == "alice" { print $7 }' /etc/passwd)" /opt/udiImage/libexec/udi-session \
		"$kind: the shell is udi-session"
	is "$(inside a /opt/udiImage/bin/ssh -V 2>&1 | cut -c1-8)" OpenSSH_ "$kind: programs of udiImage run"
	ok "$kind: sshd" serve a
	is "$(inside a /opt/udiImage/bin/ssh node2 /tools/busybox cat /etc/container-marker)" 'libshifter demo image' \
		"$kind: ssh runs a program"
	exits 127 "$kind: ssh with a pipe cannot" inside a /opt/udiImage/bin/ssh node2 '/tools/busybox true | /tools/busybox true'
	like "$T_OUT" 'has no shell' "$kind: and says why"
	exits 127 "$kind: ssh without a command cannot" inside a /opt/udiImage/bin/ssh node2
	like "$T_OUT" 'has no shell.*give ssh a program' "$kind: and says what to do"
	t_run inside a
	like "$T_RC:$T_OUT" '^12[67]:.*no shell' "$kind: shifter without a command says that there is no shell"
	ok "$kind: teardown" down a
done
unchanged "nothing is left at the end"
done_testing
