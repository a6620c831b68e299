#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# examples.sh - the examples, as installed, run jobs on two nodes
# shellcheck disable=SC2016,SC2086,SC2030,SC2031,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/api/api.bash
. "$tests/api/api.bash" || exit 1

EXAMPLES=/usr/share/doc/libshifter/examples
ok "the examples are installed" test -f $EXAMPLES/README.md
is "$(diff -r -x local.mk "$tests/../examples" $EXAMPLES 2>&1)" '' "all of them"
ok "the one in C has less than 100 lines" test "$(wc -l <$EXAMPLES/c/ferry-hook.c)" -lt 100
is "$(grep -ho '#include *[<"]shifter[^>"]*' $EXAMPLES/c/*)" '#include <shifter/shifter.h' \
	"and includes the public header only"
cp -r $EXAMPLES/c $IMG/c && cp -r $EXAMPLES/python $EXAMPLES/shell $IMG || exit 1
ok "it is built by its Makefile, with pkg-config" make -s -C $IMG/c CC="${CC:-cc}" CFLAGS='-O1 -Wall -Wextra -Werror'
is "$(ldd $IMG/c/ferry-hook | grep -c libshifter)" 0 "with the static library"
ok "the shared library for Python" make_shared_library $IMG/libshifter.so.0

# --- two nodes: this one is node1, a namespace of its own is node2 ---
unshare --mount --uts --net sleep infinity & node2=$!
on_exit eval "kill $node2; wait $node2 2>/dev/null || :"
away() { [ "$(readlink /proc/$node2/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
on() { # on NODE CMD...: as root
	if [ "$1" = node1 ]; then "${@:2}"; else nsenter -t $node2 --mount --uts --net -- "${@:2}"; fi
}
wire() {
	wait_until 10 away && mkdir -p /run/shifter && chmod 700 /run/shifter &&
		on node2 mount -t tmpfs -o mode=700 shifter /run/shifter && on node2 hostname node2 &&
		ip addr del 10.98.0.2/24 dev eth0 && ip link set peer0 netns $node2 &&
		on node2 ip addr add 10.98.0.2/24 dev peer0 && on node2 ip link set peer0 up &&
		on node2 ip link set lo up
}
ok "two nodes" wire
left_on() { on "$1" ls -A /run/shifter | grep -v '^\.'; on "$1" cut -d' ' -f3- /proc/self/mountinfo | sort; }
BEFORE1=$(left_on node1) BEFORE2=$(left_on node2)
SNAPSHOT=$(snapshot)
clean() { [ "$(left_on node1)" = "$BEFORE1" ] && [ "$(left_on node2)" = "$BEFORE2" ]; }

# --- Ferry ---
export FERRY_USER=alice FERRY_UID=2001 FERRY_GID=2001 FERRY_HOME=/home/alice \
	FERRY_HOSTS='node1:4 node2:3' FERRY_LIBSHIFTER=$IMG/libshifter.so.0
hook() { # hook LANGUAGE NODE VERB [ARG...]
	local program user=root
	case $1 in
	c) program=("$IMG/c/ferry-hook" "$3") ;;
	python) program=(/usr/bin/python3 -B "$IMG/python/ferry_hook.py" "$3") ;;
	shell) program=("$IMG/shell/ferry-$3") ;;
	esac
	[ "$1:$3" != shell:task ] || user=alice
	if [ $user = root ]; then on "$2" "${program[@]}" "${@:4}"
	else on "$2" setpriv --reuid=$user --regid=$user --init-groups "${program[@]}" "${@:4}"; fi
}
both() { # both LANGUAGE VERB: on both nodes; the status of each, and what they say
	local node
	for node in node1 node2; do hook "$1" $node "$2"; echo "$node $?"; done 2>&1
}
submit() { as alice env FERRY_IMAGE="$1" $IMG/shell/ferry-submit; }
ASK='cat /etc/container-marker; id -un; id -G; ssh node2 "hostname; cat /etc/container-marker"
	ssh node2 ssh node1 hostname; sort /var/hostsfile | uniq -c | tr -s " \n" "  "'
ANSWER='libshifter demo image
alice
2001 2100
node2
libshifter demo image
node1
 4 node1 3 node2 '

vars=$(submit busybox) || fail "submission"
like "$vars" '^FERRY_IMAGE=(id|local):[^ ]*.FERRY_KEY=ssh-ed25519 [A-Za-z0-9+/=]+$' "submission settles image and key"
while IFS= read -r line; do export "${line?}"; done <<<"$vars"
t_run submit nonesuch
is "$T_RC" 3 "a wrong image is refused at submission, and is the job's fault"

job=0
for language in c python shell; do
	job=$((job + 1))
	export FERRY_JOB=$job
	is "$(both $language prolog)" $'node1 0\nnode2 0' "$language: prologs"
	is "$(hook $language node1 task sh -c "$ASK" 2>&1)" "$ANSWER" "$language: a task, and ssh to and fro"
	exits 7 "$language: the status of a task is the job's" hook $language node1 task sh -c 'exit 7'
	is "$(both $language epilog)" $'node1 0\nnode2 0' "$language: epilogs"
	ok "$language: nothing is left on either node" wait_until 5 clean
	is "$(both $language epilog)" $'node1 0\nnode2 0' "$language: epilogs with nothing to do"

	# a job that cannot run, that came past submission
	said=$(FERRY_IMAGE=local:/nonexistent both $language prolog)
	like "$said" "'/nonexistent'.*node1 3.*node2 3\$" "$language: a wrong image is the job's fault, and named"
	is "$(wc -l <<<"$said")" 4 "$language: in one line on each node"
	said=$(FERRY_HOSTS='node1:0' both $language prolog)
	like "$said" $'node1 [2-5]\n.*node2 [2-5]$' "$language: hosts that are none are refused"
	is "$(both $language epilog)" $'node1 0\nnode2 0' "$language: epilogs after a prolog that failed half way"
	ok "$language: nothing is left of those either" wait_until 5 clean

	# a configuration that is none is the site's
	echo 'nonsense = 1' >>/etc/shifter/udiRoot.conf
	like "$(hook $language node1 prolog 2>&1; echo $?)" $'nonsense.*\n4$' "$language: a wrong configuration is the site's"
	exits 0 "$language: and does not keep the epilog from tidying up" hook $language node1 epilog
	sed -i '/nonsense/d' /etc/shifter/udiRoot.conf
done

# --- a requeue, and a place in the job's accounting ---
job=$((job + 1))
export FERRY_JOB=$job
hook c node1 prolog || fail "a prolog"
is "$(hook c node1 prolog 2>&1; echo $?)" 0 "a prolog of a job that was requeued, after a crash of the node's daemon"
hook c node1 epilog || fail "its epilog"
mkdir $IMG/cgroup && : >$IMG/cgroup/cgroup.procs || exit 1
export FERRY_CGROUP=$IMG/cgroup
hook python node1 prolog || fail "a prolog with a cgroup"
like "$(cat $IMG/cgroup/cgroup.procs)" '^[0-9]+$' "python: sshd's process is put into the job's cgroup"
hook python node1 epilog || fail "its epilog"
rmdir_fails() { rm -r $IMG/cgroup && like "$(hook python node1 prolog 2>&1; echo $?)" $'\n[2-5]$' \
	"python: where that fails, so does the prolog"; }
rmdir_fails
hook python node1 epilog || fail "its epilog"
ok "nothing is left" wait_until 5 clean
unchanged "nothing at all"
done_testing
