#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# modes.sh - the ways in which sites run Slurm: flags of the prolog, tracking of processes,
# private /tmp, arguments of the plug-in; and who asks slurmctld what
# shellcheck disable=SC2016                 # other shells expand
set -u
export NODES=2 BATCH_TIMEOUT=120
export TASKPLUGIN=task/cgroup PROCTRACK=proctrack/linuxproc JAGATHER=jobacct_gather/linux
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/cluster.bash" || exit 1

# ring DESC [LINES]: a job that goes from node1 to node2 and back; what else it may say
ring() {
	batch alice ring.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
shifter ssh node2 'test -e /etc/container-marker && ssh node1 uname -n'
JOB
	is "$T_JOB" "node1" "$1" || t_note "$T_SAID"
	ok "$1: the nodes are idle, and nothing is left" eval 'idle_again 2 && nowhere_left node1 node2'
}
# again VARIABLE=VALUE...: the cluster with other settings
again() {
	local setting
	for setting; do export "${setting?}"; done
	ok "the cluster takes ${*@Q}" cluster reconfig
}
log() { on "$1" grep -h "$2" /var/log/slurm/slurmd.log; }

# --- processes tracked by their parents, CPUs bound by cgroup ---
ring "proctrack/linuxproc with task/cgroup"
batch alice kill.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
shifter ssh node2 'sleep 54321 >/dev/null 2>&1 &'
JOB
is "$T_STATUS" 0 "a job leaves a process on node2"
idle_again 2
# shellcheck disable=SC2317
runs() { on node2 sh -c 'for p in /proc/[0-9]*; do
	[ "$(tr "\0" " " <"$p/cmdline" 2>/dev/null)" = "sleep 54321 " ] && exit 0; done; exit 1'; }
not_ok "proctrack/linuxproc: it ends with the job" runs

# --- who asks slurmctld what: a job with an image causes no question that others do not ---
epilogs_are_over() { # of both nodes, for the last job
	local id
	id=$(on head sh -c 'grep -o "_slurm_rpc_epilog_complete: JobId=[0-9]*" /var/log/slurm/slurmctld.log | tail -n 1')
	[ "$(on head grep -c "$id Node" /var/log/slurm/slurmctld.log)" = 2 ] && [ "$id" != "$1" ]
}
questions() { # questions OPTION...: the kinds of messages that slurmctld gets for an srun
	local last
	last=$(on head sh -c 'grep -o "_slurm_rpc_epilog_complete: JobId=[0-9]*" /var/log/slurm/slurmctld.log | tail -n 1')
	on head sdiag --reset >/dev/null
	as alice timeout 60 srun -Q -N2 --exclusive "$@" sleep 2
	wait_until 40 epilogs_are_over "$last" || echo "no end"
	on head sdiag | sed -n '/by message type/,/by user/s/^[\t ]*\([A-Z_]*\) .*count:.*/\1/p' |
		grep -vxE 'MESSAGE_NODE_REGISTRATION_STATUS|REQUEST_(STATS_INFO|PING)' | sort -u
}
idle_again 2
without=$(questions)
like "$without" 'MESSAGE_EPILOG_COMPLETE' "slurmctld counts what it is asked"
is "$(questions --image=base.squashfs)" "$without" "nodes ask it nothing for a container"

# --- arguments of the plug-in ---
cat >"$T_DIR/home-setup" <<'SETUP'
#!/bin/sh
nsenter --mount="$SHIFTER_NAMESPACE" touch /run/shifter/made-by-the-site &&
echo "for job $SLURM_JOB_ID of $SLURM_JOB_USER" >/run/site-setup.said
exit "$(cat /run/site-setup.status 2>/dev/null || echo 0)"
SETUP
for n in node1 node2; do
	on $n sh -c 'cat >/run/site-setup && chmod 755 /run/site-setup' <"$T_DIR/home-setup"
done
again "SPANK=$SPANK extern_setup=/run/site-setup extern_cgroup=1 memory_cgroup=/sys/fs/cgroup/memory" \
	PROLOGFLAGS=Alloc,Contain
batch alice setup.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
shifter test -e /run/shifter/made-by-the-site && shifter ssh node2 test -e /run/shifter/made-by-the-site && echo made
JOB
is "$T_JOB" made "extern_setup runs for each node's container before the job's script" || t_note "$T_SAID"
like "$(on node2 cat /run/site-setup.said)" 'for job [0-9]+ of alice' "and knows whose it is"
like "$(log node1 'memory_cgroup')" 'not needed' "memory_cgroup is accepted, and slurmd's log says that it need not be there"
on node1 sh -c 'echo 3 >/run/site-setup.status'
batch alice failing.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
srun -Q -N2 true
JOB
like "$T_JOB" "shifter: '/run/site-setup', the site's extern_setup, ended with status 3" "where it fails, the job says so"
not_ok "and fails" test "$T_STATUS" = 0
on node1 rm /run/site-setup.status
on node1 chmod 777 /run/site-setup
batch alice unsafe.out -N2 --exclusive --image=base.squashfs <<<$'#!/bin/bash\nsrun -Q -N2 true'
like "$T_JOB" "extern_setup: it must be a file that belongs to root" "one that anybody can write to is not run"
ok "the nodes are idle" idle_again 2
SPANK=${SPANK%% extern_setup*}
export SPANK

# --- PrologFlags ---
again "SPANK=$SPANK"
ring "Alloc,Contain without DeferBatch"
again PROLOGFLAGS=Alloc
batch alice alloc.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
shifter test -e /etc/container-marker && echo inside
JOB
like "$T_JOB" 'shifter: warning: no ssh.*PrologFlags=Contain' "Alloc alone: a line says that there is no ssh, and why"
like "$T_JOB" '(^|
)inside' "and the job has its container"
ok "the nodes are idle, and nothing is left" eval 'idle_again 2 && nowhere_left node1 node2'

# --- a plug-in argument that cannot be: nothing starts with it, slurmd neither ---
on head sh -c 'cp -a /etc/slurm /run/ccm && sed -i "s/\$/ enable_ccm=1/" /run/ccm/plugstack.conf'
like "$(cluster exec -u alice head env SLURM_CONF=/run/ccm/slurm.conf timeout 60 srun -Q -N1 --image=base.squashfs true 2>&1)" \
	"cannot do 'enable_ccm=1'.*no Cluster Compatibility Mode" "enable_ccm=1 is refused with a sentence"

# --- a private /tmp and /dev/shm for each job ---
export PROLOGFLAGS=Alloc,Contain,DeferBatch JOBCONTAINER=job_container/tmpfs
cluster down --purge >/dev/null
ok "a cluster with job_container/tmpfs" cluster up 2
batch alice private.out -N2 --exclusive --image=base.squashfs <<'JOB'
#!/bin/bash
echo mine >/tmp/mine; echo mine >/dev/shm/mine
shifter cat /tmp/mine /dev/shm/mine
shifter ssh node2 'echo hers >/tmp/hers; echo hers >/dev/shm/hers'
srun -Q -N1 -w node2 cat /tmp/hers /dev/shm/hers
shifter touch /tmp/in-the-container && test -e /tmp/in-the-container && echo shared
shifter awk '$5 == "/tmp" { options = $6 } END { print options }' /proc/self/mountinfo
JOB
is "$T_JOB" $'mine\nmine\nhers\nhers\nshared\nrw,nosuid,nodev,relatime' "job_container/tmpfs: container and ssh sessions have the job's own /tmp and /dev/shm" ||
	t_note "$T_SAID"
ok "the nodes are idle, and nothing is left" eval 'idle_again 2 && nowhere_left node1 node2'
done_testing
