#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# unkillable.sh - a process that cannot be killed, and an usher that is stopped
# shellcheck disable=SC2015,SC2317,SC2329        # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

printf 'teardownTimeout = 1\n' >>/etc/shifter/udiRoot.conf

# --- a job that is suspended: its cgroup gets SIGSTOP, the usher is in it ---
ok "a container" up s --sshd
ok "with sshd" serve s
inside s ssh node1 sleep 71301 & a=$!
ok "and a session" wait_until 10 running 'sleep 71301'
usher=$(field s sshd_pid)
stopped=$(pgrep -f '^shifter-usher s ')
like "$stopped" "(^|[^0-9])$usher([^0-9]|\$)" "the processes of the usher"
for p in $stopped $(pgrep -fx 'sleep 71301'); do kill -STOP "$p"; done
ok "its teardown when all of that is stopped" down s
ok "ends the session" wait_until 5 not_running 'sleep 71301'
wait $a
unchanged "nothing is left"

# --- a file system of the user's that takes a request and never answers: who waits for
# that cannot be killed until the server has gone ---
hang reads
ok "a file system that takes requests" wait_until 10 hang_has_said mounted
SNAPSHOT_BEFORE=$SNAPSHOT SNAPSHOT=$(snapshot)
ok "a container of who has it" up u --sshd
ok "with sshd" serve u
keeper=$(field u keeper_pid)
inside u ssh node1 stat /home/alice/hang/x >/dev/null 2>&1 & a=$!
ok "a session waits for it" wait_until 10 hang_has_said request
stuck=$(pgrep -x stat)
like "$stuck" '^[1-9][0-9]*$' "by one process"
fails() { # fails DESC CMD...: as teardown does while it lives
	local start=$SECONDS desc=$1
	t_run "${@:2}"
	is "$T_RC $(wc -l <<<"$T_OUT")" '5 1' "$desc fails, in one line, with the node at fault"
	like "$T_OUT" "cannot end processes that came into container 'u' by ssh within 1 s, 1 of them: $stuck \(stat\); look" \
		"which names who cannot be killed"
	ok "after a bounded time" test $((SECONDS - start)) -lt 20
}
fails "teardown" down u
like "$(grep State "/proc/$stuck/status")" '	D' "it was killed, and waits all the same"
ok "the keeper has ended" test ! -e "/proc/$keeper"
is "$(state_of u)" damaged "the container cannot be used any more"
exits 125 "nor be entered" inside u true
fails "another teardown" down u
fails "gc" shifterctl gc
fails "a set-up that replaces it" up u --replace
kill "$HANG_SERVER"; wait "$HANG_SERVER" 2>/dev/null
ok "when its file system has gone, so does it" wait_until 10 test ! -e "/proc/$stuck"
ok "and teardown succeeds" down u
wait $a
unchanged "nothing is left of it"
umount /home/alice/hang /run/node
SNAPSHOT=$SNAPSHOT_BEFORE
unchanged "nor of its file system"
done_testing
