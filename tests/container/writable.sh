#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# writable.sh - a root that the user can write to: where, how much, for how long
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { { printf 'imagePath = "%s"\n' $IMG; printf '%s\n' "$@"; } >/etc/shifter/udiRoot.conf; }
conf 'containerTmpfsSize = 16'

# An image with a folder of alice's, one that all can write, and what could confuse an overlay.
unsquashfs -q -n -d $IMG/dir $BUSYBOX >/dev/null && cd $IMG/dir && mkdir -p srv/alice/deep srv/all srv/opaque &&
	echo old >srv/alice/file && echo old >srv/alice/deep/file && ln srv/alice/file srv/alice/hard && ln -s /etc/passwd srv/alice/link &&
	echo roots >srv/file && cp bin/busybox srv/metacopy && chown -R -h alice:alice srv/alice && chmod 1777 srv/all &&
	echo hidden >srv/opaque/f && mknod srv/whiteout c 0 0 && mknod -m 666 srv/zero c 1 5 &&
	setfattr -n trusted.overlay.opaque -v y srv/opaque && setfattr -n trusted.overlay.redirect -v /etc srv/alice/deep &&
	setfattr -n trusted.overlay.metacopy -v '' srv/metacopy && cd / || exit 1
mksquashfs $IMG/dir $IMG/dir.squashfs -noappend -quiet -no-progress >/dev/null || exit 1
files() { find $IMG/dir -printf '%p %y %m %U %s %T@ %n %l\n' | sort; find $IMG/dir -type f -exec cksum {} + | sort; }
had=$(files)

for image in dir dir.squashfs; do
	ok "$image: a container without --writable" up w --image local:$IMG/$image
	like "$(inside w touch /srv/alice/new 2>&1)" 'Read-only' "$image: is read-only"
	ok "$image: torn down" down w
	ok "$image: --writable" up w --writable --sshd --image local:$IMG/$image
	ok "$image: a new file" inside w sh -c 'echo new >/srv/alice/new && mkdir /srv/all/d && echo x >/srv/all/d/x'
	ok "$image: a changed one" inside w sh -c 'echo more >>/srv/alice/file && echo more >>/srv/alice/deep/file'
	is "$(inside w cat /srv/alice/file /srv/alice/deep/file)" $'old\nmore\nold\nmore' "$image: with the old content, and the new"
	ok "$image: a removed one, and a folder over it" inside w sh -c 'rm /srv/alice/hard && mkdir /srv/alice/hard && ls -A /srv/alice/hard'
	is "$(inside w ls -A /srv/alice/hard)" '' "$image: which is empty"
	ok "$image: a renamed folder" inside w sh -c 'mv /srv/alice/deep /srv/alice/moved && grep -q more /srv/alice/moved/file'
	for path in /new /srv/new /etc/new /usr/new /opt/new /var/new /etc/passwd /srv/file /opt/udiImage/new; do
		like "$(inside w sh -c "echo x >$path" 2>&1)" 'ermission denied|Read-only' "$image: $path is root's, and stays so"
	done
	like "$(inside w rm /etc/passwd 2>&1)" 'ermission denied' "$image: /etc/passwd cannot be removed"
	like "$(inside w mv /srv /srv2 2>&1)" 'ermission denied' "$image: / is not the user's"
	is "$(inside w cat /proc/self/mountinfo | awk '$5 == "/" { print $6 }' | cut -d, -f1-3)" rw,nosuid,nodev \
		"$image: nosuid and nodev on the root"
	is "$(inside w cat /proc/self/mountinfo | awk '$6 !~ /nosuid/ || ($6 !~ /nodev/ && $5 !~ "^/dev(/|$)") { print $5 }')" '' \
		"$image: and on all else"
	ok "$image: a set-user-ID bit can be set" inside w sh -c 'mkdir /srv/alice/s && cp /bin/busybox /srv/alice/s && chmod 6755 /srv/alice/s/busybox'
	is "$(inside w find /srv/alice/s -type f -perm -6000)" /srv/alice/s/busybox "$image: it is there"
	is "$(inside w /srv/alice/s/busybox grep -E '^[UG]id' /proc/self/status | tr -s '\t\n' ' ')" \
		'Uid: 2001 2001 2001 2001 Gid: 2001 2001 2001 2001 ' \
	 "$image: and changes nothing"
	like "$(inside w mknod /srv/all/null c 1 3 2>&1)" 'not permitted' "$image: no device can be made"
	like "$(inside w mknod /srv/all/wh c 0 0 2>&1)" 'not permitted' "$image: no whiteout"
	like "$(inside w head -c 1 /srv/zero 2>&1)" 'ermission denied' "$image: and none of the image's opens"
	is "$(inside w cat /srv/opaque/f)" hidden "$image: an image's own overlay attributes hide nothing"
	is "$(inside w ls -A /srv/alice/moved)" file "$image: and lead nowhere"
	like "$(inside w cat /srv/metacopy 2>&1)" 'not permitted' "$image: at worst a file of it cannot be opened"
	ok "$image: sshd" serve w
	is "$(inside w ssh node2 cat /srv/alice/new)" new "$image: ssh shows the same files"
	ok "$image: by ssh, too, they can be written" inside w ssh node2 'echo ssh >/srv/alice/new'
	is "$(inside w cat /srv/alice/new)" ssh "$image: both ways"
	# --- how much ---
	t_run inside w dd if=/dev/zero of=/srv/alice/big bs=1M count=64
	like "$T_RC:$T_OUT" '^[1-9].*No space left' "$image: what is written has a limit"
	size=$(inside w stat -c %s /srv/alice/big)
	ok "$image: that of the configuration ($size)" test "$size" -gt 8000000 -a "$size" -le 16777216
	t_run inside w sh -c 'echo x >/srv/all/one-more'
	like "$T_OUT" 'No space left' "$image: for all of the root"
	ok "$image: /run has its own" inside w sh -c 'echo x >/run/user/2001/x && cat /run/user/2001/x'
	ok "$image: room again after a removal" inside w sh -c 'rm /srv/alice/big && echo x >/srv/all/one-more'
	t_run inside w sh -c 'i=0; while [ $i -lt 70000 ] && true >/srv/all/n$i; do i=$((i + 1)); done 2>/dev/null; echo $i'
	ok "$image: the number of files has a limit, too (${T_OUT##*$'\n'})" test "${T_OUT##*$'\n'}" -lt 65536
	ok "$image: torn down with all of it" down w
	ok "$image: once more" up w --writable --image local:$IMG/$image
	is "$(inside w cat /srv/alice/file; inside w ls /srv/alice)" $'old\ndeep\nfile\nhard\nlink' "$image: it starts anew"
	ok "$image: torn down again" down w
done
is "$(files)" "$had" "nothing was written in the image"

# --- two at once are two; and a process that is killed leaves nothing ---
ok "one container" up w --writable --image local:$IMG/dir
ok "and another" up w2 --writable --image local:$IMG/dir
inside w sh -c 'echo one >/srv/alice/file'
is "$(inside w2 cat /srv/alice/file)" old "do not see each other's files"
down w; down w2
unchanged "nothing is left"

# --- the site's word ---
conf 'allowWritable = false'
refused 3 'allowWritable' "a site that does not allow it" up bad --writable
ok "without --writable all is well there" up w
down w
unchanged "nothing is left at the end"
done_testing
