#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# images.sh - what is no image, and who could have written one
# shellcheck disable=SC2016,SC2086,SC2317,SC2329               # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { printf '%s\n' "imagePath = \"$IMG\"" "$@" >/etc/shifter/udiRoot.conf; }
image() { # image PATH REGEX DESC: refused, with one clear line
	refused 3 "$2" "$3" shifterctl setup --id bad --image "$1" --user alice
}
works() { # works PATH DESC
	ok "$2" shifterctl setup --id good --image "$1" --user alice
	ok "$2: torn down" down good
}

# --- what is no image: named by what it is ---
D=$IMG/d; mkdir $D
at() { # at FILE OFFSET BYTES...: a file of 128 KiB with these bytes at an offset
	head -c 131072 /dev/zero >"$1" && printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
: >$D/empty
image $D/empty "'$D/empty' is empty" "an empty file"
head -c 50 $BUSYBOX >$D/head
image $D/head "'$D/head' is a damaged squashfs file" "less than a super block"
head -c 20000 $BUSYBOX >$D/cut
image $D/cut "is truncated, it has 20000 of [0-9]+ bytes" "a truncated squashfs file"
cp $BUSYBOX $D/old && printf '\3' | dd of=$D/old bs=1 seek=28 conv=notrunc status=none
image $D/old 'of a version other than 4' "squashfs 3"
cp $BUSYBOX $D/order && printf sqsh | dd of=$D/order bs=1 conv=notrunc status=none
image $D/order "'$D/order' is a squashfs file of the wrong byte order" "a squashfs file of another kind of machine"
mkdir -m 700 $D/closed && mkdir $D/closed/bin && cp /bin/busybox $D/closed/bin/sh &&
	mksquashfs $D/closed $D/closed.squashfs -quiet -no-progress -all-root >/dev/null 2>&1
image $D/closed.squashfs "may not enter its root directory: make it anew with mode 0755" "a root that only root may enter"
# what only the kernel can tell: the compressor, the size of blocks, the tables
while read -r name at bytes; do
	cp $BUSYBOX $D/$name && printf '%b' "$bytes" | dd of=$D/$name bs=1 seek=$at conv=notrunc status=none
	image $D/$name "cannot mount image '$D/$name' as squashfs: .+" "a squashfs file with another $name"
done <<'END'
compressor 20 \x63
blocks 12 \x01\x02\x03\x04
inode 32 \xff\xff\xff\xff\xff
tables 64 \xff\xff\xff\xff
END
tar cf $D/tar -C /etc hostname && gzip -k $D/tar
image $D/tar "'$D/tar' is a tar archive; .*shifterctl import" "a tar archive"
image $D/tar.gz 'is a file compressed with gzip; .*shifterctl import' "a compressed one"
mke2fs -q -t ext4 $D/ext4 2M >/dev/null 2>&1
image $D/ext4 'is an ext4 file system; .*shifterctl import' "ext4"
at $D/sif 0 '#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0'
image $D/sif 'is a SIF image of Singularity' "SIF"
at $D/erofs 1024 '\xe2\xe1\xf5\xe0'
image $D/erofs 'is an erofs file system' "erofs"
at $D/iso 32769 'CD001'
image $D/iso 'is an ISO 9660 file system' "ISO 9660"
at $D/qcow 0 'QFI\xfb'
image $D/qcow 'is a qcow2 disk' "qcow2"
at $D/xfs 0 'XFSB'
image $D/xfs 'is an xfs file system' "xfs"
image $D/../d/tar "'..'" "a path with '..'"
echo text >$D/text
image $D/text 'is neither a directory nor a squashfs file' "a text file"
mkfifo $D/fifo; mknod $D/block b 7 250; mknod $D/char c 1 5
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' $D/socket
image $D/fifo "'$D/fifo' is a FIFO" "a FIFO"
image $D/block "'$D/block' is a device" "a block device"
image $D/char "'$D/char' is a device" "a character device"
image $D/socket "'$D/socket' is a socket" "a socket"
cp $BUSYBOX $D/secret; chmod 600 $D/secret
image $D/secret 'Permission denied' "a file that the user cannot read"
install -d -m 711 $D/listed
image $D/listed 'Permission denied' "a directory that the user cannot list"
install -d -m 744 $D/noenter
image $D/noenter 'Permission denied' "a directory that the user cannot enter"

# --- links ---
ln -s $BUSYBOX $D/link; ln -s nowhere $D/dangling; ln -s circle $D/circle; ln -s / $D/root
works $D/link "a link to an image"
image $D/dangling "does not exist" "a link to nothing"
image $D/circle 'Too many levels' "a link to itself"
image $D/root "own root is no image" "a link to the root of the host"
image /proc/self/root "Too many levels of symbolic links" "the root by a magic link"
install -d -o alice /links && ln -s $BUSYBOX /links/mine && chown -h alice /links/mine
works /links/mine "a link of the user's to an image of root's"
cp $BUSYBOX /links/copy && ln -s /links/copy $D/lead
image $D/lead "'/links' belongs to uid 2001" "a link of root's to where the user can write"

# --- who could have written it: trustedImageOwners ---
install -d -o bob /bobs && cp $BUSYBOX /bobs/i && chown bob /bobs/i
image /bobs/i "'/bobs' belongs to uid 2002, not to root" "an image of another user's"
conf 'trustedImageOwners = { "2002" }'
works /bobs/i "an image of one whom the site trusts"
chmod 664 /bobs/i
image /bobs/i "'/bobs/i' is writable by others" "one that a group can write"
chmod 646 /bobs/i
image /bobs/i "'/bobs/i' is writable by others" "one that everybody can write"
chmod 644 /bobs/i
setfacl -m u:alice:rw /bobs/i
image /bobs/i "'/bobs/i' is writable by others" "one that an access list lets a user write"
setfacl -m m::r /bobs/i
works /bobs/i "one whose access list lets nobody"
setfacl -b /bobs/i; setfacl -m u:alice:rwx /bobs
image /bobs/i "'/bobs' is writable by others" "a folder that an access list lets a user write"
setfacl -b /bobs; chmod 775 /bobs
image /bobs/i "'/bobs' is writable by others" "a folder that a group can write"
chmod 1777 /bobs
image /bobs/i "'/bobs' is writable by others" "a sticky folder for everybody"
chmod 755 /bobs; chown alice /bobs/i
image /bobs/i "'/bobs/i' belongs to uid 2001" "the job's user's own file in a trusted folder"
chown bob /bobs/i; install -d -o alice /bobs/sub && cp $BUSYBOX /bobs/sub/i
image /bobs/sub/i "'/bobs/sub' belongs to uid 2001" "a file of root's in the user's folder"
mkdir -p /links/deep/er && cp $BUSYBOX /links/deep/er/i && chown -R root /links/deep
image /links/deep/er/i "'/links' belongs to uid 2001" "folders of root's below the user's"
mount --bind /links/deep $D/listed && chmod 755 /links/deep
works $D/listed/er/i "the same by a mount that only root makes"
umount $D/listed
ln /bobs/i /links/hard
image /links/hard "'/links' belongs to uid 2001" "a hard link where the user can exchange it"
rm /links/hard
conf 'trustedImageOwners = { "2001" }'
image /bobs/i "'/bobs' belongs to uid 2002" "an owner who is not listed"
conf
image /bobs/i "belongs to uid 2002" "nobody is listed"
mkdir /bobs/dir && cp /bin/busybox /bobs/dir && chmod 777 /bobs/dir
works /bobs/dir "a directory need not be trusted"

# --- a directory of the user's with one of bob's in it: whatever its name, it stays closed ---
unsquashfs -q -n -d /bobs/own $BUSYBOX >/dev/null && rm -rf /bobs/own/etc && chown -R alice /bobs/own && chmod 755 /bobs/own &&
	install -d -m 700 -o bob /bobs/own/etc && echo secret >/bobs/own/etc/secret && echo mine >/bobs/own/mine && chown alice /bobs/own/mine &&
	install -d -m 700 -o alice /bobs/own/deep && echo mine >/bobs/own/deep/mine || exit 1
not_ok "on the node a folder of bob's is closed to alice" as alice cat /bobs/own/etc/secret
ok "an image that has it for its /etc" up own --image local:/bobs/own --volume /bobs/own:/deep/er
not_ok "does not open it" inside own cat /etc/secret
is "$(inside own cat /mine; inside own grep -c '^alice' /etc/passwd)" $'mine\n1' "all else is there"
is "$(inside own cat /deep/mine /deep/er/mine)" $'mine\nmine' "also in a folder that is alice's alone"
ok "teardown of it" down own
ok "also where its root can be written to" up own --image local:/bobs/own --writable
not_ok "it does not open it" inside own cat /etc/secret
is "$(inside own sh -c 'echo new >/mine && cat /mine /deep/mine; grep -c "^alice" /etc/passwd')" $'new\nmine\n1' \
	"all else is there, and files can be changed"
is "$(cat /bobs/own/mine)" mine "which the directory does not see"
ok "teardown of that" down own

# --- images of the host: allowLocalImages ---
conf 'allowLocalImages = false'
for ref in /bobs/dir local:/bobs/dir local:$BUSYBOX; do
	image $ref "cannot use image 'local:${ref#local:}': this site allows images of its store '$IMG' only" "$ref where the site forbids it"
	refused 3 'of its store .* only .allowLocalImages' "$ref at submission" as alice shifterctl resolve $ref
done
works busybox "an image of the store there"
conf

# --- file systems that can be no lower layer, or no trusted one ---
if [ -e /dev/fuse ] && command -v bindfs >/dev/null; then
	mkdir -p /links/fuse /links/source/dir && cp /bin/busybox /links/source/dir && cp $BUSYBOX /links/source/i &&
		chown -R alice /links/fuse /links/source
	bindfs -f -o allow_other /links/source /links/fuse & fuse=$!
	ok "a file system of FUSE" wait_until 10 mountpoint -q /links/fuse
	before=$SNAPSHOT; SNAPSHOT=$(snapshot)
	image /links/fuse/dir "a directory on FUSE cannot be one; .*'shifterctl import'" "a directory on FUSE"
	image /links/fuse/i "belongs to uid 2001" "a squashfs file on FUSE"
	conf 'userTimeout = 1'
	kill -STOP $fuse
	image /links/fuse/i 'did not answer within 1 s' "a file system that hangs"
	kill -CONT $fuse
	umount /links/fuse; wait $fuse
	SNAPSHOT=$before
	conf
else
	skip "images on FUSE" 'no /dev/fuse or no bindfs'
fi
# no machine of tests has one of a network: the kernel's answer is changed on its way back
if command -v strace >/dev/null; then
	conf
	mkdir $D/remote && cp /bin/busybox $D/remote
	on() { # on TYPE CMD...: with file systems of this type, as fstatfs(2) has it
		local type=$1; shift
		strace -qqq -f -o /dev/null -e trace=fstatfs -e inject=fstatfs:poke_exit="@arg2=$type" "$@"
	}
	while read -r type name; do
		refused 3 "cannot use image '.*remote': a directory on $name cannot be one; make a squashfs image of it with 'shifterctl import'$" \
			"a directory on $name" on $type shifterctl setup --id bad --image $D/remote --user alice
	done <<-'END'
		6969000000000000 NFS
		d00bd00b00000000 Lustre
		5346504700000000 GPFS
	END
	refused 3 "a directory on NFS .*'shifterctl import'" "at submission, too" \
		as alice strace -qqq -f -o /dev/null -e trace=fstatfs -e inject=fstatfs:poke_exit=@arg2=6969000000000000 \
		shifterctl resolve $D/remote
	works $D/remote "the same directory on a local file system"
else
	skip "directories on network file systems" 'strace is not installed'
fi
unchanged "nothing is left"
done_testing
