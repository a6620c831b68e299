#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# teardown.sh - whatever happened, nothing of a container is left
# shellcheck disable=SC2012,SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

ok "an unknown id is fine" down never-was
not_ok "one that is malformed is not" down a/b
ok "a container" up t1 --sshd
ok "with sshd" serve t1
ok "teardown" down t1
unchanged "nothing is left"
ok "teardown again" down t1

# --- what came by ssh ---
ok "a container with sessions" up t1 --sshd
ok "and sshd" serve t1
inside t1 ssh node1 sleep 71001 & a=$!
inside t1 ssh node2 'setsid sleep 71002 </dev/null >/dev/null 2>&1 & (trap "" TERM HUP; sleep 71003 </dev/null >/dev/null 2>&1 &); sleep 0.3'
inside t1 sleep 71004 & b=$!
for n in 71001 71002 71003 71004; do ok "sleep $n runs" wait_until 10 running "sleep $n"; done
T_OUT=$(down t1 2>&1); T_RC=$?
is $T_RC 0 "teardown with sessions"
for n in 71001 71002 71003; do ok "sleep $n, that came by ssh, is gone" wait_until 5 not_running "sleep $n"; done
ok "sleep 71004, that entered by itself, lives" running 'sleep 71004'
wait $a; kill "$(pgrep -fx 'sleep 71004')"; wait $b
unchanged "nothing is left of sessions"

# --- the keeper and the usher killed ---
ok "a container for the keeper's death" up t2 --sshd
keeper=$(field t2 keeper_pid)
like "$keeper" '^[1-9]' "its keeper is known"
not_ok "alice cannot signal it" as alice kill -0 "$keeper"
kill -9 "$keeper"
ok "it is damaged then" wait_until 5 is_state t2 damaged
exits 125 "and cannot be entered" inside t2 true
is "$(wc -l <<<"$T_OUT")" 1 "which is said in one line"
not_ok "nor be set up again" up t2
ok "teardown without keeper" down t2
unchanged "nothing is left without keeper"

ok "a container for the usher's death" up t3 --sshd
ok "with an sshd" serve t3
inside t3 ssh node1 sleep 71005 & a=$!
ok "and a session" wait_until 10 running 'sleep 71005'
usher=$(field t3 sshd_pid)
like "$usher" '^[1-9]' "its usher is known"
is "$(ps -o user= -p "$usher")" root "and root's"
not_ok "alice cannot signal the usher" as alice kill -0 "$usher"
kill -9 "$usher"
ok "its sshds end with it" wait_until 5 not_running 'sshd: alice.*'
ok "the container can still be entered" inside t3 true
ok "teardown without usher" down t3
ok "what came by ssh is gone" wait_until 5 not_running 'sleep 71005'
# whoever is left must not spoil what follows
for p in $(pgrep -fx 'sshd: alice.*|sleep 71005'); do kill -9 "$p" 2>/dev/null; done
wait $a
unchanged "nothing is left without usher"
ok "keeper and usher killed" eval 'up t4 --sshd && serve t4 && kill -9 $(field t4 sshd_pid) $(field t4 keeper_pid)'
ok "teardown without either" down t4
unchanged "nothing is left without either"

# --- set-ups killed anywhere ---
bad=0 killed=0
for ((i = 0; i < 20; i++)); do
	# not by a function: what is killed must be the set-up and not a shell around it
	shifterctl setup --id k --image "local:$BUSYBOX" --user alice --sshd >/dev/null 2>&1 & p=$!
	perl -e 'select undef, undef, undef, shift' "$(printf '0.%04d' $((i * 15)))"
	kill -9 $p 2>/dev/null && killed=$((killed + 1))
	wait $p 2>/dev/null
	if ! down k || ! wait_until 5 same; then bad=$((bad + 1)); fi
done
is $bad 0 "20 set-ups killed after 0 to 28 ms, $killed in time: nothing left after teardown"
ok "and the id can be used" up k
ok "as ever" down k

# --- set-up and teardown at once ---
bad=0 overtaken=0
for ((i = 0; i < 20; i++)); do
	up both >/dev/null 2>"$T_DIR/said" & p=$!
	perl -e 'select undef, undef, undef, shift' "$(printf '0.%04d' $((i * 15)))"
	down both || bad=$((bad + 1))
	if wait $p; then
		case $(state_of both) in ready|'') ;; *) bad=$((bad + 1)) ;; esac
	else
		overtaken=$((overtaken + 1))
		[ -z "$(state_of both)" ] && [ "$(wc -l <"$T_DIR/said")" = 1 ] || bad=$((bad + 1))
	fi
	if ! down both || ! wait_until 5 same; then bad=$((bad + 1)); fi
done
is $bad 0 "20 teardowns during set-up, $overtaken gave up"
unchanged "nothing is left of them"

# --- many ---
pids=()
for ((i = 0; i < 10; i++)); do up "p$i" & pids+=($!); done
bad=0; for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "10 set-ups at once"
is "$(shifterctl list | grep -c ready)" 10 "all are ready"
pids=()
for ((i = 0; i < 10; i++)); do down "p$i" & pids+=($!); done
bad=0; for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "10 teardowns at once"
unchanged "nothing is left of many"
pids=(); for ((i = 0; i < 10; i++)); do up same >/dev/null 2>&1 & pids+=($!); done
won=0; for p in "${pids[@]}"; do ! wait "$p" || won=$((won + 1)); done
is $won 1 "10 set-ups of one id at once: one succeeds"
ok "teardown of the one" down same

whole() { find /run/shifter | sort; wc -l </proc/self/mountinfo; ls /proc/self/fd | wc -l; ps -eo comm= | sort | uniq -c; }
had=$(whole) bad=0
for ((i = 0; i < 20; i++)); do
	up round --sshd && inside round true && down round || bad=$((bad + 1))
done
is $bad 0 "20 rounds"
is "$(whole)" "$had" "leave processes, mounts and files as they were"
unchanged "nothing is left at the end"
done_testing
