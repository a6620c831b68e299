#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# nested.sh - containers in containers: user namespaces with one user work in both kinds
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# --- an image with bubblewrap, unshare, crun and podman: the machine's own ---
DIR=$IMG/nest
unsquashfs -q -n -d $DIR $BUSYBOX >/dev/null || exit 1
mkdir -p $DIR/usr/bin $DIR/mnt
add() { # add PROGRAM: with its libraries
	local p f; p=$(command -v "$1") || return 1
	cp "$p" $DIR/usr/bin/ && ldd "$p" | grep -o '/[^ ]*' | while read -r f; do
		mkdir -p "$DIR${f%/*}" && cp -L "$f" "$DIR$f" || exit 1
	done
}
for p in bwrap unshare crun podman conmon; do
	add $p || { skip "containers in containers" "$p is not installed"; done_testing; }
done
# an OCI bundle as podman writes one where the user has no subordinate ids
BUNDLE=/data/bundle
install -d -o alice -g alice /data $BUNDLE $BUNDLE/rootfs $BUNDLE/state && cp -a $DIR/bin $BUNDLE/rootfs/ &&
	mkdir $BUNDLE/rootfs/{proc,dev,etc} && chown -R alice:alice $BUNDLE/rootfs && cat >$BUNDLE/config.json <<'END' || exit 1
{ "ociVersion": "1.0.0",
  "process": { "user": { "uid": 0, "gid": 0 }, "args": [ "/bin/sh", "-c", "id -u; ls /proc/1/exe >/dev/null && echo proc" ],
	"env": [ "PATH=/bin" ], "cwd": "/", "noNewPrivileges": true },
  "root": { "path": "rootfs", "readonly": true },
  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
	{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": [ "nosuid", "mode=755" ] } ],
  "linux": { "uidMappings": [ { "containerID": 0, "hostID": 2001, "size": 1 } ],
	"gidMappings": [ { "containerID": 0, "hostID": 2001, "size": 1 } ],
	"namespaces": [ { "type": "user" }, { "type": "mount" }, { "type": "pid" }, { "type": "ipc" } ] } }
END
# podman looks for it, and needs none of it here
install -D -m 644 /etc/containers/policy.json $DIR/etc/containers/policy.json || exit 1
printf 'siteFs = "/home:/home;/tmp:/tmp;/data:/data"\n' >>/etc/shifter/udiRoot.conf

ok "a job's container" up job --image local:$DIR
in_job() { inside job "$@"; }
on_own() { as alice shifter --image=$DIR -- "$@"; }
# Podman's own single-uid map, since alice has no subordinate ids.  In a user namespace podman takes the map
# that it finds there, in which nobody is 0: without a job it needs one that unshare has made.
podman_in() { # podman_in KIND COMMAND...
	local enter=in_job own=''
	if [ "$1" = own ]; then
		enter=on_own
		own='unshare -Urm env _CONTAINERS_USERNS_CONFIGURED=done _CONTAINERS_ROOTLESS_UID=2001 _CONTAINERS_ROOTLESS_GID=2001'
	fi
	$enter env XDG_RUNTIME_DIR=/run/user/2001 $own podman --log-level=fatal --root "/data/podman-$1" --runroot "/data/podman-run-$1" \
		--storage-driver=vfs --cgroup-manager=cgroupfs --events-backend=none run --rm --cgroups=disabled --network=host \
		--rootfs $BUNDLE/rootfs "${@:2}" 2>&1
}
for kind in job own; do
	# shellcheck disable=SC2209
	in=in_job; [ $kind = job ] || in=on_own
	is "$($in unshare -Ur id -u 2>&1)" 0 "$kind: unshare -Ur"
	is "$($in unshare -Urm sh -c 'mount -t tmpfs tmpfs /mnt && echo mounted' 2>&1)" mounted "$kind: a mount in it"
	is "$($in unshare -Urmpf --mount-proc sh -c 'echo $$' 2>&1)" 1 "$kind: a /proc of its own"
	ok "$kind: bwrap" $in bwrap --unshare-user --bind / / true
	is "$($in bwrap --unshare-all --uid 0 --gid 0 --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp \
		sh -c 'id -u; echo $$ >/dev/null; touch /tmp/x && echo wrote' 2>&1)" "0
wrote" "$kind: bwrap with everything anew"
	is "$($in env XDG_RUNTIME_DIR=/run/user/2001 crun --root $BUNDLE/state --cgroup-manager=disabled run \
		-b $BUNDLE nested-$kind 2>&1)" "0
proc" "$kind: an OCI bundle of podman's kind, by crun"
	is "$(podman_in $kind /bin/sh -c 'id -u; tr -s " " </proc/self/uid_map; ls /proc/1/exe >/dev/null && echo proc')" "0
 0 2001 1
proc" "$kind: podman"
	like "$($in unshare -Urm sh -c 'umount /proc 2>&1; umount /etc 2>&1; ls -d /proc/self')" '/proc/self' \
		"$kind: what is mounted cannot be taken away"
done
ok "teardown" down job
unchanged "nothing is left"
done_testing
