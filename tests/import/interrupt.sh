#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# interrupt.sh - signals, kills, imports beside each other, and what a terminal shows
# shellcheck disable=SC2009,SC2015,SC2016,SC2086,SC2154,SC2317,SC2329	# other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/import/archives.bash
. "$tests/import/archives.bash" || exit 1

layer small.tar <<<'f 0644 0 0 file text'
docker_archive small.img s:1 small.tar
# it takes seconds to compress
mkdir large && head -c 30000000 /dev/urandom | base64 >large/file && tar cf large.tar large && chmod 644 large.tar || exit 1
mkfifo -m 666 fifo
before=$(in_store)
gone() { # gone DESC: what an import made, and its processes
	if [ "$(in_store)$(left_over)$(workers)" = "$before" ]; then pass "$1"
	else fail "$1" "$(diff <(in_store; left_over; workers) <(echo "$before"))"; fi
}
workers() { ps -eo comm= | grep -xE 'shifter-import|mksquashfs|tar'; }
no_workers() { ! workers >/dev/null; }
working() { [ -n "$(find $IMG /home/alice -path '*/.import-*/work/*' 2>/dev/null)" ]; }
squashing() { [ -n "$(find $IMG -path '*/squash/image' -size +100k 2>/dev/null)" ]; }
# start_reading CMD...: an import of standard input, which does not end
start_reading() {
	env --default-signal "$@" <fifo >out 2>err & pid=$!
	exec 9>fifo; head -c 3000000 large.tar >&9
	wait_until 20 working || fail "it has started" "$(cat err)"
}
start_squashing() {
	env --default-signal shifterctl import large.tar >out 2>err & pid=$!
	wait_until 30 squashing || fail "mksquashfs has started" "$(cat err)"
}
ended() { # ended SIGNAL DESC
	wait $pid; rc=$?
	exec 9>&-
	is "$rc $(cat out err)" "$((128 + $(kill -l "$1"))) " "$2: ends as of that signal, in silence"
	gone "$2: nothing is left"
}
for signal in INT TERM HUP; do
	start_reading shifterctl import -; kill -$signal $pid; ended $signal "SIG$signal while it reads"
	start_reading setpriv --reuid=alice --regid=alice --init-groups shifter import - /home/alice/x
	kill -$signal $pid; ended $signal "SIG$signal while a user's reads"
done
start_squashing; kill -TERM $pid; ended TERM "SIGTERM while it compresses"

# --- killed ---
for when in reading squashing; do
	start_$when shifterctl import -
	kill -KILL $pid; wait $pid 2>/dev/null; exec 9>&-
	ok "killed while $when: its children end" wait_until 10 no_workers
	is "$(left_over | wc -l)" 1 "killed while $when: a directory is left"
	ok "killed while $when: the next import" shifterctl import small.img
	is "$(left_over)" '' "killed while $when: removes it"
	rm -rf $IMG/tags $IMG/*.meta; mv $BUSYBOX keep; rm -f $IMG/*.squashfs; mv keep $BUSYBOX
done
start_reading setpriv --reuid=alice --regid=alice --init-groups shifter import - /home/alice/x
kill -KILL $pid; wait $pid 2>/dev/null; exec 9>&-
ok "a user's is killed: its children end" wait_until 10 no_workers
chmod 644 small.img
ok "a user's is killed: the next import" as alice shifter import small.img /home/alice/y
is "$(left_over) $(cd /home/alice && echo [xy]*)" ' y y.meta' "a user's is killed: removes it"
rm -rf /home/alice/y /home/alice/y.meta

# --- beside each other ---
tar cf tree.tar small.tar; size=$(stat -c %s tree.tar)
env --default-signal shifterctl import - <fifo >out 2>err & pid=$!
exec 9>fifo; head -c $((size - 600)) tree.tar >&9
wait_until 20 working
ok "an import while another one runs" shifterctl import small.img
is "$(left_over | wc -l)" 1 "leaves the other one's directory alone"
tail -c 600 tree.tar >&9; exec 9>&-; wait $pid
is "$? $(cut -c1-3 out)$(cat err)" '0 id:' "and the other one succeeds"
is "$(left_over)" '' "nothing is left"

# --- a terminal ---
rm -f $IMG/*.meta
script -qec 'stty cols 80; shifterctl import large.tar' /dev/null >seen 2>&1 </dev/null
like "$(tr '\r' '\n' <seen)" '(looking at the archive|unpacking)  +[0-9]+%' "progress on a terminal"
like "$(tr '\r' '\n' <seen)" '\[[=|/\\ -]+.*[0-9]+%' "progress on a terminal: compressing"
rm -f $IMG/*.meta
is "$(script -qec 'shifterctl import --no-progress small.img' /dev/null </dev/null | tr -d '\r' | sed 's/id:[0-9a-f]*/ID/')" ID "--no-progress"
rm -f $IMG/*.meta
is "$(shifterctl import small.img 2>&1 | sed 's/id:[0-9a-f]*/ID/')" ID "none where there is no terminal"
done_testing
