#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# jobs.sh - the kinds of jobs that Slurm knows, each with an image: arrays, requeued and
# heterogeneous ones, MPI by srun, options from #SBATCH lines and from the environment
# shellcheck disable=SC2016                 # other shells expand
set -u
KIND=launchers BATCH_TIMEOUT=240
export TASKPLUGIN=task/cgroup CGROUP_EXTRA='ConstrainRAMSpace=yes\nMinRAMSpace=10'
# a requeued job waits for as long as there may be credentials of its first run
export EXTRA='SelectTypeParameters=CR_Core_Memory\nAuthInfo=cred_expire=20' GPUS='/dev/zero /dev/full'
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/cluster.bash" || exit 1
nodes=(node1 node2 node3 node4)
image=launchers.squashfs

# --- where the image may be named ---
on head install -d -o alice /home/alice/shown
batch alice lines.out <<'JOB'
#!/bin/bash
#SBATCH -N2
#SBATCH --image=launchers.squashfs
#SBATCH --volume=/home/alice/shown:/shown
shifter sh -c 'test -e /etc/container-marker && test -d /shown && ssh node2 test -d /shown && echo as asked'
JOB
is "$T_JOB" "as asked" "#SBATCH lines name image and volumes" || t_note "$T_SAID"
by_variable() { cluster exec -u alice head env SHIFTER_IMAGE="$1" timeout 120 "${@:2}" 2>&1; }
is "$(by_variable $image srun -Q -N1 shifter test -e /etc/container-marker && echo inside)" inside \
	"SHIFTER_IMAGE is the image of a job that names none"
like "$(by_variable nosuch srun -Q -N1 true)" 'shifter: .*nosuch' "and is checked as one that is named"
is "$(by_variable nosuch srun -Q -N1 --image=$image shifter echo named)" named "--image has precedence"
batch alice within.out -N1 --image=$image <<'JOB'
#!/bin/bash
test -n "$SHIFTER_IMAGE" && srun -Q -n1 --overlap shifter echo step
sbatch -Q -N1 -o within2.out --exclusive --wrap 'test "$SHIFTER_CONTAINER" = slurm-$SLURM_JOB_ID || echo none; echo end'
until grep -qsx end within2.out; do sleep 0.2; done
cat within2.out
JOB
is "$T_JOB" $'step\nnone\nend' "the jobs that a job submits have images of their own, or none"

# --- arrays ---
batch alice array.%a.out -N1 --exclusive --array=1-3 --image=$image <<'JOB'
#!/bin/bash
shifter sh -c 'test -e /etc/container-marker && echo $SLURM_ARRAY_TASK_ID in $SHIFTER_CONTAINER'
JOB
is "$(on head sh -c 'cat /home/alice/array.[123].out' | sed 's/slurm-[0-9]*$/its own/' | sort)" \
	$'1 in its own\n2 in its own\n3 in its own' "each task of an array has a container"
is "$(on head sh -c 'cat /home/alice/array.[123].out' | sort -u | wc -l)" 3 "of its own"

# --- heterogeneous jobs ---
batch alice het.out -N1 --exclusive --ntasks-per-node=1 --image=$image : -N2 --exclusive --ntasks-per-node=2 <<'JOB'
#!/bin/bash
shifter sort /var/hostsfile | uniq -c | tr -s ' '
shifter ssh node3 'test -e /etc/container-marker && sort /var/hostsfile | uniq -c | tr -s " " && ssh node2 echo between'
srun -Q --het-group=1 -N1 -n1 shifter sh -c 'test -e /etc/container-marker && uname -n'
JOB
is "$T_JOB" ' 1 node1
 2 node2
 2 node3
 2 node2
 2 node3
between
node2' "the first component's first node knows all hosts, the others those of their component" || t_note "$T_SAID"

# --- what comes in by ssh is the job's: in its memory, and in its accounts ---
batch alice memory.out -N2 --exclusive --mem=200 --image=$image <<'JOB'
#!/bin/bash
take='$x = q(x) x ($ARGV[0] << 20); open(F, q(>), $ARGV[1]) if $ARGV[1]; sleep 1 while $ARGV[1] && ! -e "$ARGV[1].end"; print "had $ARGV[0]\n"'
shifter ssh node2 perl -e "'$take'" 20
shifter ssh node2 perl -e "'$take'" 400
echo "status $?"
shifter ssh node2 perl -e "'$take'" 60 "$PWD/taken" &
until [ -e taken ]; do sleep 0.1; done
for ((i = 0; i < 60; i++)); do
	rss=$(sstat -n -P -j "$SLURM_JOB_ID.extern" -o MaxRSS | tr -d K)
	[ "${rss%.*}" -gt 60000 ] && echo accounted && break
	sleep 1
done
touch taken.end
wait
JOB
is "$T_JOB" $'had 20\nstatus 255\naccounted\nhad 60' \
	"an ssh session has no more memory than its job, and is in sstat" || t_note "$T_SAID"

# --- GPUs: those that Slurm gave the job on the node where a session runs ---
as alice timeout 120 srun -Q -w node2 -N1 -n1 --mem=10 --gres=gpu:1 sh -c 'touch gpu.taken; until [ -e gpu.end ]; do sleep 0.1; done' &
holder=$!
taken() { on head test -e /home/alice/gpu.taken; }
ok "another job has a GPU of node2" wait_until 60 taken
batch alice gpu.out -w node1,node2 -N2 -n2 --mem=10 --gres=gpu:1 --image=$image <<'JOB'
#!/bin/bash
show='echo $(uname -n) $CUDA_VISIBLE_DEVICES'
shifter sh -c "$show"
shifter ssh node2 "$show"
shifter ssh node2 "ssh node1 '$show'"
JOB
is "$T_JOB" $'node1 0\nnode2 1\nnode1 0' "CUDA_VISIBLE_DEVICES is that of the target node" || t_note "$T_SAID"
on head touch /home/alice/gpu.end
wait "$holder"

# --- MPI started by Slurm itself ---
mpi() { # mpi DESC OPTION PROGRAM
	batch alice mpi.out -N4 --ntasks-per-node=2 --image=$image <<-JOB
	#!/bin/bash
	timeout 60 srun -Q -n8 --mpi=$2 shifter $3 2>&1 | cat
	JOB
	is "$(sed -n 's/^rank [0-9]* on \(.*\): in the container$/\1/p' <<<"$T_JOB" | sort | uniq -c | tr -s ' ')" \
		$' 2 node1\n 2 node2\n 2 node3\n 2 node4' "$1: two ranks on each of four hosts" || t_note "$T_JOB"
	like "$T_JOB" 'ring: 8 ranks on 4 hosts: token=[0-9]* ok' "$1: they reach each other"
}
mpi "Open MPI by PMIx" pmix ring
# it may stay in MPI_Finalize(), see launchers.sh
mpi "MPICH by PMI-2" pmi2 'timeout -s KILL 20 ring.mpich'
# --- requeue: the same number, a new container ---
on head sh -c 'cat >/home/alice/again.sh && chmod 755 /home/alice/again.sh' <<'JOB'
#!/bin/bash
if [ "${SLURM_RESTART_COUNT:-0}" = 0 ]; then
	shifter touch /run/user/$UID/mine
	scontrol requeue "$SLURM_JOB_ID"
	sleep 60
fi
shifter test ! -e /run/user/$UID/mine && echo clean
shifter ssh node2 hostname
echo end
JOB
job=$(as alice sbatch --parsable --requeue --open-mode=append -N2 -w node1,node2 -o again.out --exclusive --image=$image again.sh)
waits() { [ "$(on head squeue -h -j "$job" -o %r)" = BeginTime ]; }
ok "a job asks to be requeued" wait_until 60 waits
has_said() { on head grep -qx "$2" "/home/alice/$1" 2>/dev/null; }
ok "the requeued job runs again" wait_until 120 has_said again.out end
is "$(on head grep -vE '^(slurmstepd|srun)' /home/alice/again.out)" $'clean\nnode2\nend' "in a new container, with ssh"
ok "the nodes are idle" idle_again 4
ok "nothing is left on the nodes" nowhere_left "${nodes[@]}"
done_testing
