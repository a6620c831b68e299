#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# launchers.sh - what starts processes by ssh works in a job's containers as it is: two
# nodes with two slots each, and no option that a user would have to know
# shellcheck disable=SC2016                 # other shells expand
set -u
KIND=launchers NODES=2 BATCH_TIMEOUT=300
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/../slurm/cluster.bash" || exit 1
here=$(dirname "$(readlink -f "$0")")

# One job; try NAME CMD... prints what CMD in the container says between "== NAME" and
# "-- NAME STATUS".
on head sh -c 'cat >/home/alice/dask_ssh.py && chmod 644 /home/alice/dask_ssh.py' <"$here/dask_ssh.py"
batch alice launchers.out -N2 --ntasks-per-node=2 --image=launchers.squashfs <<'JOB'
#!/bin/bash
try() {
	local name=$1; shift
	echo "== $name"
	# each with an output of its own: one that sets O_NONBLOCK there is in no other's way
	timeout "${LIMIT:-90}" "$@" 2>&1 </dev/null | cat
	echo "-- $name ${PIPESTATUS[0]}"
}
marked='test -e /etc/container-marker && uname -n'
try openmpi shifter mpirun ring
# Debian's MPICH 4.0 with UCX 1.13 may stay in MPI_Finalize(): one rank waits there for others,
# which wait for it in the barrier of PMI and do not answer.  What is seen here comes before.
LIMIT=20 try hydra shifter mpiexec.hydra ring.mpich
LIMIT=20 try pmi2 srun --mpi=pmi2 shifter ring.mpich
try pdsh shifter pdsh "$marked"
try pdsh-w shifter pdsh -w node2 "$marked"
try pdsh-x shifter bash -c 'pdsh -x $HOSTNAME "$1"' _ "$marked"
try clush shifter clush -a "$marked"
try clush-g shifter clush -b -g hosts "$marked"
try parallel shifter parallel --sshloginfile /run/shifter/hosts.parallel --workdir "$PWD" '
	mkdir -p met && : >met/{} && until set -- met/* && test $# = 4; do sleep 0.1; done
	test -e /etc/container-marker && uname -n' ::: 1 2 3 4
try ansible shifter ansible all -o -m shell -a "$marked"
try ansible-pipelining env ANSIBLE_PIPELINING=1 shifter ansible all -o -e ansible_port=22 -m shell -a "$marked"
try dask shifter python3 dask_ssh.py

# the forms in which launchers call ssh
try form-plain shifter ssh node2 "$marked"
try form-hydra shifter ssh -x node2 "$marked"
try form-pdsh shifter ssh -oConnectTimeout=10 -2 -a -x -lalice node2 "$marked"
try form-clush shifter ssh -oForwardAgent=no -oForwardX11=no -oConnectTimeout=10 -oBatchMode=yes node2 "$marked"
try form-batch shifter ssh -n -T -q -o BatchMode=yes -o PasswordAuthentication=no -l alice node2 "$marked"
try form-user shifter ssh alice@node2 "$marked"
try form-spark shifter ssh -o StrictHostKeyChecking=no node2 cd /tmp \; "$marked"
try form-careless shifter ssh -v -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null node2 "$marked"
try form-deepspeed shifter ssh -o PasswordAuthentication=no -p 22 node2 "hostname >/dev/null; $marked"
try form-mux shifter sh -c '
	ssh -C -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=/tmp/mux.%C node2 "$1" &&
	ssh -O exit -o ControlPath=/tmp/mux.%C node2' _ "$marked"
try form-image shifter /usr/bin/ssh node2 "$marked"
try rsync shifter sh -c 'echo sent >/tmp/sent && rsync -e "ssh -p 22" /tmp/sent node2:/tmp/got && ssh node2 cat /tmp/got'

# a user's own choice
try off env SHIFTER_MPI_SSH=0 shifter sh -c 'env | grep -E "^(PDSH|WCOLL|CLUSTERSHELL|ANSIBLE|OMPI|HYDRA)"'
try own env WCOLL=/my ANSIBLE_INVENTORY=inventory shifter sh -c 'echo $PDSH_RCMD_TYPE $WCOLL $ANSIBLE_INVENTORY'
JOB
is "$T_STATUS" 0 "the job ends" || t_note "$T_SAID"

# said NAME: what it said; "status N" if that was not 0
said() {
	awk -v n="$1" '$0 == "-- " n " 0" { exit }
		$1 == "--" && $2 == n { print "status " $3; exit }
		on; $0 == "== " n { on = 1 }' <<<"$T_JOB"
}
all() { # all NAME WANT DESC: in any order
	is "$(said "$1" | sort)" "$2" "$3"
}
ranks() { # ranks NAME DESC: a ring over all slots, in the containers
	local out
	out=$(said "$1")
	is "$(sed -n 's/^rank [0-9]* on \(.*\): in the container$/\1/p' <<<"$out" | sort | uniq -c | tr -s ' ')" \
		$' 2 node1\n 2 node2' "$2: two ranks on each host" || t_note "$out"
	like "$out" 'ring: 4 ranks on 2 hosts: token=1004 ok' "$2: they reach each other"
}
ranks openmpi "mpirun of Open MPI"
is "$(said openmpi | grep '^status')" "" "mpirun of Open MPI: it succeeds"
ranks hydra "mpiexec of MPICH"
ranks pmi2 "srun --mpi=pmi2"
all pdsh $'node1: node1\nnode2: node2' "pdsh COMMAND runs on each host"
all pdsh-w 'node2: node2' "pdsh -w on one"
all pdsh-x 'node2: node2' "pdsh -x, as in the guide's recipe for Ray, on all but one"
all clush $'node1: node1\nnode2: node2' "clush -a runs on each host"
like "$(said clush-g)" 'node1(.*)node2' "clush -g hosts, too"
all parallel $'node1\nnode1\nnode2\nnode2' "parallel runs as many at a time as a host has slots"
for way in ansible ansible-pipelining; do
	all "$way" $'node1 | CHANGED | rc=0 | (stdout) node1\nnode2 | CHANGED | rc=0 | (stdout) node2' \
		"$way runs a command on each host"
done
is "$(said dask | tail -n 1)" "[('node1', 2), ('node2', 2)]" "Dask has a worker for each slot" ||
	t_note "$(said dask | tail -n 20)"
for form in plain hydra pdsh clush batch user spark deepspeed image; do
	is "$(said "form-$form")" node2 "ssh as called: $form"
done
like "$(said form-careless)" 'is known and matches the ED25519-CERT host certificate' \
	"StrictHostKeyChecking=no leaves the host's certificate checked"
like "$(said form-careless)" '(^|
)node2' "and UserKnownHostsFile=/dev/null does no harm"
is "$(said form-mux | head -n 1 | tr -d '\r')" node2 "ssh as called by Ansible: ControlMaster"
is "$(said rsync)" sent "rsync"
is "$(said off)" "status 1" "SHIFTER_MPI_SSH=0: no launcher is told anything"
is "$(said own)" "ssh /my inventory" "what the user has set is kept"
ok "the nodes are idle" idle_again 2
ok "nothing is left on the nodes" nowhere_left node1 node2
done_testing
