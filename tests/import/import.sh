#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# import.sh - images from directories, tar archives, "docker save" and OCI layouts
# shellcheck disable=SC2015,SC2016,SC2086,SC2154,SC2317,SC2329	# other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/import/archives.bash
. "$tests/import/archives.bash" || exit 1

# --- layers, as docker and OCI have them ---
unsquashfs -q -n -d $W/busybox $BUSYBOX >/dev/null && tar -C $W/busybox -cf $W/base.tar . || exit 1
long=$(printf 'long-%.0s' {1..40})
deep=$(printf 'd%.0s/' {1..60})$(printf 'e%.0s' {1..150})
layer l1.tar <<END
d 0755 0 0 data
f 0644 0 0 data/stays one
f 0644 0 0 data/goes one
f 0644 0 0 data/replaced one
d 0755 0 0 data/opaque
f 0644 0 0 data/opaque/old one
d 0755 0 0 data/opaque/sub
f 0644 0 0 data/opaque/sub/old one
d 0755 0 0 data/tree
f 0644 0 0 data/tree/x one
d 0755 0 0 data/becomes-file
f 0644 0 0 data/becomes-file/x one
f 0644 0 0 data/becomes-dir one
l 0777 0 0 data/link /etc
l 0777 0 0 data/dirlink opaque
h 0644 0 0 data/hard data/stays
f 4755 0 0 data/setuid one
f 0640 33 44 data/owned one
f 0600 70000 0 data/stranger one
d 0000 1000 1000 data/locked
f 0000 1000 1000 data/locked/in one
p 0644 0 0 data/fifo
c 0666 0 0 data/null 1,3
f 0644 0 0 data/$long one
f 0644 0 0 data/$deep one
END
layer l2.tar <<END
d 0755 0 0 data
f 0644 0 0 data/.wh.goes
f 0644 0 0 data/.wh.tree
f 0644 0 0 data/.wh.never-was
f 0644 0 0 none/.wh.never-was
f 0644 0 0 data/opaque/new two
f 0644 0 0 data/opaque/.wh..wh..opq
f 0644 0 0 data/replaced two
f 0644 0 0 data/becomes-file two
d 0755 0 0 data/becomes-dir
f 0644 0 0 data/becomes-dir/x two
h 0644 0 0 data/across data/stays
f 0644 0 0 data/dirlink/through two
f 0644 0 0 data/twice first
f 0600 0 0 data/twice second
f 0644 0 0 data/.wh.twice
END
CONFIG='{"Env":["PATH=/usr/bin:/bin","GREETING=hello world","ODD=a=b","LINES=a\nb","EMPTY=","=none","NONE"],"Entrypoint":["/bin/sh","-c","echo \"q\""],"Cmd":["x"],"WorkingDir":"/data"}'
docker_archive d.tar test/app:1.2 base.tar l1.tar l2.tar
want=$ID

check_tree() { # check_tree WHAT: the image ID is what the three layers give
	local list; list=$(listing "$ID")
	is "$(contents $ID data/stays) $(contents $ID data/replaced) $(contents $ID data/becomes-file)" 'one two two' "$1: the upper layer wins"
	is "$(grep -c ' data/goes$\| data/tree\| data/opaque/old$\| data/opaque/sub' <<<"$list")" 0 "$1: whiteouts"
	is "$(contents $ID data/opaque/new)" two "$1: an opaque directory keeps what its own layer has"
	is "$(grep -c '\.wh\.' <<<"$list")" 0 "$1: no whiteout is a file"
	is "$(contents $ID data/twice)" second "$1: of two entries the later counts, and no whiteout hides its own layer"
	is "$(contents $ID data/becomes-dir/x)" two "$1: a directory in place of a file"
	is "$(contents $ID data/opaque/through)" two "$1: through a link inside the image"
	like "$list" ' 0/0 [^/]* data/link -> /etc' "$1: links as they were"
	like "$list" '-rw-r----- 33/44 ' "$1: owners"
	like "$list" '-rwsr-xr-x 0/0 [^/]* data/setuid' "$1: modes"
	like "$list" 'd--------- 1000/1000 [^/]* data/locked' "$1: a directory that nobody may enter"
	like "$list" '---------- 1000/1000 [^/]* data/locked/in' "$1: and what is in it"
	like "$list" 'p[-rw]* 0/0 [^/]* data/fifo' "$1: a FIFO"
	is "$(grep -c "data/$long\$\|data/$deep\$" <<<"$list")" 2 "$1: long names"
	is "$(grep -c ' data/null$' <<<"$list")" 0 "$1: no device file"
	is "$(unsquashfs -lls -d '' "$IMG/$ID.squashfs" >/dev/null; rm -rf x; unsquashfs -q -n -d x "$IMG/$ID.squashfs" >/dev/null
		stat -c %h x/data/stays; stat -c '%i' x/data/stays x/data/hard x/data/across | sort -u | wc -l)" $'3\n1' \
		"$1: hard links, inside and across layers"
	rm -rf x
}
out=$(shifterctl import d.tar 2>err); rc=$?
is "$rc $out" "0 id:$want" "docker save: the id is the digest of the configuration"
ID=$want
like "$(cat err)" 'warning: 1 device files are left out' "device files are counted"
like "$(cat err)" "variable '=none' .*variable 'NONE' of the image is left out" "so are variables that are none"
like "$(cat err)" '1 files belong to root in the image' "an owner without a number here is counted"
check_tree "docker save"
is "$(cat $IMG/$ID.meta)" 'FORMAT: squashfs
ENV: PATH=/usr/bin:/bin
ENV: GREETING=hello world
ENV: ODD=a=b
ENV: "LINES=a\nb"
ENV: EMPTY=
ENTRY: ["/bin/sh","-c","echo \"q\""]
CMD: ["x"]
WORKDIR: /data' ".meta"
is "$(cat $IMG/tags/docker%3Atest%2Fapp%3A1.2)" "id:$ID" "the tag is the name in the archive"
is "$(stat -c '%u:%g %a %h' $IMG/$ID.squashfs $IMG/$ID.meta $IMG/tags/* | sort -u)" '0:0 644 1' "all files are root's"
is "$(left_over)" '' "nothing else is left"

# --- the same again ---
before=$(stat -c '%i %Y' $IMG/$ID.squashfs); rm -f $IMG/tags/*
is "$(shifterctl import d.tar docker:other other/name:2 2>&1 | grep -v warning)" "id:$ID" "once more: the same id"
ok "a reference of the site's own kind" shifterctl import d.tar custom:mine
is "$(shifterctl resolve custom:mine)" "id:$ID" "is what it is resolved by"
rm $IMG/tags/custom%3Amine
for reference in id:abc local:abc 'custom:a/b' custom:; do
	exits 2 "a reference '$reference'" shifterctl import d.tar "$reference"
	like "$T_OUT" "cannot tag the image '$reference'" "is refused"
done
is "$(stat -c '%i %Y' $IMG/$ID.squashfs)" "$before" "and the file stays"
is "$(ls $IMG/tags)" $'docker%3Aother%2Fname%3A2\ndocker%3Aother%3Alatest' "references of the command line, in place of the archive's"
first=$(sha $IMG/$ID.squashfs); rm -f $IMG/$ID.*
ok "from standard input, compressed" bash -c 'xz -0c d.tar | shifterctl import - >/dev/null'
is "$(sha $IMG/$ID.squashfs)" "$first" "makes the very same file"
rm -f $IMG/$ID.*
shifterctl import d.tar >p1 2>/dev/null & a=$!
shifterctl import d.tar >p2 2>/dev/null & b=$!
wait $a; r1=$?; wait $b; r2=$?
is "$r1 $r2 $(cat p1 p2 | sort -u)" "0 0 id:$ID" "two at once: both succeed with the same id"
is "$(left_over)" '' "and leave nothing else"

# --- an OCI layout ---
oci_manifest oci base.tar l1.tar l2.tar; native=$ID
one=$(blob oci $MANIFEST manifest.v1+json ",\"platform\":{\"os\":\"linux\",\"architecture\":\"$arch\"}")
ARCH=z80 oci_manifest oci l1.tar
two=$(blob oci $MANIFEST manifest.v1+json ',"platform":{"os":"linux","architecture":"z80"}'); foreign=$ID
att=',"platform":{"os":"unknown","architecture":"unknown"}'
printf '{"schemaVersion":2,"manifests":[%s,%s,%s]}' "$two" "$one" "${one/,\"platform\"*/$att\}}" >inner
oci_index oci "$(blob oci inner index.v1+json ',"annotations":{"org.opencontainers.image.ref.name":"site/oci:3"}')"
rm -f $IMG/*.meta $IMG/tags/*; mv $BUSYBOX keep; rm -f $IMG/*.squashfs; mv keep $BUSYBOX
imports "an OCI layout with several architectures" oci
is $ID $native "the one of this node was taken"
check_tree OCI
is "$(cat $IMG/tags/*) $(ls $IMG/tags)" "id:$ID docker%3Asite%2Foci%3A3" "tagged by its annotation"
imports "--arch" --arch=z80 oci
is $ID $foreign "takes another one"
# as the images for several systems that registries have: windows/amd64 beside linux/amd64
win=$(blob oci $MANIFEST manifest.v1+json ",\"platform\":{\"os\":\"windows\",\"architecture\":\"$arch\"}")
linux=${one/linux/linux\",\"variant\":\"v8}
other=$(blob oci $MANIFEST manifest.v1+json ',"platform":{"os":"linux","architecture":"z80","variant":"v1"}')
oci_index oci "$win,$two,$linux"
imports "an OCI layout with another system" oci
is $ID $native "the one of Linux was taken"
oci_index oci "${two/z80\"/z80\",\"variant\":\"v2\"},$other"
bad 2 'several images.* has z80/v2, z80/v1: choose' "two variants: choose" shifterctl import --arch=z80 oci
oci_index oci "${two/z80\"/z80\",\"variant\":\"v2\"},${one/linux/linux\",\"variant\":\"v1},$other"
imports "--arch with a variant" --arch=z80/v2 oci
is $ID $foreign "takes it"
oci_index oci "$win"
bad 2 "no such image in it: it has windows/$arch: " "none for Linux" shifterctl import oci
OS=windows docker_archive win.tar win:1 l1.tar
bad 2 "the image is for windows, not for linux" "docker save of one for Windows" shifterctl import win.tar
oci_index oci "$(blob oci inner index.v1+json ',"annotations":{"org.opencontainers.image.ref.name":"site/oci:3"}')"
tar -C oci -cf oci.tar . && zstd -q oci.tar 2>/dev/null || gzip oci.tar
rm -f $IMG/$native.*
imports "a compressed archive of the layout" oci.tar.*
is $ID $native "gives the same"
if command -v skopeo >/dev/null; then
	rm -f $IMG/$native.*
	ok "skopeo makes an OCI layout" skopeo --insecure-policy copy docker-archive:d.tar oci:sk:v1
	imports "which is imported" sk
	check_tree skopeo
	ok "skopeo makes a docker archive" skopeo --insecure-policy copy oci:sk:v1 docker-archive:sk.tar:sk/app:9
	imports "which is imported, too" sk.tar
	is "$(cat $IMG/tags/docker%3Ask%2Fapp%3A9)" "id:$ID" "with its name"
else
	skip "archives of skopeo" "skopeo is not installed"
fi

# --- a layer that comes twice, the second time as a symbolic link: docker save until 2023 ---
docker_archive twice.tar twice:1 base.tar l1.tar l2.tar l1.tar; n=$ID
rm -rf two && mkdir two && tar -C two -xf twice.tar
same=$(sha l1.tar | tr 0-9a-f a-f0-9)
mkdir two/again && ln -s "../$same/layer.tar" two/again/layer.tar &&
	sed -i "s|\"[^\"]*\"\]}|\"again/layer.tar\"]}|" two/manifest.json && tar -C two -cf twice.tar .
imports "docker save with a link to a layer" twice.tar
is "$ID $(contents $ID data/replaced)" "$n one" "which is what it leads to"

# --- layers that are compressed otherwise, or not at all ---
for z in 'zstd -c' 'xz -c' 'bzip2 -c' cat; do
	command -v ${z% *} >/dev/null || continue
	rm -rf z
	COMPRESS=$z oci_manifest z base.tar l1.tar l2.tar && oci_index z "$(blob z $MANIFEST manifest.v1+json)"
	rm -f $IMG/$native.*
	imports "layers by ${z% *}" z
	is $ID $native "the same image"
done

# --- docker save since 2024: blobs and both indexes ---
oci_manifest new base.tar l1.tar l2.tar
c=$(grep -o '"config":{[^}]*' $MANIFEST | grep -o 'sha256:[0-9a-f]*'); l=$(grep -o '"layers".*' $MANIFEST | grep -o 'sha256:[0-9a-f]*')
oci_index new "$(blob new $MANIFEST manifest.v1+json)"
printf '[{"Config":"blobs/sha256/%s","RepoTags":["docker.io/library/new:1"],"Layers":[%s]}]' ${c#*:} \
	"$(sed 's/sha256:\(.*\)/"blobs\/sha256\/\1"/' <<<"$l" | paste -sd,)" >new/manifest.json
tar -C new -cf new.tar .; rm -f $IMG/$native.*
imports "docker save with blobs" new.tar
is $ID $native "the same image, the same id"
is "$(cat $IMG/tags/docker%3Anew%3A1)" "id:$ID" "and the name without docker.io/library"

# --- several images in one archive ---
rm -rf two && mkdir two && tar -C two -xf d.tar && sed -i 's/^\[\(.*\)\]$/[\1,\1]/; s/1\.2/1.3/' two/manifest.json && tar -C two -cf two.tar .
bad 2 'several images.*test/app:1.3, test/app:1.2.*--name' "several images: choose" shifterctl import two.tar
imports "--name" --name test/app:1.2 two.tar

# --- who may use it ---
imports "--user-acl and --group-acl" --user-acl 2001,7 --group-acl=9 new.tar
is "$(grep ACL $IMG/$ID.meta)" $'USERACL: 2001,7\nGROUPACL: 9' "are in .meta"
imports "importing it again" new.tar
is "$(grep -c ACL $IMG/$ID.meta)" 2 "does not open it to everybody"

# --- a container of it ---
rm -f $IMG/$ID.meta; imports "one for everybody" new.tar
ok "a container of the import" shifterctl setup --id imp --image id:$ID --user alice
is "$(inside imp cat /data/stays /data/opaque/new)" onetwo "has the files"
down imp

# --- a directory and a tar archive of one ---
mkdir -p dir/usr/bin dir/sub && cp $W/busybox/bin/busybox dir/usr/bin/ && echo text >"dir/sub/ä b" && chmod 600 "dir/sub/ä b" &&
	chown 33:33 "dir/sub/ä b" && ln "dir/sub/ä b" dir/sub/hard && truncate -s 64M dir/sparse && ln -s /etc/shadow dir/secret &&
	mknod dir/null c 1 3 && printf 'x' >"dir/$(printf 'latin\344')" || exit 1
(umask 077; imports "a directory, under an umask of 077" dir docker:dir:1)
is "$(stat -c %a $IMG/tags $IMG/tags/docker%3Adir%3A1 | paste -s)" '755	644' "others can read the tags"
imports "a directory" dir docker:dir:1
d=$ID list=$(listing $ID)
like "$list" ' 33/33 [^/]* sub/ä b' "names and owners"
like "$list" 'secret -> /etc/shadow' "a link is a link"
is "$(contents $ID "$(printf 'latin\344')")" x "a name in another encoding"
is "$(stat -c %s $IMG/$ID.squashfs | awk '$1 < 3000000 { print "small" }')" small "a sparse file stays small"
imports "the directory once more" dir
is $ID $d "has the same id"
touch -d 2001-01-01 dir/sub; imports "a changed one" dir; is "$([ $ID = $d ] && echo same)" '' "has another"
tar -C dir -cf dir.tar . && for z in gzip xz zstd bzip2; do
	command -v $z >/dev/null && { $z -c dir.tar >dir.$z; imports "a tar archive, $z" dir.$z; echo $ID >>ids; }
done
imports "one that is not compressed" dir.tar; echo $ID >>ids
is "$(sort -u ids | wc -l)" 1 "the same id for all of them"

# --- a user ---
cp d.tar /home/alice/d.tar && chmod 644 /home/alice/d.tar
ok "alice imports" as alice shifter import /home/alice/d.tar /home/alice/app
is "$(head -3 /home/alice/app.meta)" $'FORMAT: VFS\nENV: PATH=/usr/bin:/bin\nENV: GREETING=hello world' "with .meta beside it"
is "$(find /home/alice/app ! -user alice -o ! -group alice | head)" '' "all is hers"
is "$(find /home/alice/app ! -type l \( -perm /6022 -o ! -perm -0600 \) | head)" '' \
	"no setuid bit, nothing that others can write to or that she cannot read"
is "$(cat /home/alice/app/data/opaque/new /home/alice/app/data/locked/in)" twoone "with the files"
is "$(left_over)" '' "and nothing else"
ok "a container of it" shifterctl setup --id own --image local:/home/alice/app --user alice
is "$(inside own cat /data/replaced)" two "has the files, too"
down own
bad 125 "'/home/alice/app': it exists" "what is there is not touched" as alice shifter import /home/alice/d.tar /home/alice/app
for mask in 0777 0277; do
	ok "an import under a umask of $mask" bash -c "umask $mask && exec setpriv --reuid=alice --regid=alice --init-groups \
		env HOME=/home/alice shifter import /home/alice/d.tar /home/alice/masked"
	is "$(cat /home/alice/masked/data/opaque/new; find /home/alice -maxdepth 1 -name '.import*')" two "is whole, and leaves nothing else"
	rm -r /home/alice/masked*
done
ok "a directory of hers" as alice shifter import /home/alice/app/data /home/alice/again
bad 125 'not for root' "root is sent to shifterctl" shifter import d.tar $W/r
ok "she can remove it" as alice rm -r /home/alice/app /home/alice/again
done_testing
