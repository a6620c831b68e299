#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# files.sh - what a container knows of the job's hosts: the files, shifter hosts, /etc/hosts
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# --- the files ---
printf '%s\n' '# of the site' '10.99.0.7 node7.site.org node7' 'fd00::8 node8' '10.99.0.9 other' >/tmp/addresses
ok "a container" up a
ok "a hostsfile" shifterctl hostsfile a --list 'node7.site.org/2 node8 node9=10.99.0.99/3' --addresses /tmp/addresses
lines() { printf '%s\n' "$@"; }
hostsfile=$(lines node7.site.org node7.site.org node8 node9 node9 node9)
json='{"hosts":[{"name":"node7.site.org","address":"10.99.0.7","slots":2},{"name":"node8","address":"fd00::8","slots":1},{"name":"node9","address":"10.99.0.99","slots":3}],"slots":6}'
is "$(inside a cat /var/hostsfile)" "$hostsfile" "/var/hostsfile: a line per slot"
is "$(inside a cat /job/hostfile)" "$hostsfile" "/job/hostfile: the same"
while IFS='|' read -r format file want; do
	is "$(inside a cat /run/shifter/$file)" "$(printf '%b' "$want")" "$file"
	is "$(as alice shifter --container=a hosts --format=$format)" "$(printf '%b' "$want")" "shifter hosts --format=$format on the node"
	is "$(inside a shifter hosts --format=$format)" "$(printf '%b' "$want")" "and in the container"
done <<LIST
unique|hosts.unique|node7.site.org\nnode8\nnode9
slots|hosts.slots|node7.site.org slots=2\nnode8 slots=1\nnode9 slots=3
colon|hosts.colon|node7.site.org:2\nnode8:1\nnode9:3
json|hosts.json|$json
LIST
is "$(as alice shifter --container=a hosts)" "$hostsfile" "shifter hosts: as /var/hostsfile"
is "$(inside a shifter hosts --format comma)" node7.site.org,node8,node9 "with commas"
is "$(as alice env SHIFTER_CONTAINER=a shifter hosts --format=unique | wc -l)" 3 "in the job without --container"
exits 125 "no such format" as alice shifter --container=a hosts --format=yaml
like "$T_OUT" "^shifter: unknown format 'yaml': one of hostsfile, unique" "is told which there are"
exits 125 "an argument" as alice shifter --container=a hosts node7
exits 127 "behind -- it is a command" as alice shifter --container=a -- hosts
exits 125 "the container's shifter runs no commands" inside a shifter id
like "$T_OUT" "this is the container already" "and says why"
is "$(inside a head -n 5 /etc/hosts | tail -n +3)" "$(printf '%s\t%s\n' 10.99.0.7 'node7.site.org node7' fd00::8 node8 10.99.0.99 node9)" \
	"/etc/hosts: the job's hosts first, with short names"
is "$(inside a grep -c '^10.98.0.2 node2$' /etc/hosts)" 1 "then the node's own"
ok "a hostsfile of the same short names" shifterctl hostsfile a --list 'n1.a=10.99.1.1 n1.b=10.99.1.2 n2.a=10.99.1.3'
is "$(inside a sed -n 3,5p /etc/hosts)" "$(printf '%s\t%s\n' 10.99.1.1 n1.a 10.99.1.2 n1.b 10.99.1.3 'n2.a n2')" \
	"a short name of two hosts is neither's"
ok "Torque's list" shifterctl hostsfile a --torque 'n1/0-3+n2/0,2'
is "$(inside a sort /var/hostsfile | uniq -c | awk '{ print $2, $1 }')" "$(lines 'n1 4' 'n2 2')" "has its slots"
lines n1 n1 n2 '' n1 >/tmp/nodefile
ok "a node file" shifterctl hostsfile a --file /tmp/nodefile
is "$(inside a sort /var/hostsfile | uniq -c | awk '{ print $2, $1 }')" "$(lines 'n1 3' 'n2 1')" "has its slots"
exits 2 "an address that is a name" shifterctl hostsfile a --list 'n1=n2'
exits 2 "a file of addresses that is not there" shifterctl hostsfile a --list n1 --addresses /nonexistent
like "$T_OUT" "cannot read file of addresses '/nonexistent': No such file" "is named"
ok "a container without hosts" up b
exits 125 "knows none" as alice shifter --container=b hosts
like "$T_OUT" "cannot list the hosts of the job: it has no '/run/shifter/hostsfile'" "and says so"
down a b

# --- an image that has a /job of its own ---
image() { # image COMMAND: $IMG/jobs with the busybox image's files, and what COMMAND, in it, makes
	rm -rf $IMG/jobs && unsquashfs -q -n -d $IMG/jobs $BUSYBOX >/dev/null && (cd $IMG/jobs && eval "$1")
}
with_image() { shifterctl setup --id "$1" --image "local:$IMG/jobs" --user alice && shifterctl hostsfile "$1" --slurm node1; }
image 'mkdir job && echo mine >job/data && echo theirs >job/hostfile'
ok "a folder" with_image j
is "$(inside j cat /job/data /job/hostfile)" "$(lines mine node1)" "keeps its files, but the hostfile is ours"
down j
image 'mkdir -p data/job && echo mine >data/job/data && ln -s data/job job'
ok "a link to a folder" with_image j
is "$(inside j cat /job/data /data/job/hostfile)" "$(lines mine node1)" "leads to it still, and the hostfile is there"
down j
image 'printf "#!/bin/sh\necho the image\n" >job && chmod 755 job'
ok "a program" with_image j
is "$(inside j /job)" "the image" "is the image's"
down j
image 'ln -s /etc job'
ok "a link to /etc" with_image j
is "$(inside j sh -c 'ls /job/passwd /etc/hostfile 2>&1 | head -n 1')" "ls: /etc/hostfile: No such file or directory" "stays what it is"
down j
mkdir -p /home/alice/work && echo x >/home/alice/work/x && chown -R alice /home/alice/work
for target in /job /job/hostfile /job/data; do
	[ $target != /job/hostfile ] || mkdir -p /home/alice/work
	ok "a volume on $target" up v --volume /home/alice/work:$target
	shifterctl hostsfile v --slurm node1
	is "$(inside v cat $target/x)" x "is there"
	down v
done

# --- many ---
ok "a container for 100,000 hosts" up m
ok "which it is told of" shifterctl hostsfile m --slurm 'nid[000001-100000]' --slots '8(x100000)'
is "$(inside m wc -l </dev/null /var/hostsfile | awk '{ print $1 }')" 800000 "they have 800,000 slots"
used=$(inside m df -k /run/shifter | awk 'END { print $3 }')
ok "in less than half of the room that there is ($used kB)" test "$used" -gt 8000 -a "$used" -lt 32768
down m
unchanged "nothing is left"
done_testing
