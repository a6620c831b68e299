#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# contract.sh - whatever pbs_mom does and does not do, nothing is left of a container
# shellcheck disable=SC2016,SC2317,SC2329   # other shells expand; called by name
set -u
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1
# shellcheck source=tests/torque/torque.bash
. "$HERE/torque.bash" || exit 1
torque_begin busybox

job='#!/bin/sh
#SHIFTER --image=busybox.squashfs
'
serving() { on "$1" shifterctl list | grep -q 'serving'; }
has_record() { on "$1" test -e /run/shifter-torque/"$2"; }
generation() { on "$1" cat /run/shifter-torque/"$2"; }
forget() { mom "$1" purge "$JOB"; }

# --- what a hook is left with, and what its processes keep of it ---
submit alice 1 -v MOAB_JOBNAME=x,PBS_O_WORKDIR=/etc -l nodes=2 <<<"$job"
arrive; join
ok "the container of the second node is there" wait_until 30 serving node2
state() { # of the supervisor: descriptors, groups, umask, signals, session, variables
	# shellcheck disable=SC2016
	on "$1" sh -c '
		for p in /proc/[0-9]*; do
			[ "$(cat "$p/comm" 2>/dev/null)" = shifter-torque ] || continue
			p=${p#/proc/}
			echo "fds $(ls -l /proc/$p/fd | awk "\$NF ~ /^(socket|pipe):/" | wc -l)"
			awk "/^(Groups|Umask|SigBlk):/ { print \$1 \$2 }" /proc/$p/status
			[ "$(cut -d" " -f6 /proc/$p/stat)" = "$p" ] && echo leader
			readlink /proc/$p/cwd
		done'
}
is "$(state node2)" 'fds 0
Umask:0022
Groups:
SigBlk:0000000000000000
leader
/' "its supervisor has nothing of what pbs_mom leaks"
is "$(prologue)" 'exit 0' "a prologue with the user's groups, umask 077, leaked sockets and pipes"
is "$(state node1)" "$(state node2)" "leaves its supervisor nothing of them either"
ok "the first node serves" serving node1

is "$(on node1 sort /var/spool/torque/environment)" 'PATH=/usr/sbin:/usr/bin:/sbin:/bin
PWD=/' "nor its helpers any variable"

# --- tm_adopt ---
mom node1 script "$JOB" >/dev/null
as_session() { on node1 setpriv --reuid=2001 --regid=2001 --clear-groups env -i PBS_JOBID=1.head PATH=/usr/bin:/bin HOME=/home/alice shifter ssh node2 sleep 60; }
as_session & session=$!
adopted() { on node2 cat /var/spool/torque/adopted; }
is_adopted() { adopted | grep -q '^1.head .* sleep'; }
ok "a session by ssh is adopted into the job" wait_until 60 is_adopted
# --- its file is rewritten ---
mom node2 save "$JOB" 1
mom node1 save "$JOB" 1
ok "a job file that is rewritten takes no container" serving node2
ok "of the first node neither" serving node1
# --- gc ---
is "$(on node2 shifterctl gc --dry-run)" '' "gc leaves a running job alone"
is "$(adopted | sort | uniq -d)" '' "sessions are adopted once, though looked for again meanwhile"

# --- an epilogue on the first node only, as after a failed prologue ---
mom node1 hook epilogue "$JOB" >/dev/null; forget node1
ok "an epilogue leaves nothing" clean_soon node1
ok "on the other node the container stays while the job file does" serving node2
forget node2
ok "and goes with it, without an epilogue" clean_soon node2
wait "$session"

# --- joined twice ---
submit alice 2 -l nodes=2 <<<"$job"
on_all node2 hook prologue.parallel "$JOB" >/dev/null
first=$(generation node2 2.head)
mom node2 save "$JOB"
ok "a join" wait_until 30 serving node2
is "$(mom node2 hook prologue.parallel "$JOB")" 'exit 0' "and another one of the same job"
not_ok "begin two generations" test "$first" = "$(generation node2 2.head)"
ok "the container is there again" wait_until 30 serving node2
supervisors() { on node2 sh -c 'grep -lx shifter-torque /proc/[0-9]*/comm' | wc -l; }
is_one() { [ "$(supervisors)" = 1 ]; }
ok "with one supervisor" wait_until 10 is_one
forget node2
ok "nothing is left" clean_soon node2

# --- the join of another node fails: the job never comes ---
mom node2 hook prologue.parallel "$JOB" >/dev/null
ok "a supervisor waits for the job file" has_record node2 2.head
is "$(mom node2 hook epilogue.parallel "$JOB")" 'exit 0' "an epilogue with closed output"
ok "ends it" clean_soon node2

# --- a set-up that fails, no epilogue ---
submit alice 3 -l nodes=2 <<<"$job"
mv "$T_DIR/images/busybox.squashfs" "$T_DIR/images/away"
join
ok "a set-up that fails leaves nothing" clean_soon node2
like "$(cat "$RUN/home/alice/shifter-error.3")" 'shifter: node2: .*busybox' "and tells the user"
arrive
is "$(prologue)" 'exit 1' "on the first node it aborts the job"
ok "and leaves nothing" clean_soon node1
mv "$T_DIR/images/away" "$T_DIR/images/busybox.squashfs"
purge

# --- qdel while the prologue still runs: it waits for a node that does not answer ---
submit alice 4 -l nodes=2 <<<"$job"
arrive
mom node1 hook prologue "$JOB" >"$T_DIR/prologue" & pid=$!
ok "a prologue waits for a host" wait_until 30 serving node1
is "$(mom node1 hook epilogue "$JOB")" 'exit 0' "an epilogue while it still runs"
forget node1
began=$EPOCHREALTIME
wait $pid
is "$(cat "$T_DIR/prologue")" 'exit 1' "the prologue fails"
like "$(elapsed "$began")" '^[0-9]\.' "at once"
ok "and nothing is left" clean_soon node1
is "$(cat "$RUN/home/alice/shifter-error.4" 2>&1)" "cat: $RUN/home/alice/shifter-error.4: No such file or directory" \
	"a job that was deleted is told nothing"

# --- the alarm ---
mom node1 start "$LIBEXEC/shifter-torque" 8
began=$EPOCHREALTIME
arrive
is "$(prologue)" 'exit 1' "a prologue gives up before its alarm"
like "$(elapsed "$began")" '^[0-7]\.' "in time"
like "$(cat "$RUN/home/alice/shifter-error.4")" 'node2' "naming the host that did not answer"
ok "and leaves nothing" clean_soon node1
# one that is killed: pbs_mom itself is stopped by it, and removes the job
mom node1 start "$LIBEXEC/shifter-torque" 300
mom node1 hook prologue "$JOB" >/dev/null & pid=$!
ok "a prologue waits for a host" wait_until 30 serving node1
on node1 sh -c 'kill -9 $(pgrep -x prologue)'
wait $pid
ok "when it is killed" serving node1
forget node1
ok "the container goes with the job file" clean_soon node1

# --- pbs_mom is killed, and the job with it; later gc, or nobody, finds the rest ---
join
ok "a job" wait_until 30 serving node2
on node2 sh -c 'kill -9 $(grep -lx shifter-torque /proc/[0-9]*/comm | cut -d/ -f3)'
forget node2
is "$(on node2 shifterctl gc | head -n 1)" "removed container 'torque-4.head': the file of its job is gone" \
	"gc removes what a killed supervisor left"
is "$(mom node2 hook prologue.parallel "$JOB")" 'exit 0' "a next run"
ok "finds its record" has_record node2 4.head
mom node2 hook epilogue.parallel "$JOB" >/dev/null
ok "and its epilogue removes it" clean_soon node2

# --- the name of the hook is the user's choice, the caller may be anybody ---
submit alice 5 -W jobtype=parallel <<<"$job"
arrive
is "$(prologue)" 'exit 0' "prologue.parallel in the place of the prologue, by -W jobtype"
ok "has set up the first node before the job starts" serving node1
is "$(mom node1 hook epilogue.precancel "$JOB")" 'exit 0' "epilogue.precancel, as the user"
ok "touches nothing" serving node1
mom node1 hook epilogue "$JOB" >/dev/null; purge
ok "nothing is left" clean_soon node1
for bad in '/jobs/../x.SC' 'x.SC' '/jobs/.SC' '/jobs/-x.SC' '/jobs/x' '/jobs/a b.SC'; do
	exits 1 "the script '$bad' is refused" on node1 env PBS_NODENUM=0 "$LIBEXEC/shifter-torque" 1.head alice alice n r q a "$bad"
done
exits 1 "too few arguments are refused" on node1 env PBS_NODENUM=0 "$LIBEXEC/shifter-torque" 1.head alice
exits 1 "as is an odd number of a node" on node1 env PBS_NODENUM=x "$LIBEXEC/shifter-torque" 1.head alice alice n r q a /jobs/1.head.SC
ok "nothing is left" clean_soon node1 node2 node3
done_testing
