#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lifecycle.sh - set-ups and teardowns of one id that meet, and state that is not whole
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! alive "$1"; }

# --- a teardown that overtakes a set-up, which strace stops at each of its stages ---
# overtake STAGE SYSCALLS WHEN: the set-up is held for a while in the call, the teardown
# comes meanwhile and must not have to wait for anything else
overtake() {
	local stage=$1 calls=$2 when=$3 p rc t
	strace -f -o /dev/null -e trace="$calls" -e inject="$calls:delay_enter=700000:when=$when" \
		shifterctl setup --id o --image "local:$BUSYBOX" --user alice >"$T_DIR/o" 2>&1 & p=$!
	wait_until 5 test -d /run/shifter/o || { fail "teardown during set-up, $stage" 'it does not begin'; return; }
	t=$EPOCHREALTIME
	ok "teardown during set-up, $stage" down o
	wait $p; rc=$?
	is "$rc $(grep -c "gave up container 'o': its teardown has come first" "$T_DIR/o")" '3 1' \
		"the set-up gives up, after $(elapsed "$t")"
	unchanged "nothing is left, $stage"
}
if command -v strace >/dev/null; then
	overtake 'before the image is opened' getrandom 1
	overtake 'while the image is mounted' fsmount 1
	overtake 'while the helper looks into the image' recvmsg 2
	overtake 'while it is built' pivot_root 1
	overtake 'before the record is written' renameat 1
else
	skip 'teardown during set-up' 'there is no strace'
fi
ok "afterwards the id can be used" up o
ok "and removed" down o

# --- a teardown that comes first ---
hooks=0
hook() { # hook ID [OPTION...]: a prologue that waits to be told, then sets up
	hooks=$((hooks + 1))
	bash -c 'until [ -e "$1" ]; do sleep 0.01; done; shift
		shifterctl setup --hook-pid $$ --user alice "$@"; exit' - \
		"$T_DIR/go$hooks" --id "$1" --image "local:$BUSYBOX" "${@:2}" >"$T_DIR/hook" 2>&1 & hook=$!
	pids[hook]=$hooks
	wait_until 5 started $hook
	sleep 0.02      # out of its tick of the clock
}
started() { grep -q until "/proc/$1/cmdline"; }
tell() { : >"$T_DIR/go${pids[$1]}"; wait "$1"; }     # tell HOOK: its exit status
hook e
ok "a teardown before the set-up" down e
ok "leaves no container" test ! -e /run/shifter/e
tell $hook
is "$?" 3 "the set-up that was asked for before fails"
is "$(cat "$T_DIR/hook")" "shifterctl: gave up container 'e': its teardown has come first" "and says why"
unchanged "nothing is left of it"
hook e
tell $hook
is "$?" 0 "one that is asked for afterwards succeeds, at once"
ok "it is ready" is_state e ready
ok "teardown of it" down e
ok "and a set-up that names no hook is asked for when it is made" up e
ok "teardown again" down e
bash -c : & ended=$!; wait $ended
refused 3 "gave up container 'v': process $ended, which asked for it, has ended" \
	"a hook that has ended wants nothing" up v --hook-pid $ended
refused 2 "cannot use --hook-pid '0'" "a hook has a number" up v --hook-pid 0

# many ids do not make the notes grow, nor forget a fresh one
for ((i = 0; i < 300; i++)); do ids[i]=n$i; done
hook e
ok "teardown of an id" down e
ok "and of 300 others" down "${ids[@]}"
ok "the notes are small" test "$(stat -c %s /run/shifter/.teardowns)" -le 131200
tell $hook
is "$?" 3 "and still know the one"
# of another boot they count for nothing
hook e
ok "teardown before a reboot" down e
sed -i '1s/ [0-9a-f]\{8\}-/ 00000000-/' /run/shifter/.teardowns
tell $hook
is "$?" 0 "notes of another boot count for nothing"
ok "teardown makes them anew" down e
like "$(head -c 128 /run/shifter/.teardowns)" "$(cat /proc/sys/kernel/random/boot_id)" "with the boot of now"
head -c 70000 /dev/urandom >/run/shifter/.teardowns
ok "notes that are garbage do not matter" up e
ok "to a teardown neither" down e

# --- replacing ---
hook r; old=$hook
ok "a container" up r
keeper=$(field r keeper_pid)
SNAPSHOT_BEFORE=$SNAPSHOT SNAPSHOT=$(snapshot)
refused 2 "there is one of that id; tear it down first" "a second one of its id is refused" up r
ok "with --replace it takes its place" up r --replace
ok "the first one's keeper has ended" gone "$keeper"
ok "the second one is ready" inside r true
is "$(state_of r)" ready "and the only one"
keeper=$(field r keeper_pid)
tell $old
is "$?" 2 "a late set-up of an earlier run does not replace it without being told"
hook r --replace; late=$hook
ok "replaced again" up r --replace
keeper=$(field r keeper_pid)
tell $late
is "$?" 3 "nor when told: what was asked for later stays"
ok "its keeper lives" alive "$keeper"
ok "its end" down r
SNAPSHOT=$SNAPSHOT_BEFORE
unchanged "nothing is left of those replaced"
if command -v strace >/dev/null; then
	strace -f -o /dev/null -e trace=pivot_root -e inject=pivot_root:delay_enter=700000 \
		shifterctl setup --id r --image "local:$BUSYBOX" --user alice >"$T_DIR/first" 2>&1 & p=$!
	wait_until 5 test -d /run/shifter/r/stage
	ok "a set-up with --replace overtakes one that runs" up r --replace
	wait $p
	is "$?" 3 "which gives up"
	ok "the later one is ready" inside r true
	ok "its end, too" down r
	unchanged "nothing is left of either"
fi

# --- state that is not whole ---
broken() { # broken DESC REGEX ID: list and open say so in one line, teardown cleans up
	ok "$1: listed as damaged" is_state "$3" damaged
	# the keeper alone decides on that
	if [ -n "${4:-}" ]; then exits "$4" "$1: to enter it" inside "$3" true; fi
	t_run shifterctl sshd "$3" --principal x --user-key 'ssh-ed25519 AAAA'
	is "$T_RC $(wc -l <<<"$T_OUT")" '5 1' "$1: cannot be opened"
	like "$T_OUT" "$2" "$1: the line says why"
	ok "$1: teardown" down "$3"
	unchanged "$1: nothing is left"
}
ok "a container of another boot" up b
keeper=$(field b keeper_pid)
sed -i 's/^boot_id ......../boot_id 00000000/' /run/shifter/b/record
kill -9 "$keeper"; wait_until 5 gone "$keeper"
sleep 71101 & p=$!
sed -i "s/^keeper_pid .*/keeper_pid $p/" /run/shifter/b/record
broken 'another boot' "damaged: .*boot" b 125
ok "who has the keeper's number now is not touched" alive $p
kill $p; wait $p 2>/dev/null

ok "a container without a record" up b
rm /run/shifter/b/record
broken 'no record' "damaged: it has no record; tear it down" b
ok "one with half a record" up b
truncate -s 40 /run/shifter/b/record
broken 'half a record' 'cannot read container record' b
ok "one with a record that is a folder" up b
rm /run/shifter/b/record && mkdir /run/shifter/b/record
t_run down b
is "$T_RC $(wc -l <<<"$T_OUT")" '5 1' "what is not the library's is not removed"
like "$T_OUT" "cannot remove '/run/shifter/b': it holds what is not the library's: 'record'" "and named"
rmdir /run/shifter/b/record
ok "without it the teardown ends" down b
unchanged "nothing is left of that"
ok "one with foreign files" up b
mkdir -p /run/shifter/b/theirs/deep && touch /run/shifter/b/theirs/deep/file
t_run down b
like "$T_RC $T_OUT" "^5 .*not the library's: 'theirs'" "a foreign folder is named"
ok "and left alone" test -f /run/shifter/b/theirs/deep/file
rm -r /run/shifter/b/theirs
ok "the rest goes" down b
unchanged "nothing is left but what was foreign"

ok "a record of a later version" up b
sed -i 's/^shifter-record 1$/shifter-record 2/' /run/shifter/b/record
broken 'a later version' 'it has version 2, this library knows version 1' b 0
ok "a record of an earlier version" up b
sed -i 's/^shifter-record 1$/shifter-record 0/' /run/shifter/b/record
broken 'version 0' 'cannot read container record: its first line' b

mkdir /run/shifter/b
broken 'an empty folder' 'no record' b 125
ok "a container whose keeper is stopped and whose record is lost" up b
keeper=$(field b keeper_pid)
kill -STOP "$keeper" && mv /run/shifter/b/record "$T_DIR/record"
t_run down b
like "$T_RC $(wc -l <<<"$T_OUT") $T_OUT" "^5 1 .*cannot end the keeper" "is not called gone"
ok "its state stays" test -S /run/shifter/b/keeper
kill -CONT "$keeper"
ok "teardown when the keeper goes on" down b
unchanged "nothing is left of it then"
printf x >/run/shifter/f
not_ok "a file in place of the folder" up f
not_ok "is no container to tear down" down f
ok "and stays" test -f /run/shifter/f
rm /run/shifter/f

# --- locks ---
mkdir -p /run/shifter && mkdir /run/shifter/l
perl -MFcntl=:flock -e 'open my $d, "<", "/run/shifter/l"; flock $d, LOCK_EX; print "\n"; sleep 100' >"$T_DIR/locked" & p=$!
wait_until 5 test -s "$T_DIR/locked"
ok "one that is worked on is busy" is_state l busy
SNAPSHOT=$(snapshot)
refused 5 "another process is setting it up or tearing it down" "a set-up does not wait for long" up l
SNAPSHOT=$SNAPSHOT_BEFORE
down l & q=$!
kill $p; wait $p 2>/dev/null
wait $q
is "$?" 0 "a teardown waits for the lock"
unchanged "nothing is left at the end"
done_testing
