#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# workers.sh - the programs that work for a set-up: by hand, missing, and when it is killed
# shellcheck disable=SC2015,SC2016,SC2317,SC2329 # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

libexec=/usr/libexec/shifter
for p in lookup builder keeper; do
	exits 2 "shifter-$p by hand" $libexec/shifter-$p
	like "$T_OUT" 'it?s? .*started by libshifter, not by hand' "says what it is"
done
for p in lookup builder; do
	exits 2 "shifter-$p without its descriptors" $libexec/shifter-$p 1
	exits 2 "of another version" $libexec/shifter-$p 99
done
SNAPSHOT=$(snapshot)

# --- one that cannot be started, or does not what it should ---
printf '#!/bin/sh\nexit 0\n' >"$T_DIR/idle" && chmod 755 "$T_DIR/idle"
for p in lookup keeper; do
	mount --bind /dev/null $libexec/shifter-$p
	exits 5 "a set-up without shifter-$p" up x
	like "$T_OUT" "^shifterctl: cannot .*: Permission denied\$" "fails in one line"
	umount $libexec/shifter-$p
	mount --bind "$T_DIR/idle" $libexec/shifter-$p
	exits 5 "with one that ends at once" up x
	is "$(wc -l <<<"$T_OUT")" 1 "it fails in one line"
	like "$T_OUT" "^shifterctl: cannot .* ended early" "which says so"
	umount $libexec/shifter-$p
	unchanged "nothing is left"
done

# --- the keeper when it has built: outside, with nothing of what the container was made of ---
mkdir -p $IMG/vol
ok "a set-up with both" up x --sshd --volume $IMG/vol:/mnt/vol
keeper=$(field x keeper_pid)
is "$(readlink "/proc/$keeper/ns/mnt")" "$(readlink /proc/self/ns/mnt)" "the keeper is in the node's namespace"
is "$(stat -Lc %d:%i "/proc/$keeper/root" "/proc/$keeper/cwd")" "$(stat -Lc %d:%i / /)" "with the node's root"
is "$(for fd in "/proc/$keeper/fd/"*; do readlink "$fd"; done | sed 's/:\[.*//' | sort | uniq -c | awk '{ print $1, $2 }')" \
	$'3 /dev/null\n1 /run/shifter\n1 mnt\n3 socket' \
	"it has the live directory, the namespace, its socket and those of the port"
is "$(awk '{ print $6 }' "/proc/$keeper/maps" | grep -c memfd)" 0 "and no plan"
is "$(awk '/^SigIgn|^SigBlk/ { print $2 }' "/proc/$keeper/status" | sort -u)" 0000000000000000 \
	"it ignores and blocks nothing"
ok "its teardown" down x
# the overlay of a directory is made with the user's rights
mkdir $IMG/tree
ok "of a directory" up x --image "local:$IMG/tree"
is "$(awk '/^(Uid|Gid|Groups):/ { $1 = ""; print $0 "." }' "/proc/$(field x keeper_pid)/status")" \
	$' 0 0 0 0.\n 0 0 0 0.\n.' "it has no right of the user's, either"
ok "its teardown" down x

# --- a file system of the user's that is never read from: to wait for it can be killed ---
hang waits
ok "a file system that does not answer" wait_until 10 hang_has_said mounted
SNAPSHOT=$(snapshot)

# in a session of its own: nobody but the kernel tells the lookup that its caller has gone
setsid shifterctl setup --id y --image "local:$BUSYBOX" --user alice \
	--volume /home/alice/hang/x:/mnt/x >/dev/null 2>&1 & caller=$!
gone() { ! pgrep -x "$1" >/dev/null; }
ok "a set-up whose lookup, as the user, waits for it" wait_until 10 hang_has_lookup
kill -KILL $caller
wait $caller 2>/dev/null
ok "when the set-up is killed, the lookup ends" wait_until 5 gone shifter-lookup
ok "and so does what would have built" wait_until 5 gone shifter-keeper
ok "what is left of the state goes" down y
unchanged "nothing is left"

# the same by its deadline
printf 'userTimeout = 1\n' >>/etc/shifter/udiRoot.conf
exits 3 "a set-up that waits for it" up y --volume /home/alice/hang/x:/mnt/x
like "$T_OUT" 'did not answer within 1 s' "says for what"
ok "its lookup ends" wait_until 5 gone shifter-lookup
unchanged "nothing is left"
kill "$HANG_SERVER"
wait "$HANG_SERVER" 2>/dev/null
umount /home/alice/hang /run/node

# --- a caller that takes in orphans ---
if command -v gcc >/dev/null && command -v pkg-config >/dev/null; then
	# shellcheck disable=SC2046
	ok "a caller that takes in orphans" gcc -O1 -Wall -o "$T_DIR/orphans" \
		"$tests/container/orphans.c" $(pkg-config --cflags --libs libshifter)
	ok "makes and removes a container" "$T_DIR/orphans" "local:$BUSYBOX"
	is "$T_OUT" '0 1' "and has nobody to wait for but the keeper, at its end"
else
	skip 'a caller that takes in orphans' 'there is no compiler'
fi
done_testing
