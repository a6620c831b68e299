#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# hostile.sh - archives that want out, lie, or are none
# shellcheck disable=SC2015,SC2016,SC2086,SC2154,SC2317,SC2329	# other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/import/archives.bash
. "$tests/import/archives.bash" || exit 1

# what they are after: alice's, so that her own import could get at it as well
install -d -o alice -g alice -m 755 /outside /outside/dir && echo precious >/outside/f && echo precious >/outside/dir/g &&
	chown alice:alice /outside/f /outside/dir/g || exit 1
outside() { find /outside ! -name .import-\* -printf '%p %y %s %n %m %T@\n' | sort; }
OUTSIDE=$(outside)
untouched() { # untouched DESC
	if [ "$(outside)" = "$OUTSIDE" ]; then pass "$1: nothing outside is touched"
	else fail "$1: nothing outside is touched" "$(diff <(outside) <(echo "$OUTSIDE"))"; fi
}
# attack REGEX DESC: the layers low.tar and high.tar, and each alone as a tree of files; by root and by alice
attack() {
	docker_archive h.tar h:1 low.tar high.tar; chmod 644 h.tar
	bad 2 "$1" "$2" shifterctl import h.tar
	bad 125 "$1" "$2, by a user" as alice shifter import h.tar /home/alice/h
	[ ! -e /home/alice/h ] && [ ! -e /home/alice/h.meta ] || fail "$2 makes nothing"
	untouched "$2"
}
layer low.tar <<END
d 0755 0 0 d
f 0644 0 0 d/f low
l 0777 0 0 esc /outside
l 0777 0 0 up ../../../../../../outside
END
for path in ../x d/../../x d/.. .. /../x ./d/../../../outside/x; do
	layer high.tar <<<"f 0644 0 0 $path bad"
	attack "'[./a-z]*' leads out of the image" "a path '$path'"
done
layer high.tar <<<'f 0644 0 0 d/.wh... x'
attack "leads out" "a whiteout of '..'"
layer high.tar <<<'f 0644 0 0 .wh. x'
attack "leads out" "a whiteout of nothing"
for target in /outside/f esc/f up/f ../outside/f /etc/passwd; do
	layer high.tar <<<"h 0644 0 0 hard $target"
	attack 'which is not there|leads out' "a hard link to '$target'"
done
layer high.tar <<<'h 0644 0 0 hard d'
attack 'directory' "a hard link to a directory"
layer high.tar <<<'l 0777 0 0 loop loop
f 0644 0 0 loop/x bad'
attack 'symbolic links' "a path through a link to itself"
layer high.tar <<<'l 0777 0 0 hang nowhere
f 0644 0 0 hang/x bad'
attack 'No such file' "a path through a link to nothing"
layer high.tar <<<'f 0644 0 0 d/f/x bad'
attack 'Not a directory' "a file as a directory"
layer high.tar <<<"f 0644 0 0 $(printf 'n%.0s' {1..256}) bad"
attack 'too long' "a name that is too long"

# what is harmless inside stays inside
echo 'd 0755 0 0 outside' | layer more.tar
layer high.tar <<'END'
f 0644 0 0 /absolute in
f 0644 0 0 esc/written in
f 0644 0 0 up/.wh.f x
f 0644 0 0 esc/.wh..wh..opq x
d 0755 0 0 esc/dir/deep
l 0777 0 0 link /outside/f
f 0644 0 0 link in
h 0644 0 0 link link
l 0777 0 0 dirlink /outside/dir
d 0700 0 0 dirlink
f 0644 0 0 dirlink/g in
END
docker_archive h.tar h:1 low.tar more.tar high.tar; chmod 644 h.tar
imports "links, replaced and written through" h.tar
untouched "links, replaced and written through"
is "$(contents $ID absolute; contents $ID outside/written; contents $ID link; contents $ID dirlink/g)" inininin "all of it is in the image"
ok "the same by a user" as alice shifter import h.tar /home/alice/h
untouched "the same by a user"
is "$(cat /home/alice/h/absolute /home/alice/h/outside/written /home/alice/h/link /home/alice/h/dirlink/g)" inininin "all of it is in the directory"
rm -rf /home/alice/h /home/alice/h.meta

# --- archives that are damaged or none ---
layer high.tar <<<'f 0644 0 0 new text'
docker_archive good.tar g:1 low.tar high.tar; chmod 644 good.tar
rm -rf t && mkdir t && tar -C t -xf good.tar || exit 1
repack() { tar -C t -cf bad.tar . && chmod 644 bad.tar; }
again() { rm -rf t && mkdir t && tar -C t -xf good.tar; }
l=$(find t -name layer.tar | head -1); printf 'X' | dd of="$l" bs=1 seek=520 conv=notrunc status=none; repack
bad 2 'damaged: layer . has the digest' "a changed layer" shifterctl import bad.tar
bad 125 'damaged: layer . has the digest' "a changed layer, by a user" as alice shifter import bad.tar /home/alice/h
[ ! -e /home/alice/h ] || fail "it is not there"
again; rm "$l"; repack; bad 2 "layer ., '.*', is not in it" "a layer that is missing" shifterctl import bad.tar
for to in /etc/shadow ../../../../../../etc/shadow ../manifest.json; do
	again; ln -sf $to "$l"; repack; bad 2 'is not in it|no tar archive' "a layer that is a link to $to" shifterctl import bad.tar
done
again; sed -i 's/"Layers":\["[^"]*"/"Layers":["..\/..\/..\/..\/etc\/shadow"/' t/manifest.json; repack
bad 2 'is not in it' "a layer called ../../etc/shadow" shifterctl import bad.tar
again; sed -i 's/"Layers":\["[^"]*",/"Layers":[/' t/manifest.json; repack
bad 2 'disagree' "fewer layers than digests" shifterctl import bad.tar
while IFS='|' read -r json regex; do
	again; printf '%s' "$json" >t/manifest.json; repack
	bad 2 "$regex" "manifest.json: ${json:0:40}" shifterctl import bad.tar
done <<'END'
|cannot read 'manifest.json'
nonsense|cannot read 'manifest.json'
[]|no image in it
{}|no image in it
[1,"x",null,[]]|several images|no image
[{"Config":7,"Layers":[]}]|lacks
[{"Config":"none.json","Layers":[]}]|cannot read 'none.json'
[{"Config":"/etc/passwd","Layers":[]}]|cannot read '/etc/passwd'
[{"Config":"manifest.json","Layers":["a"]}]|diff_ids
[{"Config":"manifest.json","RepoTags":[null,7],"Layers":"x"}]|lacks
END
again; printf '[%.0s' {1..2000} >t/manifest.json; repack; bad 2 'nesting' "JSON that is too deep" shifterctl import bad.tar
for digest in sha256:../../../etc/shadow '../../x' 'sha256' 'sha256:0000'; do
	rm -rf o && mkdir o && oci_index o "{\"digest\":\"$digest\",\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"}"
	bad 2 'malformed|cannot read' "an index with digest '$digest'" shifterctl import o
done
rm -rf o && mkdir -p o/blobs/sha256 && one='{"digest":"sha256:00","mediaType":"application/vnd.oci.image.index.v1+json"}' &&
	oci_index o "$(yes "$one" | head -1000 | paste -sd,)" && cp o/index.json o/blobs/sha256/00
bad 2 'malformed' "an index of indexes without an end" shifterctl import o
head -c 700 good.tar >bad.tar; bad 2 'runcated|is no tar' "a truncated archive" shifterctl import bad.tar
gzip -c good.tar | head -c 500 >bad.tar; bad 2 'runcated' "a truncated compressed archive" shifterctl import bad.tar
: >bad.tar; bad 2 'it is empty' "an empty file" shifterctl import bad.tar
head -c 100000 /dev/urandom >bad.tar; bad 2 'no tar archive' "noise" shifterctl import bad.tar
bad 2 'No such file' "no file" shifterctl import none.tar
bad 2 'neither a directory nor a regular file' "a device" shifterctl import /dev/null
bad 2 'no source' "no source" shifterctl import
bad 2 "not NAME:TAG" "a reference that is none" shifterctl import good.tar 'a b'
bad 2 "not NAME:TAG" "a reference that leads out" shifterctl import good.tar docker:../../x:1
bad 2 'list of numbers' "an access list that is none" shifterctl import --user-acl alice good.tar
bad 2 'unknown option' "an unknown option" shifterctl import --nonsense good.tar
bad 2 'needs root' "a user" as alice shifterctl import good.tar
bad 125 'Permission denied' "a directory that the user may not write in" as alice shifter import good.tar /outside/../h
mkdir -p dir && echo secret >dir/secret && chmod 600 dir/secret
bad 125 'cannot read all of' "a directory that the user may not read all of" as alice shifter import dir /home/alice/h
ARCH=z80 docker_archive z.tar z:1 low.tar
bad 2 "for z80" "another architecture" shifterctl import z.tar

# --- the node ---
chmod o+w $IMG; bad 2 "others than its owner can write" "a store that others can write to" shifterctl import good.tar; chmod o-w $IMG
mount --bind /dev/null /usr/bin/mksquashfs || exit 1
bad 5 "cannot find 'mksquashfs': install the package 'squashfs-tools'" "without mksquashfs" shifterctl import good.tar
umount /usr/bin/mksquashfs
mkdir /small && mount -t tmpfs -o size=3m,mode=755 small /small && echo 'imagePath = "/small"' >/etc/small.conf &&
	head -c 2500000 /dev/urandom >noise && tar cf noise.tar noise || exit 1
bad 5 'No space left on device' "no space to unpack" bash -c 'cat noise.tar | shifterctl --config /etc/small.conf import -'
bad 5 'No space left on device' "no space for the squashfs file" shifterctl --config /etc/small.conf import noise.tar
is "$(ls -A /small)" '' "leave nothing"
umount /small

# --- with what rights it is done ---
mkfifo fifo; shifterctl import - <fifo >/dev/null 2>&1 & pid=$!
exec 9>fifo; head -c 1000 good.tar >&9
child() { kid=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null); kid=${kid%% *}; [ -n "$kid" ] && grep -q 'NoNewPrivs:.1' "/proc/$kid/status"; }
wait_until 10 child
is "$(awk '/^(Uid|Gid|Groups|CapEff|CapBnd|NoNewPrivs):/ { print $1 $2 }' "/proc/$kid/status" | paste -sd' ')" \
	'Uid:2147352576 Gid:2147352576 Groups: CapEff:000000000000001b CapBnd:000000000000001b NoNewPrivs:1' \
	"what reads the archive is nobody on this host"
is "$(find /proc/$kid/fd -lname '/etc/*' -o -lname "$IMG" | wc -l)" 0 "and has no descriptor of the store"
for n in user pid net ipc; do
	[ "$(readlink /proc/$kid/ns/$n)" != "$(readlink /proc/self/ns/$n)" ] || fail "its $n namespace is another"
done
exec 9>&-; wait $pid
not_ok "what was cut off is no image" test $? = 0
is "$(left_over)" '' "nothing is left"
done_testing
