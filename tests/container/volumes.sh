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

# --- a source that changes while it is looked at: never bob's folder ---
echo secret >/data/bobs/secret; chmod 644 /data/bobs/secret
install -d -o alice -g alice /data/race /data/race/real
echo harmless >/data/race/real/secret
(
	cd /data/race || exit 1
	while :; do
		ln -sfn real swap; ln -sfn /data/bobs new; mv -T new swap
	done
) 2>/dev/null &
racer=$!
seen=0 made=0
for ((i = 0; i < 40; i++)); do
	if up "r$i" --volume /data/race/swap:/x >/dev/null 2>&1; then
		made=$((made + 1))
		! inside "r$i" cat /x/secret 2>/dev/null | grep -q secret || seen=$((seen + 1))
		down "r$i" || fail "teardown in the race"
	fi
done
kill $racer; wait $racer 2>/dev/null
is $seen 0 "a swapped link never gave bob's folder ($made of 40 got a container)"
unchanged "nothing is left at the end"
done_testing
