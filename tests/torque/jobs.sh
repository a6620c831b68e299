#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# jobs.sh - jobs with an image on three nodes of Torque, as users see them
# shellcheck disable=SC2016,SC2317,SC2329   # other shells expand; called by name
set -u
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1
# shellcheck source=tests/torque/torque.bash
. "$HERE/torque.bash" || exit 1
torque_begin mpi
nodes=(node1 node2 node3)

# --- the main job: a ring of ssh hops through the containers and back, mpirun ---
cat >"$RUN/home/alice/hop" <<'END'
#!/bin/bash
test -e /etc/container-marker && echo "hop $PBS_NODENUM $PBS_JOBID $PBS_NODEFILE"
next=${1:-}
[ -z "$next" ] && exec id -un
exec ssh "$next" ./hop "${@:2}"
END
chmod 755 "$RUN/home/alice/hop"
submit alice 1 -l nodes=3:ppn=2 <<'JOB'
#!/bin/bash
#SHIFTER --image=mpi.squashfs
#PBS -N ring
test ! -e /etc/container-marker && echo outside
shifter test -e /etc/container-marker && echo inside
shifter cat /var/hostsfile
shifter sh -c 'echo "nodefile $PBS_NODEFILE"; cmp /var/hostsfile $PBS_NODEFILE && echo same'
shifter ./hop node2 node3 node1
shifter ssh node2 exit 7
echo "status $?"
shifter mpirun ring
echo "mpi $?"
exit 9
JOB
is "$T_SAID" '' "qsub takes the job, and the filter says nothing"
like "$(cat "$RUN$JOB")" '"other": "shifter:id:|"other": "shifter:' "the filter has made a resource of the line"
like "$(cat "$RUN$JOB")" '#SHIFTER --image=mpi.squashfs\\n#PBS -l other=shifter:' "behind it"
ok "and the user's key" test -s "$RUN/home/alice/.udiRoot/id_ed25519"
run_job
is "$T_STATUS" 9 "the job's exit status is that of its script"
like "$T_JOB" '(^|
)outside' "the script itself runs outside"
like "$T_JOB" '(^|
)inside' "shifter finds the container by PBS_JOBID"
is "$(grep -cxE 'node[1-3]' <<<"$T_JOB")" 6 "the hostsfile has a line per slot"
like "$T_JOB" 'nodefile /var/hostsfile
same' "PBS_NODEFILE can be read in the container"
for i in 1 2 0; do
	like "$T_JOB" "hop $i 1.head /var/hostsfile" "a hop, with the variables of node $i"
done
like "$T_JOB" '(^|
)alice' "the ring ends where it began, as the user"
like "$T_JOB" 'status 7' "ssh hands the exit status on"
like "$T_JOB" 'ring: 6 ranks on 3 hosts: token=1006 ok' "mpirun runs on all slots"
like "$T_JOB" 'mpi 0' "and succeeds"
ok "nothing is left on the nodes" clean_soon "${nodes[@]}"

# --- the other ways to ask ---
mkdir "$RUN/home/alice/data" && echo treasure >"$RUN/home/alice/data/x" && chown -R 2001:2001 "$RUN/home/alice/data"
submit alice '2[7]' -v SHIFTER_IMAGE=mpi.squashfs,SHIFTER_VOLUMES=/home/alice/data:/data,OTHER='<&>' -l nodes=2 <<'JOB'
#!/usr/bin/shifter /bin/bash
cat /data/x; echo "$OTHER"; ssh node2 cat /data/x
shifter --image=mpi.squashfs true
JOB
run_job
like "$T_JOB" 'treasure
<&>
treasure' "-v SHIFTER_IMAGE, for a script that shifter interprets, of an array's job"
submit alice 3 <<'JOB'
#!/bin/sh
#SHIFTER --image mpi.squashfs --writable
#SHIFTER --volume=/home/alice/data:/my/odd,name
shifter sh -c 'cat /my/odd,name/x; awk "\$5 == \"/\" { print \$6 }" /proc/self/mountinfo'
JOB
run_job
like "$T_JOB" 'treasure
rw,' "volumes with odd names and --writable by #SHIFTER lines"
submit alice 4 -l nodes=2,other=shifter:mpi.squashfs <<'JOB'
#!/bin/sh
shifter ssh node2 cat /etc/container-marker
JOB
run_job
like "$T_JOB" 'libshifter demo image' "-l other=shifter:IMAGE"
submit alice 5 -l nodes=2 <<'JOB'
#!/bin/sh
echo plain
JOB
arrive; join
is "$(prologue)" 'exit 0' "a job without an image"
ok "has nothing of it" clean_soon node1 node2
epilogues >/dev/null; purge
ok "nothing is left on the nodes" clean_soon "${nodes[@]}"

# --- mistakes: a clear line, no job, or one that fails; and nothing is left ---
refused() { # refused DESC REGEX OPTION...: the script is on stdin
	local desc=$1 regex=$2; shift 2
	submit alice 90 "$@" && { fail "$desc" "it was taken"; return; }
	like "$T_SAID" "^shifter: $regex" "$desc"
	is "$(grep -c '^shifter' <<<"$T_SAID")" 1 "$desc: one line"
}
image_line='#!/bin/sh
#SHIFTER --image='
refused "a wrong image is refused at submission" ".*nosuch" <<<"${image_line}nosuch"
refused "likewise with -v" ".*nosuch" -v SHIFTER_IMAGE=nosuch <<<'true'
refused "likewise with -l" ".*nosuch" -l other=shifter:nosuch <<<'true'
refused "an unknown word" ".*--imge" <<<'#SHIFTER --imge=mpi.squashfs'
refused "two resources of that name" ".*other" -l other=mine <<<"${image_line}mpi.squashfs"
refused "#SHIFTER lines with another prefix of directives on the command line" \
	"cannot use #SHIFTER lines with qsub -C: " -C '#JOB' <<<"${image_line}mpi.squashfs"
like "$(as alice env PBS_DPREFIX='#JOB' "$FILTER" <<<"${image_line}mpi.squashfs")" '
#JOB -l other=shifter:' "in the environment it is heeded"
cp "$T_DIR/images/mpi.squashfs" "$RUN/home/alice/mine.squashfs" && chown 2001:2001 "$RUN/home/alice/mine.squashfs"
submit alice 6 -l nodes=2 <<<"${image_line}/home/alice/mine.squashfs
echo started"
is "$T_SAID" '' "an image that root must not mount is taken"
run_job
is "$T_PROLOGUE" 'exit 1' "but aborts the job"
like "$T_JOB" "shifter: node1: .*mine\\.squashfs" "with a line that names it in the job's errors"
like "$(cat "$RUN/home/alice/shifter-error.6")" "shifter: node1: .*mine\\.squashfs" "and in a file"
is "$(stat -c '%U %a' "$RUN/home/alice/shifter-error.6" | sed 's/^[^ ]* //') $(stat -c %u "$RUN/home/alice/shifter-error.6")" "644 2001" "of the user's"
like "$(cat "$RUN/home/alice/shifter-error.6")" 'shifter: node2: .*mine' "the other node says it, too"
ok "nothing is left on the nodes" clean_soon "${nodes[@]}"
ln -s /etc/hostile "$RUN/home/alice/shifter-error.7"
submit alice 7 <<<"${image_line}/home/alice/mine.squashfs"
run_job
ok "the file of errors follows no link" test ! -e "$RUN/etc/hostile"

# --- the port is taken on one node ---
torque_cluster exec -u bob node2 perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 1204, ReuseAddr => 1) or die;
	open(my $f, ">", "/home/bob/squatter") or die; print $f $$; close $f; sleep 300' &
squatter=$!
taken() { on node2 test -s /home/bob/squatter; }
ok "a squatter has the port on node2" wait_until 10 taken
printf 'imagePath = "/images"\nsshdPort = 1204\nsshReadyTimeout = 3\n' >"$RUN/etc/shifter/udiRoot.conf"
submit alice 8 -l nodes=2 <<<"${image_line}mpi.squashfs
echo started"
run_job
is "$T_STATUS" aborted "the job is aborted"
like "$T_JOB" 'shifter: node1: .*node2' "with a line that names the node"
like "$(cat "$RUN/home/alice/shifter-error.8")" 'shifter: node2: .*1204.*squat|shifter: node2: .*1204.*perl' "which says why"
on node2 sh -c 'kill "$(cat /home/bob/squatter)"'
wait "$squatter" 2>/dev/null
ok "nothing is left on the nodes" clean_soon "${nodes[@]}"

# --- shared nodes ---
submit alice 9 <<<"${image_line}mpi.squashfs
shifter cat /etc/container-marker"
change other_jobs '",2/10.head"'
run_job
like "$T_JOB" "no ssh .*'node1' is not the job's alone" "on a node that is shared there is no ssh, and it is said"
like "$T_JOB" 'libshifter demo image' "but a container"
change node_state '"free"'
run_job
like "$T_JOB" "is not the job's alone" "likewise if it may be shared"
change exclusive true
run_job
is "$T_JOB" 'libshifter demo image' "qsub -n has it for itself"
change exclusive false
printf 'imagePath = "/images"\nsshdPortRange = "1300-1399"\n' >"$RUN/etc/shifter/udiRoot.conf"
run_job
is "$T_JOB" 'libshifter demo image' "a range of ports serves shared nodes"

# --- the hosts are in PBS_NODEFILE at least, for the first node ---
submit alice 11 -l nodes=1:ppn=3 <<<"${image_line}mpi.squashfs
shifter sh -c 'cat /var/hostsfile && ssh node1 cat /etc/container-marker'"
change hides_hosts true
run_job
is "$T_JOB" $'node1\nnode1\nnode1\nlibshifter demo image' "a job file without exec_host"

# --- no key: no ssh, and the user is told why ---
: >"$RUN/home/bob/.udiRoot"
submit bob 10 <<<"${image_line}mpi.squashfs
shifter cat /etc/container-marker"
like "$T_SAID" '^shifter: warning: .*without ssh' "qsub warns of a job without a key"
run_job
like "$T_JOB" 'libshifter demo image
shifter: node1: no ssh between' "which runs, and says that it has no ssh"
ok "nothing is left on the nodes" clean_soon "${nodes[@]}"
done_testing
