#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# shared.sh - jobs that have their nodes for themselves, and jobs that share them: each way in
# which Slurm lets them, with one port for all and with a range of ports
# shellcheck disable=SC2016,SC2317          # other shells expand; called by name
set -u
export NODES=2 BATCH_TIMEOUT=90
export EXTRA='PartitionName=force Nodes=ALL OverSubscribe=FORCE:2'
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/cluster.bash" || exit 1

# A job says in NAME.up that it runs, and ends when NAME.end is there.  Its ssh to the other
# node has to end in its own container.
cat >"$T_DIR/job.sh" <<'JOB'
#!/bin/bash
name=$1
go='test -e /etc/container-marker && echo $SHIFTER_CONTAINER of $(id -un) on $(uname -n)'
{ shifter ssh node2 "$go"; shifter ssh node1 "$go"; } >"$name.said" 2>&1
mv "$name.said" "$name.up"
until [ -e "$name.end" ]; do sleep 0.1; done
JOB
for u in alice bob; do
	on head sh -c "cat >/home/$u/job.sh && chmod 755 /home/$u/job.sh" <"$T_DIR/job.sh"
done
start() { # start USER NAME OPTION...: its number is left in T_ID
	on head rm -f "/home/$1/$2".{up,end,out}
	T_ID=$(as "$1" sbatch --parsable -N2 -o "$2.out" --image=base.squashfs "${@:3}" job.sh "$2")
}
is_up() { on head test -e "/home/$1/$2.up"; }
has_ended() { ! on head squeue -h -j "$1" -o %t 2>/dev/null | grep -qv CG; }
up() { # up USER NAME DESC: it runs, and ssh goes to its own containers
	ok "$3" wait_until 60 is_up "$1" "$2" || t_note "$(on head cat "/home/$1/$2.out" 2>&1)"
	is "$(on head cat "/home/$1/$2.up" 2>&1)" "slurm-$T_ID of $1 on node2
slurm-$T_ID of $1 on node1" "$3: ssh ends in its own containers"
}
refused() { # refused USER NAME DESC: it fails, with a line that names the other's container
	ok "$3: the job ends" wait_until 60 has_ended "$T_ID"
	like "$(on head cat "/home/$1/$2.out" 2>&1)" \
		"cannot listen on port 1204: it is taken by container 'slurm-[0-9]+'; jobs that share a node need sshdPortRange" \
		"$3: and says why"
}
end() { on head sh -c "touch /home/$1/$2.end"; }
clean() { ok "$1: the nodes are idle, and nothing is left" eval 'idle_again 2 && nowhere_left node1 node2'; }

# --- one port ---
start alice whole --exclusive
up alice whole "--exclusive"
start alice waits --exclusive
no_room() { [ "$(on head squeue -h -j "$T_ID" -o %r)" = Resources ]; }
ok "--exclusive: there is no room for another job" wait_until 30 no_room
not_ok "--exclusive: it has to wait" is_up alice waits
end alice whole
up alice waits "and gets the nodes when they are free"
end alice waits
clean "--exclusive"
start alice cpus -n8
up alice cpus "all CPUs of the nodes, without --exclusive"
end alice cpus
clean "all CPUs"
start alice part -n2
up alice part "part of the nodes: one job alone"
start bob other -n2
refused bob other "part of the nodes: a second one, by another user"
start alice again -n2
refused alice again "part of the nodes: a second one, by the same user"
is "$(as alice timeout 30 srun -Q --jobid="$(on head squeue -h -u alice -o %A)" --overlap -N1 -n1 shifter ssh node2 echo unharmed 2>&1)" unharmed \
	"and the first one does not notice"
end alice part
clean "part of the nodes"

# --- a range of ports ---
printf 'imagePath = "/images"\nsshdPortRange = "20000-24999"\n' >"$UDIROOT_CONF"
ok "the site gives a range of ports" cluster reconfig
two() { # two DESC OPTION...: one of alice and one of bob at once; DESC may name one user twice
	local desc=$1 second=${second:-bob}; shift
	start alice first "$@"; up alice first "$desc: one"
	start "$second" second "$@"; up "$second" second "$desc: two at once"
	ok "$desc: both are there" is_up alice first
	end alice first; end "$second" second
	clean "$desc"
}
two "part of the nodes, two users" -n2
second=alice two "part of the nodes, the same user" -n2
two "OverSubscribe=FORCE" -p force -n8
second=alice two "--exclusive=user" --exclusive=user -n2
batch alice array.%a.out -N2 -n2 --array=1-4%4 --image=base.squashfs <<'JOB'
#!/bin/bash
shifter ssh node2 'echo $SHIFTER_CONTAINER' | sed "s/slurm-$SLURM_JOB_ID\$/its own/"
JOB
is "$(on head sh -c 'cat /home/alice/array.[1234].out')" $'its own\nits own\nits own\nits own' \
	"an array whose tasks share nodes"
clean "an array"
done_testing
