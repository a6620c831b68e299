#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# failures.sh - what goes wrong on a node, or around the hooks: the user reads one clear line,
# the node is idle unless it is itself ill, and nothing is left.  A wrong image and a port that
# is taken are in main_job.sh.
# shellcheck disable=SC2016,SC2317          # other shells expand; called by name
set -u
export BATCH_TIMEOUT=120
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/cluster.bash" || exit 1
nodes=(node1 node2 node3 node4)

clean() {
	ok "$1: the nodes are idle" idle_again 4 || t_note "$(on head sinfo -N -o '%N %T %E')"
	ok "$1: nothing is left" nowhere_left "${nodes[@]}"
}
state() { on head squeue -h -j "$1" -o %T 2>/dev/null; }
gone() { [ -z "$(state "$1")" ]; }
# the images' folder is seen on all hosts
ok "the plug-in that stalls is built" gcc -shared -fPIC -O1 -o "$IMAGES/stall.so" "$HERE/stall.c"
SPANK="required /images/stall.so before\n$SPANK\nrequired /images/stall.so after"
export SPANK
ok "the cluster takes it" cluster reconfig || { done_testing; exit 1; }
close_gate() { on "$1" touch "/run/stall.$2"; }
open_gate() { on "$1" rm -f "/run/stall.$2" "/run/stalled.$2"; }
is_stalled() { on "$1" test -s "/run/stalled.$2"; }

# --- udiImage is missing on one node of four ---
ok "jobs do not wait long for their hosts" give_up_after 4
on node2 mount -t tmpfs none /usr/libexec/shifter/opt/udiImage
batch alice udi.out -N4 --exclusive --image=base.squashfs <<<$'#!/bin/bash\nshifter ssh node2 true && echo started'
not_ok "udiImage is missing on one node: the job fails" test "$T_STATUS" = 0
like "$T_JOB" 'node2' "with a line that names the node"
is "$(wc -l <<<"$T_JOB")" 1 "and no other" || t_note "$T_JOB"
is "$(as alice timeout 60 srun -Q -w node2 -N1 --image=base.squashfs true 2>&1 | grep -c 'shifter: .*udiImage')" 1 \
	"a step there says what is missing"
on node2 umount /usr/libexec/shifter/opt/udiImage
clean "udiImage is missing"

# --- a node that is ill, the others are not: no room for the container, or for anything at all ---
is_ill() { on head sinfo -h -n node2 -o '%T %E' | grep -q drain; }
others_idle() { [ "$(on head sinfo -h -N -o '%N %T' | grep -c ' idle$')" = 3 ]; }
times_logged() { on node2 grep -c 'shifter: job [0-9]*: .*No space left on device' /var/log/slurm/slurmd.log; }
# in the shell of node2
full_shifter='mkdir -p /run/shifter && mount -t tmpfs -o size=4k,mode=700 none /run/shifter && head -c 4096 /dev/zero >/run/shifter/full'
full_run='mount -o remount,size=64m /run; cat /dev/zero >/run/full; test -s /run/full'
for place in "/run/shifter" "/run"; do
	case $place in
	/run/shifter) fill=$full_shifter empty='umount /run/shifter' reason='No space left on device' ;;
	/run) fill=$full_run empty='rm /run/full' reason='this node is ill: it has no room to keep what went wrong' ;;
	esac
	ok "$place is full on one node" on node2 sh -c "$fill" 2>/dev/null
	logged=$(times_logged)
	batch alice full.out -N4 --exclusive --image=base.squashfs <<<$'#!/bin/bash\necho started'
	not_ok "$place is full: the job fails" test "$T_STATUS" = 0
	unlike "$T_JOB" 'started' "$place is full: its script never ran"
	like "$T_JOB" 'node2' "$place is full: a line names the node"
	is "$(wc -l <<<"$T_JOB")" 1 "$place is full: and there is no other" || t_note "$T_JOB"
	ok "$place is full: the node is drained" wait_until 60 is_ill
	is "$(times_logged)" $((logged + 1)) "$place is full: its log says why, once"
	ok "$place is full: the other nodes are idle" wait_until 60 others_idle
	on head scontrol update nodename=node2 state=resume
	ok "$place is full: the node can be resumed" idle_again 4
	T_SAID=$(as alice timeout 60 srun -Q -w node2 -N1 --image=base.squashfs true 2>&1)
	is "$?" 1 "$place is full: srun on the node alone fails" || t_note "$T_SAID"
	like "$(grep -v '^srun: error: node2: task 0: Exited' <<<"$T_SAID")" "shifter: .*$reason" \
		"$place is full: it says why"
	ok "$place is full: the node is drained again" wait_until 60 is_ill
	on node2 sh -c "$empty"
	on head scontrol update nodename=node2 state=resume
	clean "$place is full"
done

ok "jobs wait for their hosts" give_up_after 15

# --- scancel while a prolog runs: before and after it has made the container ---
for place in before after; do
	close_gate node2 $place.prolog
	job=$(as alice sbatch --parsable -N4 --exclusive -o cancel.out --image=base.squashfs --wrap 'echo started')
	ok "scancel: the prolog of node2 is at work, $place the set-up" wait_until 60 is_stalled node2 $place.prolog
	as alice scancel "$job"
	open_gate node2 $place.prolog
	ok "scancel: the job ends" wait_until 60 gone "$job"
	clean "scancel $place the set-up"
done

# --- slurmd is killed while its prolog runs; the epilog comes before the orphan goes on ---
for place in before after; do
	close_gate node2 $place.prolog
	job=$(as alice sbatch --parsable --no-requeue -N4 --exclusive -o killed.out --image=base.squashfs --wrap 'echo started')
	ok "slurmd is killed while its prolog runs, $place the set-up" wait_until 60 is_stalled node2 $place.prolog
	cluster slurmd node2 kill9
	as alice scancel "$job"
	cluster slurmd node2 start
	ok "the job ends ($place)" wait_until 90 gone "$job"
	had_epilog() { on node2 grep -q "JobId=$job: sent epilog complete" /var/log/slurm/slurmd.log; }
	ok "the epilog is over before the prolog goes on ($place)" wait_until 60 had_epilog
	open_gate node2 $place.prolog
	clean "slurmd killed in the prolog, $place the set-up"
done

# --- slurmd is killed while the job runs, and while its epilog does ---
on head sh -c 'cat >/home/alice/long.sh && chmod 755 /home/alice/long.sh' <<'JOB'
#!/bin/bash
shifter ssh node2 true && touch long.up
until [ -e long.end ]; do sleep 0.1; done
shifter ssh node2 echo still there
JOB
long_up() { on head test -e /home/alice/long.up; }
job=$(as alice sbatch --parsable -N2 -w node1,node2 --exclusive -o long.out --image=base.squashfs long.sh)
ok "a job runs" wait_until 60 long_up
cluster slurmd node2 kill9
cluster slurmd node2 start
close_gate node2 after.epilog
on head touch /home/alice/long.end
ok "slurmd was killed meanwhile; its epilog is at work" wait_until 60 is_stalled node2 after.epilog
is "$(on head cat /home/alice/long.out)" "still there" "the job had its container and ssh to the end"
cluster slurmd node2 kill9
open_gate node2 after.epilog
cluster slurmd node2 start
ok "the job ends" wait_until 90 gone "$job"
clean "slurmd killed in the epilog"

# --- all that ran on a node is gone, as after a crash; what it left is of no use ---
on head rm -f /home/alice/long.up /home/alice/long.end
job=$(as alice sbatch --parsable --no-requeue -N2 -w node1,node2 --exclusive -o dead.out --image=base.squashfs long.sh)
ok "a job runs on a node that will crash" wait_until 60 long_up
on node2 sh -c 'for p in /proc/[0-9]*; do
	case $(cat "$p/comm" 2>/dev/null) in
	slurmd|slurmstepd|shifter-*|sshd|sleep) [ "${p#/proc/}" -gt 1 ] && [ "$(cut -d" " -f4 "$p/stat")" != 1 -o "$(cat "$p/comm")" != sleep ] && kill -9 "${p#/proc/}" ;;
	esac; done; :'
boot=$(on node2 sh -c 'ls -d /run/shifter/slurm-*' 2>&1)
like "$boot" "slurm-$job" "its containers' records are there still"
as alice scancel "$job"
cluster slurmd node2 start
ok "the job ends" wait_until 90 gone "$job"
clean "a node that crashed"
is "$(as alice timeout 60 srun -Q -N4 --image=base.squashfs shifter ssh node2 echo well 2>&1 | sort -u)" well "the next job finds nothing of all that"
clean "in the end"
done_testing
