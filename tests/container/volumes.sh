#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# volumes.sh - SRC:DST[:ro] of the user's
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

mkdir /data && install -d -o alice -g alice /data/mine /data/mine/sub /data/other && install -d -m 700 /data/roots &&
	install -d -m 700 -o bob /data/bobs && echo text >/data/file && chown alice /data/file || exit 1
mount -t tmpfs -o mode=1777,suid,dev sub /data/mine/sub && echo below >/data/mine/sub/f || exit 1

# --- what works ---
ok "volumes" up v --volume /data/mine:/mine --volume /data/other:/opt/app/deep:ro --volume /data/file:/usr/file
ok "can be written" inside v sh -c 'echo from-inside >/mine/new'
is "$(cat /data/mine/new)" from-inside "and are the host's"
like "$(inside v touch /opt/app/deep/x 2>&1)" 'Read-only' ":ro cannot be written"
is "$(inside v cat /usr/file)" text "a file as a volume"
is "$(inside v cat /mine/sub/f)" below "what is mounted below comes along"
is "$(inside v cat /proc/self/mountinfo | awk '$5 ~ "^/mine" && ($6 !~ /nosuid/ || $6 !~ /nodev/)')" '' \
	"nosuid and nodev on all of it"
ok "udiImage is still in /opt" inside v test -x /opt/udiImage/bin/ssh
ok "the image's /usr is still there" inside v test -e /usr/bin/env
ok "teardown" down v
mount -o remount,ro /data/mine/sub || exit 1
ok "a volume with a read-only mount below" up v --volume /data/mine:/mine
like "$(inside v touch /mine/sub/x 2>&1)" 'Read-only' "keeps it read-only"
ok "teardown again" down v
mount -o remount,rw /data/mine/sub || exit 1
ok ":ro" up v --volume /data/mine:/mine:ro
like "$(inside v touch /mine/sub/x 2>&1)" 'Read-only' "counts for what is mounted below, too"
ok "teardown of that" down v
ln -s /data/mine /data/link
ok "a link as the source" up v --volume /data/link:/mine
is "$(inside v cat /mine/sub/f)" below "leads to what it points at"
ok "teardown of the link" down v
umount /data/mine/sub || exit 1
unchanged "nothing is left"

# --- what is refused ---
volume() { # volume VOLUME REGEX DESC
	refused 3 "$2" "$3" shifterctl setup --id v --image busybox --user alice --volume "$1"
}
volume /data/roots/x:/x 'Permission denied' "a source below a folder of root's"
volume /data/bobs/x:/x 'Permission denied' "a source below a folder of bob's"
volume /data/none:/x 'No such file' "a source that is none"
ln -s /data/bobs/x /data/mine/to-bob
volume /data/mine/to-bob:/x 'Permission denied' "a link to a folder of bob's"
for target in / /etc /etc/passwd /proc /proc/1 /sys /dev /dev/shm /run /run/shifter /opt /opt/udiImage \
	/opt/udiImage/bin /var /var/hostsfile /usr /bin /lib64 /home /home/alice /tmp /tmp/x; do
	volume "/data/mine:$target" "'$target'" "the target $target"
done
volume /data/mine:/x/../etc "'..'" "a target with '..'"
volume /data/mine:relative absolute "a relative target"
volume /data/mine:/x:rw,dev 'no flag' "an unknown flag"
volume ":/x" source "no source"
refused 3 'one is inside' "two volumes, one inside the other" shifterctl setup --id v --image busybox --user alice \
	--volume /data/mine:/x --volume /data/other:/x/y
many=(); for ((i = 0; i < 2000; i++)); do many+=(--volume "/data/mine:/v$i"); done
refused 3 'more than' "too many volumes" shifterctl setup --id v --image busybox --user alice "${many[@]}"

# links of the image do not lead to what is reserved
unsquashfs -q -n -d $IMG/links $BUSYBOX >/dev/null && ln -s /etc $IMG/links/innocent && ln -s / $IMG/links/slash &&
	mkdir -p $IMG/links/run/shifter && ln -s ../run/shifter $IMG/links/usr/live || exit 1
for target in /innocent /innocent/x /slash/etc /slash/proc /usr/live; do
	refused 3 "$target" "the target $target, a link to a reserved one" shifterctl setup --id v \
		--image local:$IMG/links --user alice --volume "/data/mine:$target"
done

# --- as many as there can be ---
volumes=(); for ((i = 0; i < 64; i++)); do mkdir -p /data/many/$i && echo $i >/data/many/$i/f; volumes+=(--volume "/data/many/$i:/m/$i"); done
for ((i = 64; i < 600; i++)); do mkdir -p /data/many/$i && echo $i >/data/many/$i/f; done
{ echo 'imagePath = "/img"'; printf 'siteFs = { "/home:/home"'; for ((i = 0; i < 600; i++)); do printf ', "/data/many/%d:/s/%d"' $i $i; done; echo ' }'; } \
	>/etc/shifter/udiRoot.conf
ok "64 volumes and 601 site mounts" up v "${volumes[@]}"
is "$(inside v sh -c 'cat /m/*/f | sort -n | tail -1; cat /s/*/f | wc -l; cat /s/599/f')" $'63\n600\n599' "are all there"
ok "teardown of them" down v
{ echo 'imagePath = "/img"'; printf 'siteFs = { "/home:/home"'; for ((i = 0; i < 1024; i++)); do printf ', "/data/many/1:/s/%d"' $i; done; echo ' }'; } \
	>/etc/shifter/udiRoot.conf
refused '4' 'udiRoot.conf:2: siteFs has more than 1024' "more site mounts than that" up v
printf 'imagePath = "/img"\nsiteFs = "/home:/home;/data/none:/none"\n' >/etc/shifter/udiRoot.conf
refused '4' "'/data/none'" "a site mount whose source does not exist" up v
printf 'imagePath = "/img"\nsiteFs = "/home:/home;/data/file:/site/file;/data/other:/site/dir:ro"\n' >/etc/shifter/udiRoot.conf
ok "a file and a read-only directory of the site's" up v
is "$(inside v cat /site/file)" text "the file is there"
like "$(inside v touch /site/dir/x 2>&1)" 'Read-only' "the directory is read-only"
ok "teardown of that" down v
# the outer one is for all to write, as a scratch file system is
install -d -m 1777 /data/scratch && install -d /data/scratch/in
printf 'imagePath = "/img"\nsiteFs = "/home:/home;/data/scratch:/scratch;/data/other:/scratch/in"\n' >/etc/shifter/udiRoot.conf
ok "a site mount within another" up v
is "$(inside v awk '$5 == "/scratch/in" { print $5 }' /proc/self/mountinfo)" /scratch/in "is there"
ok "teardown of both" down v
for to in /etc ../etc ../../etc /proc/self/root/etc; do
	rmdir /data/scratch/in 2>/dev/null || rm /data/scratch/in
	as alice ln -s $to /data/scratch/in
	refused '4' "'/scratch/in'" "a link to $to, made by a user, in its place" up v
done
rm /data/scratch/in
printf 'imagePath = "%s"\n' $IMG >/etc/shifter/udiRoot.conf
refused 3 "cannot mount '/data/mine' and '/data/other' both at '/x'" "two volumes at one place" shifterctl setup --id v \
	--image busybox --user alice --volume /data/mine:/x --volume /data/other:/x/
ok "one source at two places" up v --volume /data/mine:/x --volume /data/mine:/y:ro
is "$(inside v sh -c 'echo twice >/x/twice; cat /y/twice; touch /y/no 2>&1 | grep -c Read-only')" $'twice\n1' "each with its flag"
ok "teardown of these" down v

# --- flags of what is below ---
mkdir /data/mine/sub2 && mount -t tmpfs -o mode=1777,noexec sub2 /data/mine/sub2 && mount -t tmpfs -o mode=1777,nosuid deep /data/mine/sub || exit 1
cp /bin/true /data/mine/sub2/; cp /data/mine/sub2/true /data/mine/sub/
ok "a volume with a noexec mount below" up v --volume /data/mine:/mine
is "$(inside v /mine/sub2/true >/dev/null 2>&1; echo $?)" 126 "keeps it noexec"
is "$(inside v awk '$5 == "/mine/sub2" { print $6 }' /proc/self/mountinfo)" rw,nosuid,nodev,noexec,relatime "with its other flags, and ours"
is "$(inside v awk '$5 == "/mine/sub" { print $6 }' /proc/self/mountinfo)" rw,nosuid,nodev,relatime "and that of its neighbour is its own"
mount -t tmpfs later /data/mine/sub || exit 1
is "$(inside v awk '$5 ~ "^/mine" { print $5 }' /proc/self/mountinfo | wc -l)" 3 "what is mounted on the host later does not come in"
umount /data/mine/sub
ok "teardown of this" down v
printf 'imagePath = "%s"\nsiteFs = "/home:/home;/data/mine:/site:ro"\n' $IMG >/etc/shifter/udiRoot.conf
ok "the same as a site's, read-only" up v
is "$(inside v awk '$5 ~ "^/site" { print $5, $6 }' /proc/self/mountinfo | sort)" "$(printf '%s\n' '/site ro,nosuid,nodev,relatime' \
	'/site/sub ro,nosuid,nodev,relatime' '/site/sub2 ro,nosuid,nodev,noexec,relatime')" "all of it is, and keeps what it has"
ok "teardown of the site's" down v
printf 'imagePath = "%s"\n' $IMG >/etc/shifter/udiRoot.conf
umount /data/mine/sub /data/mine/sub2

# --- a file system that root cannot enter ---
if [ -e /dev/fuse ] && command -v bindfs >/dev/null; then
	install -d -o alice -g alice /data/fuse; mkdir /data/behind; echo fuse >/data/behind/f
	# here it may not be for users
	mkdir /data/node && mount -t tmpfs node /data/node && mknod -m 666 /data/node/fuse c 10 229 &&
		mount --bind /data/node/fuse /dev/fuse || exit 1
	before=$SNAPSHOT
	ok "a file system of alice's own" as alice bindfs --no-allow-other /data/behind /data/fuse
	not_ok "which root cannot enter" ls /data/fuse
	ok "as a volume" up v --volume /data/fuse:/fuse
	is "$(inside v cat /fuse/f)" fuse "is there"
	ok "teardown with it" down v
	SNAPSHOT=$(snapshot)
	refused 3 'Permission denied' "not as one of bob's" shifterctl setup --id v --image busybox --user bob --volume /data/fuse:/fuse
	umount /data/fuse
	# its server has it open for a moment
	ok "the file system ends" wait_until 10 umount -q /dev/fuse
	umount /data/node; SNAPSHOT=$before
else
	skip "a file system that root cannot enter" "there is no FUSE"
fi

# --- shared with the host, and hidden by it ---
ok "a container for the node's own" up v
inside v sh -c 'echo shared >/dev/shm/mine'
is "$(cat /dev/shm/mine)" shared "/dev/shm is the node's"
rm -f /dev/shm/mine
is "$(inside v stat -c '%a %u %F' /run/user/2001)" '700 2001 directory' "/run/user/UID is the user's"
ok "and empty: it is not the node's" test -z "$(inside v ls -A /run/user/2001)"
ok "teardown of the container" down v
sleep 300 & other=$!
mount -o remount,hidepid=2 /proc || exit 1
foreign() { # foreign CMD...: how many processes of others CMD sees
	"$@" sh -c 'n=0; for p in /proc/[0-9]*; do [ ! -e $p/stat ] || [ -O $p ] || n=$((n + 1)); done; echo $n'
}
is "$(foreign as alice)" 0 "with hidepid=2 a user sees no process of others on the node"
ok "a container there" up v
is "$(foreign inside v)" 0 "and none in a container"
is "$(inside v sh -c "ls -d /proc/$other /proc/1 2>/dev/null")" '' "neither by its number"
ok "but the user's own" inside v sh -c 'test -e /proc/$$/stat'
ok "teardown under hidepid" down v
mount -o remount,hidepid=2,gid=2002 /proc || exit 1
ok "a container where bob's group may see all" up v
is "$(foreign as alice):$(foreign inside v)" 0:0 "alice's does not, neither there nor here"
ok "teardown of alice's" down v
ok "bob's container" shifterctl setup --id v --image busybox --user bob
is "$(as bob shifter --container=v -- sh -c "ls -d /proc/$other")" "/proc/$other" "and bob sees what he sees on the node"
ok "teardown of bob's" down v
mount -o remount,hidepid=0,gid=0 /proc; kill $other; wait $other 2>/dev/null

# --- a source that changes while it is looked at: never what is in bob's folder ---
mkdir /data/bobs/open && echo secret >/data/bobs/open/secret && chmod 755 /data/bobs/open && chmod 644 /data/bobs/open/secret
install -d -o alice -g alice /data/race /data/race/real
echo harmless >/data/race/real/secret
storm() { # storm FOLDER A B: swap in FOLDER is a link to A, to B, to A, ... until it is ended
	exec perl -e 'chdir shift or exit 1; while (1) { for (@ARGV) { unlink "new"; symlink $_, "new"; rename "new", "swap" } }' "$@"
}
# for three seconds, and until both outcomes have been seen
race_begins() { race_end=$((SECONDS + 3)); race_limit=$((SECONDS + 60)); }
race_goes_on() { ((SECONDS < race_end || (SECONDS < race_limit && (made == 0 || refused == 0)))); }
storm /data/race real /data/bobs/open &
racer=$!
wait_until 5 test -L /data/race/swap
seen=0 made=0 refused=0
race_begins
for ((i = 0; i < 1000; i++)); do
	race_goes_on || break
	if up "r$i" --volume /data/race/swap:/x >/dev/null 2>&1; then
		made=$((made + 1))
		[ "$(inside "r$i" cat /x/secret)" = harmless ] || seen=$((seen + 1))
		down "r$i" || fail "teardown in the race"
	else
		refused=$((refused + 1))
	fi
done
kill $racer; wait $racer 2>/dev/null
is $seen 0 "a swapped link never gave bob's folder"
ok "and the race was one ($made made, $refused refused)" test $made -gt 0 -a $refused -gt 0

# --- a target that changes in an image of the user's: never over what is ours ---
cp -a $IMG/links $IMG/moving && chown alice $IMG/moving || exit 1
storm $IMG/moving /etc /srv &
racer=$!
wait_until 5 test -L $IMG/moving/swap
seen=0 made=0 refused=0
race_begins
for ((i = 0; i < 1000; i++)); do
	race_goes_on || break
	if up "r$i" --image local:$IMG/moving --volume /data/race/real:/swap/x >/dev/null 2>&1; then
		made=$((made + 1))
		[ -z "$(inside "r$i" sh -c 'ls -d /etc/x 2>/dev/null')" ] && inside "r$i" grep -q '^alice' /etc/passwd || seen=$((seen + 1))
		down "r$i" || fail "teardown in the race"
	else
		refused=$((refused + 1))
	fi
done
kill $racer; wait $racer 2>/dev/null
is $seen 0 "a link of the image that is swapped never led a volume into /etc"
ok "and that race was one ($made made, $refused refused)" test $made -gt 0 -a $refused -gt 0
is "$(ls -d /etc/x /srv/x 2>/dev/null)" '' "nothing was made on the host"
unchanged "nothing is left at the end"
done_testing
