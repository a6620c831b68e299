#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gc.sh - what crashes left goes; what is in use stays
# shellcheck disable=SC2001,SC2317,SC2329        # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

gone() { ! kill -0 "$1" 2>/dev/null; }
kill_keeper() { local p; p=$(field "$1" keeper_pid) && kill -9 "$p" && wait_until 5 gone "$p"; }

ok "nothing to collect" shifterctl gc
is "$T_OUT" '' "is said by silence"
ok "a container in use" up live --sshd
ok "with ssh" serve live
ok "one whose keeper is killed" up dead
kill_keeper dead
ok "one of another boot" up old
kill_keeper old
sed -i 's/^boot_id ......../boot_id 00000000/' /run/shifter/old/record
mkdir -p /run/shifter/half/stage
mkdir "$T_DIR/jobs" && touch "$T_DIR/jobs/1.JB" "$T_DIR/jobs/2.JB"
ok "one whose job is there" up job --job-file "$T_DIR/jobs/1.JB"
ok "one whose job is over" up over --sshd --port 1205 --job-file "$T_DIR/jobs/2.JB"
ok "with ssh" serve over
rm "$T_DIR/jobs/2.JB"
ok "one that can be entered, without its record" up odd
rm /run/shifter/odd/record
mkdir /run/shifter/lock
perl -MFcntl=:flock -e 'open my $d, "<", "/run/shifter/lock"; flock $d, LOCK_EX; print "\n"; sleep 100' >"$T_DIR/locked" & p=$!
wait_until 5 test -s "$T_DIR/locked"
mkdir /run/shifter/.udiImage/0123456789abcdef /run/shifter/.udiImage/.new
touch /run/shifter/.udiImage/0123456789abcdef/file
# drafts of who was killed while it noted which copy is good, or is not
touch /run/shifter/.udiImage/..good.new /run/shifter/.udiImage/..refused.new

want="container 'dead': its keeper is gone
container 'half': its set-up was not finished
container 'old': the node was booted since it was set up
container 'over': the file of its job is gone
stage '.new': no container uses this copy of udiImage
stage '0123456789abcdef': no container uses this copy of udiImage"
before=$(find /run/shifter | sort)
ok "a dry run" shifterctl gc --dry-run
is "$T_OUT" "$(sed 's/^/would remove /' <<<"$want")" "tells what would go"
is "$(find /run/shifter | sort)" "$before" "and removes nothing"
ok "as JSON" shifterctl gc --dry-run --json
is "$(perl -MJSON::PP -0777 -ne 'print join " ", map { "$_->{name}=" . ($_->{removed} ? 1 : 0) } @{decode_json($_)}' <<<"$T_OUT")" \
	'dead=0 half=0 old=0 over=0 .new=0 0123456789abcdef=0' "with the same"
ok "in earnest" shifterctl gc
is "$(cd /run/shifter/.udiImage && echo ..*.new)" '..*.new' "drafts of verdicts go, too"
is "$T_OUT" "$(sed 's/^/removed /' <<<"$want")" "it tells what went"
is "$(find /run/shifter -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n' | sort | xargs)" 'job live lock odd' \
	"what is in use, worked on or can be entered stays"
ok "the live one serves ssh" inside live ssh node1 true
ok "once more" shifterctl gc
is "$T_OUT" '' "there is nothing left to collect"
kill $p; wait $p 2>/dev/null

mkdir -p /run/shifter/lock/theirs
t_run shifterctl gc
like "$T_RC $T_OUT" "^5 .*cannot remove '/run/shifter/lock': it holds what is not the library's: 'theirs'" \
	"what cannot be removed is named"
is "$(wc -l <<<"$T_OUT")" 1 "once"
is "$(state_of live)" serving "and ends nothing else"
rmdir /run/shifter/lock/theirs
ok "later it goes" shifterctl gc
(sleep 0.5; mv "$T_DIR/jobs/1.new" "$T_DIR/jobs/1.JB") & mv "$T_DIR/jobs/1.JB" "$T_DIR/jobs/1.new"
ok "a file that is being rewritten" shifterctl gc
wait $!
is "$T_OUT" '' "is not gone"
ok "the end of the others" down live odd job
ok "and of the stage" shifterctl gc
like "$T_OUT" "^removed stage '" "which nobody uses now"
is "$(find /run/shifter/.udiImage -mindepth 1)" '' "nothing of it is left"
ok "the next container makes it anew" up again --sshd
ok "its end" down again
for a in 'gc x' 'gc --what'; do
	# shellcheck disable=SC2086
	refused 2 "gc|unknown option '--what'" "shifterctl $a" shifterctl $a
done
not_ok "alice cannot" as alice shifterctl gc

# --- records whose numbers are somebody else's by now ---
sleep 1000 & other=$!
for how in gc down; do
	ok "$how: one whose keeper's number another process has" up reused
	kill_keeper reused
	sed -i "s/^keeper_pid .*/keeper_pid $other/" /run/shifter/reused/record
	ok "$how: one of another boot, of which another process has all numbers" up reborn
	kill_keeper reborn
	sed -i "s/^boot_id ......../boot_id 00000000/; s/^keeper_pid .*/keeper_pid $other/
		s/^keeper_start .*/keeper_start $(cut -d' ' -f22 "/proc/$other/stat")/" /run/shifter/reborn/record
	like "$(grep -c "^keeper_pid $other\$" /run/shifter/re*/record)" 'reborn/record:1.*reused/record:1' "$how: both say so"
	case $how in
	gc) ok "$how: they are collected" shifterctl gc ;;
	down) ok "$how: they are torn down" down reused reborn ;;
	esac
	is "$(shifterctl list)" '' "$how: they are gone"
	ok "$how: the process lives" kill -0 $other
done
kill $other; wait $other 2>/dev/null
unit=/usr/lib/systemd/system/shifter-gc.service
if [ -f $unit ] && command -v systemd-analyze >/dev/null; then
	t_run systemd-analyze verify --man=no $unit
	unlike "$T_OUT" 'shifter-gc' "systemd understands the unit"
	ok "which runs what is installed" test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' $unit)"
else
	skip "the unit of systemd" "there is no systemd"
fi
unchanged "nothing is left"
done_testing
