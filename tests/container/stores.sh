#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# stores.sh - stores in Shifter's layout: metadata, tags, access lists, mode 0700
# shellcheck disable=SC2016,SC2086,SC2317,SC2329               # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { printf '%s\n' "imagePath = \"$IMG\"" "$@" >/etc/shifter/udiRoot.conf; }
put() { # put ID [LINE...]: an image of the store, and its metadata if there are lines
	cp $BUSYBOX $IMG/$1.squashfs && chmod 644 $IMG/$1.squashfs
	local id=$1; shift
	[ $# = 0 ] || printf '%s\n' "$@" >$IMG/$id.meta
}
tag() { # tag ENCODED ID: as an import does
	mkdir -p $IMG/tags && echo "id:$2" >$IMG/tags/.new && mv $IMG/tags/.new "$IMG/tags/$1"
}
use() { # use REF [USER]: set up and say what the container has from the image
	shifterctl setup --id s --image "$1" --user "${2:-alice}"
}
live() { as "${2:-alice}" shifter --container=s -- cat "/run/shifter/$1" | tr '\0' '|'; }
resolve() { as alice shifterctl resolve "$1"; }
image() { # image REF REGEX DESC [USER]: refused, with one clear line, by fault of the job
	refused 3 "$2" "$3" shifterctl setup --id bad --image "$1" --user "${4:-alice}"
}
site_image() { # likewise, by fault of the site
	refused 4 "$2" "$3" shifterctl setup --id bad --image "$1" --user "${4:-alice}"
}
unresolved() { refused '3|4' "$2" "$3" as alice shifterctl resolve "$1"; }

# --- metadata ---
put full 'FORMAT: squashfs' "ENTRY: ['/bin/tool', '-c', \"it's\"]" "CMD: [u'a', u'b c']" 'WORKDIR: /srv/x' \
	'ENV: A=b=c' 'ENV: B=1' 'ENV: "C=x\ny"' 'ENV: B=2' 'USER: root' 'NEW: thing'
ok "an image with metadata" use id:full
is "$(live image.env)" $'A=b=c|C=x\ny|B=2|' "image.env has its variables, the last of a name"
is "$(live image.entry)" "/bin/tool|-c|it's|" "image.entry has the words of a list"
is "$(live image.cmd)" "a|b c|" "image.cmd those of a list of Python 2"
is "$(live image.workdir)" /srv/x "image.workdir"
is "$(inside s stat -c %U:%a /run/shifter/image.env)" root:644 "which the user cannot change"
ok "teardown" down s
put plain; put word 'FORMAT: squashfs' 'ENTRY: /bin/tool'
ok "an image without" use id:plain
is "$(inside s sh -c 'ls /run/shifter | grep image')" '' "has none of the files"
ok "teardown of it" down s
ok "an entry point that is a word" use word.squashfs
is "$(live image.entry)" '/bin/tool|' "is that word"
ok "teardown of the word" down s
mkdir $IMG/dir && cp -a /bin/busybox $IMG/dir/ && printf 'ENV: D=1\n' >$IMG/dir.meta
ok "a directory of the store" use dir
is "$(as alice shifter --container=s -- /busybox cat /run/shifter/image.env | tr '\0' '|')" 'D=1|' "has metadata beside it"
ok "teardown of the directory" down s
install -d -m 755 /common && cp -a $IMG/dir /common/own && cp $IMG/dir.meta /common/own.meta
chown -R alice /common/own*
ok "a directory of the user's" use /common/own
is "$(as alice shifter --container=s -- /busybox cat /run/shifter/image.env | tr '\0' '|')" 'D=1|' "has, too"
ok "teardown of the user's" down s
chown bob /common/own.meta; chmod 600 /common/own.meta
image /common/own "cannot read the metadata '/common/own.meta' of the image: Permission denied" "metadata out of the user's reach"
rm /common/own.meta; ln -s /etc/shadow /common/own.meta
image /common/own "own.meta' of the image: Permission denied" "metadata that leads to a secret"
rm -r /common
for f in ext4 xfs cramfs; do
	put old "FORMAT: $f"
	image id:old "format '$f'.*shifterctl import" "FORMAT: $f"
done
rm $IMG/old.*
mke2fs -q -t ext4 $IMG/real.ext4 2M >/dev/null 2>&1; printf 'FORMAT: ext4\n' >$IMG/real.meta
image id:real "real.ext4' is an ext4 file system.*shifterctl import" "an ext4 image of Shifter's"
rm $IMG/real.*
put bad 'ENV: A=1' "ENTRY: ['x"
image id:bad "bad.meta' of the image: line 2: ENTRY" "damaged metadata"
head -c 300000 /dev/zero | tr '\0' '\n' >$IMG/bad.meta
image id:bad 'larger than 256 KiB|too large' "too much of it"
rm $IMG/bad.meta; mkfifo $IMG/bad.meta
image id:bad "bad.meta' of the image: Invalid" "a FIFO in its place"
rm $IMG/bad.*

# --- tags ---
put one 'ENV: I=1'; put two 'ENV: I=2'
tag docker%3Aubuntu%3A22.04 one
tag docker%3Areg.org%3A5000%2Fgroup%2Fname%3Alatest two
tag docker%3Abare%3Alatest two; tag custom%3Amine two
is "$(resolve docker:ubuntu:22.04)" id:one "a tag"
is "$(resolve ubuntu:22.04)" id:one "without the word docker"
is "$(resolve reg.org:5000/group/name)" id:two "of a registry with a port, without tag"
is "$(resolve bare)" id:two "a bare name that is no file but a tag"
is "$(resolve custom:mine)" id:two "a custom image"
is "$(resolve one)" id:one "a name that is a file is the file"
ln -s one.squashfs $IMG/link.squashfs; mkdir /elsewhere && cp $BUSYBOX /elsewhere/x && ln -s /elsewhere/x $IMG/out
is "$(resolve link)" id:one "a link in the store is resolved, too"
is "$(resolve out)" id:out "one that leads out of it is not"
rm $IMG/link.squashfs
submitted=$(resolve ubuntu:22.04)
tag docker%3Aubuntu%3A22.04 two
ok "retagged while the job is queued" use "$submitted"
is "$(live image.env)" 'I=1|' "it gets the image of its submission"
is "$(field s image)" id:one "and its record says so"
ok "teardown of the queued" down s
ok "set up by tag" use ubuntu:22.04
is "$(live image.env)" 'I=2|' "is what the tag means now"
is "$(field s image)" id:two "and the record has the id"
ok "teardown of the tag" down s
unresolved docker:nosuch:1 "no image 'docker:nosuch:1'.*shifterctl import" "an unknown tag names the way to import"
image docker:nosuch:1 "no image 'docker:nosuch:1'.*shifterctl import" "at set-up, too"
unresolved nosuch "no image 'nosuch': neither .* nor .* exists, and 'docker:nosuch:latest' is not known" "an unknown name"
echo rubbish >$IMG/tags/docker%3Anosuch%3Alatest
unresolved nosuch "nosuch%3Alatest' is damaged" "a bare name whose tag is damaged"
rm $IMG/tags/docker%3Anosuch%3Alatest
unresolved ubuntu:../x "'ubuntu:../x'" "a tag that tries to leave the index"
for bad in 'id:../one' '/etc/passwd' 'one' '' $'id:one\nid:two' "id:$(printf 'a%.0s' {1..300})"; do
	printf '%s' "$bad" >$IMG/tags/docker%3Abad%3A1
	unresolved bad:1 "'.*bad%3A1' is damaged" "a tag file that says ${bad@Q}"
done
ln -sf docker%3Abare%3Alatest $IMG/tags/docker%3Abad%3A1
unresolved bad:1 "bad%3A1'" "a tag that is a symbolic link"
rm $IMG/tags/docker%3Abad%3A1; mkfifo $IMG/tags/docker%3Abad%3A1
unresolved bad:1 "bad%3A1'" "a tag that is a FIFO"
rm $IMG/tags/docker%3Abad%3A1; tag docker%3Abad%3A1 one; chown bob $IMG/tags/docker%3Abad%3A1
unresolved bad:1 "belongs to uid 2002" "a tag that belongs to a user"
site_image bad:1 "belongs to uid 2002" "at set-up, too"
tag docker%3Agone%3A1 gone
unresolved gone:1 "no image 'gone': neither '$IMG/gone.squashfs'" "a tag whose image is gone"

# --- what an import writes is what is found ---
mkdir -p /import/bin && cp /bin/busybox /import/bin/sh
if id=$(shifterctl import /import docker:app:1 docker:docker.io/library/deb 2>/dev/null | tail -1); then
	is "id:${id#id:}" "$(resolve app:1)" "an imported image by its tag"
	is "$(resolve docker.io/library/deb:latest)" "id:${id#id:}" "by the long name of one"
	is "$(resolve deb)" "id:${id#id:}" "and by the short one"
	ok "a container of it" use app:1
	ok "teardown of the imported" down s
else
	fail "shifterctl import" "$id"
fi

# --- imageLookup ---
mkdir -p /opt/gw; conf 'imageLookup = "/opt/gw/lookup"'
gateway() { printf '#!/bin/sh\n%s\n' "$1" >/opt/gw/lookup; chmod 755 /opt/gw/lookup; }
gateway 'id -u >/tmp/ran; printf "%s\n" "$@" >>/tmp/ran; env >>/tmp/ran; chmod 666 /tmp/ran; echo one'
is "$(resolve 'reg.org/a/b:1')" id:one "the site's program is asked"
is "$(head -3 /tmp/ran | tr '\n' ' ')" '2001 docker reg.org/a/b:1 ' "as the user, with type and reference"
is "$(grep -c HOME /tmp/ran)" 0 "with an environment of its own"
rm -f /tmp/ran
ok "set-up asks it, too" use reg.org/a/b:1
is "$(head -1 /tmp/ran)" 2001 "as the user"
ok "teardown of what it found" down s
is "$(resolve id:two)" id:two "an id is not asked for"
rm -f /tmp/ran; unresolved 'a;touch${IFS}/tmp/x:1' 'cannot use image' "a reference with shell in it"
not_ok "never reaches it" test -e /tmp/ran
gateway 'echo id:two'; is "$(resolve bare)" id:two "an answer with id:"
gateway 'echo "denied to you" >&2; exit 3'
unresolved a:1 "no image 'docker:a:1'.*lookup' says: denied to you" "its refusal is shown"
gateway 'exit 4'; unresolved a:1 "failed with exit status 4" "one without words"
gateway 'echo ../../etc/passwd'; unresolved a:1 "printed '../../etc/passwd', which is no id" "an answer that is none"
gateway 'echo one; echo two'; unresolved a:1 "is no id" "two lines"
gateway ':'; unresolved a:1 "printed '', which is no id" "no answer"
gateway 'printf "\033[31mx\n" >&2; exit 1'; unresolved a:1 'x1b' "control characters are shown as such"
gateway 'exec cat /dev/zero'; unresolved a:1 "cannot look up" "an endless answer"
conf 'imageLookup = ""'; is "$(resolve bare)" id:two "an empty imageLookup is none"
conf 'imageLookup = "/opt/gw/lookup"' 'userTimeout = 1'
gateway 'exec sleep 300'; unresolved a:1 "did not answer within 1 s" "one that hangs"
wait_until 5 not_running 'sleep 300'; ok "is ended" not_running 'sleep 300'
gateway 'sleep 301; echo one'; unresolved a:1 "did not answer within 1 s" "one that waits for another program"
ok "which is ended, too" wait_until 5 not_running 'sleep 301'
gateway 'sleep 302 & echo one'; is "$(resolve a:1)" id:one "one that leaves a program behind has answered"
ok "that program is ended as well" wait_until 5 not_running 'sleep 302'
gateway 'trap "" TERM INT HUP; while :; do sleep 0.1; done'; unresolved a:1 "did not answer within 1 s" "one that minds no signal"
gateway 'sleep 303'; sed -i s/=.1/=60/ /etc/shifter/udiRoot.conf
# no function: $pid must be the program's
setpriv --reuid=alice --regid=alice --init-groups env --default-signal shifterctl resolve a:1 & pid=$!
ok "a look-up is running" wait_until 10 running 'sleep 303'
kill -INT $pid; wait $pid
ok "and ends with who asked" wait_until 5 not_running 'sleep 303'
conf 'imageLookup = "/opt/gw/lookup"'
gateway 'printf "one\0two"'; unresolved a:1 "printed 'one', which is no id" "an answer with a NUL"
gateway 'head -c 2000 /dev/urandom'; unresolved a:1 "is no id" "noise"
gateway 'kill -SEGV $$'; unresolved a:1 "failed with exit status 139" "one that crashes"
gateway 'echo one'; chmod 775 /opt/gw/lookup
unresolved a:1 "refusing imageLookup.*writable by others" "one that others can write"
chmod 755 /opt/gw/lookup; chown alice /opt/gw
unresolved a:1 "refusing imageLookup.*'/opt/gw' belongs to uid 2001" "in a folder of a user's"
chown root /opt/gw; rm /opt/gw/lookup
unresolved a:1 "imageLookup '/opt/gw/lookup': No such file" "one that is missing"
conf

# --- access lists, in a store that users can read ---
put acl 'USERACL: 2002, 9' 'GROUPACL: 2100'
ok "a user of the list" use id:acl bob
ok "teardown of bob's" down s
ok "a member of a group of the list" use id:acl
ok "teardown of alice's" down s
is "$(resolve id:acl)" id:acl "and at submission"
put acl 'USERACL: 2002'
image id:acl "it is private, and the access list in '$IMG/acl.meta'.*uid 2001" "a user who is not on it"
image local:$IMG/acl.squashfs "it is private" "by its path"
ln -s acl.squashfs $IMG/alias.squashfs
image id:alias "it is private" "by a link"
unresolved id:acl "it is private" "at submission, too"
rm $IMG/alias.squashfs
put acl 'GROUPACL: 2001'
ok "the user's own group" use id:acl
ok "teardown of the group's" down s
image id:acl "it is private" "another user" bob
put acl 'USERACL: 2001,nobody'
image id:acl "acl.meta' of the image: line 1: not a list" "a list with a word in it"
put acl 'USERACL:' 'GROUPACL:'
ok "empty lists are none" use id:acl
ok "teardown of the empty" down s
put acl 'USERACL: 2002'; chmod 600 $IMG/acl.meta
image id:acl "it is private" "a list that the user cannot read"
ok "admits who is on it all the same" use id:acl bob
ok "teardown of the hidden" down s
chown alice $IMG/acl.meta; chmod 000 $IMG/acl.meta
site_image id:acl "belongs to uid 2001" "a list that the user owns and hid" bob
rm $IMG/acl.*
# the modes of files are the site's word in a store with any other mode
put hidden; chmod 640 $IMG/hidden.squashfs
image id:hidden 'Permission denied' "an image of mode 0640"
chmod 750 $IMG
image id:one 'Permission denied' "a store of mode 0750"
chmod 755 $IMG
chmod 644 $IMG/hidden.squashfs

# --- a store of mode 0700 ---
chmod 700 $IMG
not_ok "users cannot read it" as alice cat $IMG/one.meta
is "$(resolve id:one)" id:one "an id is taken unseen"
is "$(resolve one)" id:one "a name becomes one"
ok "root opens the image" use id:one
is "$(live image.env)" 'I=1|' "and its metadata"
ok "teardown of the private" down s
chmod 600 $IMG/two.*
ok "whatever the modes inside" use two
ok "teardown of the one inside" down s
ok "a directory" use dir
ok "teardown of the directory inside" down s
put acl 'USERACL: 2002'
image id:acl "it is private" "who is not on the list"
ok "who is on it" use id:acl bob
ok "teardown of the listed" down s
image nosuch "no image 'nosuch'" "an unknown image"
image id:nosuch "no image 'nosuch'" "an unknown id"
image local:$IMG/one.squashfs 'Permission denied' "an image by its path is opened as the user"
ok "root resolves tags at set-up" use bare
is "$(field s image)" id:two "to ids"
ok "teardown of the tag inside" down s
unresolved docker:bare "users cannot read the store.*id:HASH" "at submission there is no index"
ln -s /elsewhere/x $IMG/lead.squashfs
site_image id:lead "lead.squashfs': it is a symbolic link" "a link is not followed by root"
ln -s /etc/shadow $IMG/one2.meta; cp $BUSYBOX $IMG/one2.squashfs
site_image id:one2 "one2.meta': it is a symbolic link" "nor is one to metadata"
rm $IMG/lead.squashfs $IMG/one2.*
for ref in id:../etc/shadow id:. id:.. 'id:a/b' tags/x; do
	image "$ref" 'image' "$ref stays in the store"
done
chown bob $IMG/one.squashfs
site_image id:one "'$IMG/one.squashfs' belongs to uid 2002" "an image of a user's in it"
conf 'trustedImageOwners = { "2002" }'
ok "unless the site trusts the user" use id:one
ok "teardown of the trusted" down s
conf; chown root $IMG/one.squashfs; chmod 620 $IMG/one.squashfs
site_image id:one "writable by others" "an image that a group can write"
chmod 644 $IMG/one.squashfs; chown bob $IMG
site_image id:one "'$IMG' belongs to uid 2002" "a store of a user's"
chown root $IMG
conf 'imageLookup = "/opt/gw/lookup"'; gateway 'case $2 in one:*) exit 1 ;; *) echo two ;; esac'
is "$(resolve tool:3)" id:two "imageLookup knows the tags of such a store"
is "$(resolve tool)" id:two "and bare names"
is "$(resolve one)" id:one "but for those that are ids"
conf; chmod 755 $IMG
unchanged "nothing is left"
done_testing
