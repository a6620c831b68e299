#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# main_job.sh - jobs with an image on a real cluster of four nodes, as users see them
# shellcheck disable=SC2016,SC2317          # other shells expand; called by name
set -u
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$(readlink -f "$0")")/cluster.bash" || exit 1
nodes=(node1 node2 node3 node4)

# --- the main job: a ring of ssh hops through the containers and back ---
batch alice ring.out -N4 --ntasks-per-node=2 --image=base.squashfs <<'JOB'
#!/bin/bash
test ! -e /etc/container-marker && echo outside
shifter test -e /etc/container-marker && echo inside
shifter cat /var/hostsfile
hop='test -e /etc/container-marker && echo hop $SLURMD_NODENAME'
shifter ssh node2 "$hop; ssh node3 '$hop; ssh node4 \"ssh node1 id -un\"'"
shifter ssh node2 exit 7
echo "status $?"
shifter bash -c 'exit 9'
JOB
is "$T_STATUS" 9 "the job's exit status is that of its script"
like "$T_JOB" '(^|
)outside' "the script itself runs outside"
like "$T_JOB" '(^|
)inside' "shifter runs a command in the container"
is "$(grep -cxE 'node[1-4]' <<<"$T_JOB")" 8 "the hostsfile has a line per task"
like "$T_JOB" 'hop node2' "the first hop is in node2's container"
like "$T_JOB" 'hop node3' "the second hop is in node3's container"
like "$T_JOB" '(^|
)alice' "the ring ends where it began, as the user"
like "$T_JOB" 'status 7' "ssh hands the exit status on"
ok "the nodes are idle afterwards" idle_again 4
ok "nothing is left on the nodes" nowhere_left "${nodes[@]}"

# --- slots: the hostsfile of every node, not of the first alone ---
slots() { # slots DESC WANT OPTION...: WANT is the slots of each node on both of two
	local desc=$1 want=$2; shift 2
	batch alice slots.out -N2 --image=base.squashfs "$@" <<-JOB
	#!/bin/bash
	${directive:-}
	shifter sh -c 'sort /var/hostsfile | uniq -c; ssh \$(sort -u /var/hostsfile | tail -n 1) "sort /var/hostsfile | uniq -c"'
	JOB
	is "$(awk '{ printf "%s ", $1 }' <<<"$T_JOB")" "$want $want $want $want " "$desc"
}
slots "--ntasks-per-node=4: 4 slots on each node" 4 --ntasks-per-node=4
slots "--cpus-per-task=2, and no number of tasks: a slot for two CPUs" 2 --exclusive --cpus-per-task=2
directive='#SBATCH -c 2' slots "the same in the script" 2 --exclusive
slots "CPUs of the nodes where nothing is asked for" 4 --exclusive
as_in_a_job() { cluster exec -u alice head env SLURM_CPUS_PER_TASK=2 timeout 120 "$@"; }
inherits() {
	wait_for_job "$(as_in_a_job sbatch --parsable -o inherit.out -N2 --exclusive --image=base.squashfs slots.out.sh)"
	on head cat /home/alice/inherit.out
}
is "$(inherits | awk '{ printf "%s ", $1 }')" "4 4 4 4 " "what a job has of --cpus-per-task is not for one that it submits"

# --- other ways in ---
is "$(as alice timeout 60 srun -Q -N2 --image=base.squashfs shifter --image=base.squashfs cat /etc/container-marker 2>&1 | wc -l)" 2 \
	"srun --image runs in a container on each node"
is "$(as alice timeout 60 salloc -Q -N1 --image=base.squashfs srun -Q --image=base.squashfs shifter id -un 2>&1)" alice \
	"salloc --image gives its steps a container"
on head sh -c 'mkdir -p /home/alice/data && echo treasure >/home/alice/data/x && chown -R alice /home/alice/data'
is "$(as alice timeout 60 srun -Q -N1 --image=base.squashfs --volume=/home/alice/data:/data:ro shifter cat /data/x 2>&1)" \
	treasure "srun --volume shows a directory of the user's"
batch alice interp.out -N1 --image=base.squashfs <<'JOB'
#!/usr/bin/shifter /bin/bash
test -e /etc/container-marker && echo interpreted inside
JOB
like "$T_JOB" 'interpreted inside' "a script with shifter as its interpreter runs inside"
like "$(cluster exec -t -u alice head timeout 60 srun -Q -N1 --image=base.squashfs --pty shifter tty </dev/null 2>&1)" \
	'/dev/pts/' "srun --pty gives a terminal inside"

# --- a tag that is moved while the job waits changes nothing ---
tag() { # tag ID: what app:1 means, as an import changes it
	mkdir -p "$IMAGES/tags" && echo "id:$1" >"$IMAGES/tags/.new" &&
		mv "$IMAGES/tags/.new" "$IMAGES/tags/docker%3Aapp%3A1"
}
for which in old new; do
	ln "$IMAGES/base.squashfs" "$IMAGES/$which.squashfs"
	printf 'ENV: WHICH=%s\n' $which >"$IMAGES/$which.meta"
done
tag old
on head sh -c 'cat >/home/alice/tag.sh && chmod 755 /home/alice/tag.sh' <<'JOB'
#!/bin/bash
shifter printenv WHICH
srun -Q -N1 -n1 --image=app:1 shifter printenv WHICH
echo end
JOB
job=$(as alice sbatch --parsable --hold -N1 -o tag.out --image=app:1 /home/alice/tag.sh)
tag new
on head scontrol release "$job"
has_ended() { on head grep -qx end /home/alice/tag.out 2>/dev/null; }
ok "a job waits while its image's tag is moved" wait_until 60 has_ended
is "$(on head cat /home/alice/tag.out)" $'old\nold\nend' "it gets the image of its submission, and so do its steps"
is "$(as alice timeout 60 srun -Q -N1 --image=app:1 shifter printenv WHICH 2>&1)" new "a later one gets the new"

# --- mistakes: one clear line, a failing exit status, idle nodes ---
T_SAID=$(as alice sbatch -N1 --image=nosuch --wrap true 2>&1); rc=$?
not_ok "a wrong image is refused at submission" test "$rc" = 0
like "$T_SAID" 'shifter: .*nosuch' "in a line that names it"
is "$(wc -l <<<"$T_SAID")" 1 "and no other"
is "$(as alice timeout 60 srun -Q -N1 --image=base.squashfs --writable shifter awk '$5 == "/" { print $6 }' /proc/self/mountinfo 2>&1)" \
	rw,nosuid,nodev,relatime "srun --writable makes the root one that can be written to"
T_SAID=$(as alice sbatch -N1 --writable --wrap true 2>&1)
like "$T_SAID" 'shifter: .*no --image' "--writable without an image is refused"
T_SAID=$(as alice sbatch -N1 --volume=/tmp:/x --wrap true 2>&1)
like "$T_SAID" 'shifter: .*no --image' "a volume without an image is refused"
T_SAID=$(as alice salloc -Q -N1 --image=base.squashfs srun --image=other true 2>&1)
like "$T_SAID" "shifter: .*other" "a step cannot have an image of its own"
on head cp -a /images/base.squashfs /home/alice/mine.squashfs
on head chown alice /home/alice/mine.squashfs
batch alice refused.out -N1 --image=/home/alice/mine.squashfs <<'JOB'
#!/bin/bash
echo started
JOB
not_ok "an image that root must not mount fails the job" test "$T_STATUS" = 0
unlike "$T_JOB$T_SAID" 'started' "before its script starts"
like "$T_JOB$T_SAID" 'shifter: .*mine\.squashfs' "with a line that names it"
ok "the nodes are idle, not drained" idle_again 4

# --- the port is taken on one node ---
cluster exec -u bob node2 perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 1204, ReuseAddr => 1) or die;
	open(my $f, ">", "/home/bob/squatter") or die; print $f $$; close $f; sleep 300' &
squatter=$!
taken() { on node2 test -s /home/bob/squatter; }
ok "a squatter has the port on node2" wait_until 10 taken
ok "jobs do not wait long for their hosts" give_up_after 4
batch alice port.out -N4 --image=base.squashfs <<'JOB'
#!/bin/bash
echo started
JOB
not_ok "the job fails" test "$T_STATUS" = 0
unlike "$T_JOB" 'started' "before its script starts"
like "$T_JOB" 'node2' "with a line that names the node"
on node2 sh -c 'kill "$(cat /home/bob/squatter)"'
wait "$squatter"
ok "jobs wait for their hosts" give_up_after 60
ok "the nodes are idle, not drained" idle_again 4
ok "nothing is left on the nodes" nowhere_left "${nodes[@]}"

# --- scancel: what came in by ssh dies with the job; it is in the job's cgroup ---
job=$(as alice sbatch --parsable -N2 -o /dev/null --image=base.squashfs \
	--wrap 'shifter ssh node2 sleep 54321')
find_sleep='for p in /proc/[0-9]*; do
	[ "$(tr "\0" " " <"$p/cmdline" 2>/dev/null)" = "sleep 54321 " ] && echo "${p#/proc/}"; done'
runs() { [ -n "$(on node2 sh -c "$find_sleep")" ]; }
gone() { ! runs; }
ok "a command runs on node2 by ssh" wait_until 30 runs
pid=$(on node2 sh -c "$find_sleep")
like "$(on node2 cat "/proc/${pid%%[!0-9]*}/cgroup")" "job_$job" "in the job's cgroup"
T_SAID=$(as bob ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	-p 1204 alice@node2 true 2>&1)
like "$T_SAID" 'Permission denied \(publickey\)' "another user's ssh is refused"
as alice scancel "$job"
ok "it is gone after scancel" wait_until 30 gone
ok "the nodes are idle" idle_again 4
ok "nothing is left on the nodes" nowhere_left "${nodes[@]}"

# --- two users at once, each on two nodes ---
two() {
	as "$1" timeout 90 srun -Q -N2 --exclusive --image=base.squashfs shifter id -un 2>&1 |
		sort -u >"$T_DIR/$1"
}
two alice & first=$!
two bob
wait "$first"
is "$(cat "$T_DIR/alice")" alice "alice is alice in her containers"
is "$(cat "$T_DIR/bob")" bob "bob is bob in his"

# --- no key: no ssh, and the user is told why ---
on head sh -c 'rm -rf /home/bob/.udiRoot && : >/home/bob/.udiRoot'
batch bob nokey.out -N2 --image=base.squashfs <<'JOB'
#!/bin/bash
shifter test -e /etc/container-marker && echo inside
JOB
is "$T_STATUS" 0 "a job without a key runs"
like "$T_JOB" 'inside' "in its container"
like "$T_JOB" 'shifter: warning: no ssh' "and says that it has no ssh"
ok "the nodes are idle" idle_again 4
ok "nothing is left on the nodes" nowhere_left "${nodes[@]}"
done_testing
