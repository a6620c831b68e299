#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# scale.sh - a job on eight nodes with networks of their own: set up at once, ssh from each
# to each, and nothing left
# shellcheck disable=SC2016,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/harness/nodes.sh
. "$tests/harness/nodes.sh" || exit 1

count=8
up warm --sshd && down warm     # the copy of udiImage stays
KEY=$(as alice shifterctl key) || exit 1
SNAPSHOT=$(snapshot)
ok "$count nodes with networks of their own" nodes_up $count

# What is on a node that a container might leave there.
state_of_node() {
	on_node "$1" sh -c 'cut -d" " -f4- /proc/self/mountinfo | sort; find /run -mindepth 1 ! -path "*/.udiImage/*" | sort; hostname'
}
set_up() {
	state_of_node "$1" >"$T_DIR/before-$1"
	on_node "$1" shifterctl setup --id job --image "local:$BUSYBOX" --user alice --sshd &&
		on_node "$1" shifterctl hostsfile job --list "$(node_list 2)" &&
		on_node "$1" shifterctl sshd job --principal udi.test.job --user-key "$KEY"
}
there() { # there NODE ARG...: shifter ARG..., as alice
	local i=$1; shift
	on_node "$i" setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice USER=alice \
		LOGNAME=alice SHELL=/bin/bash shifter --container=job "$@"
}
# The hosts in their order from this one on, so that not all go to the same at once.
visit() {
	there "$1" sh -c '
		me=$(hostname) seen=
		for host in $(awk -v me="$me" "{ h[NR] = \$1 } \$1 == me { at = NR }
			END { for (i = 1; i < NR; i++) print h[(at + i - 1) % NR + 1] }" /run/shifter/hosts.unique); do
			seen="$seen $(ssh "$host" "hostname; cat /etc/container-marker" </dev/null | tr "\n" " ")"
		done
		echo "$me:$seen"' >"$T_DIR/seen-$1"
}
expected() { # expected NODE: what visit() has to say there
	local i n line="n$1:"
	for ((n = 1; n < count; n++)); do
		i=$((($1 + n - 1) % count + 1))
		line+=" n$i libshifter demo image "
	done
	echo "$line"
}
tear_down() { on_node "$1" shifterctl teardown job; }
is_clean() { diff <(state_of_node "$1") "$T_DIR/before-$1" | grep -v '\.teardowns$' | grep -q '^[<>]' && return 1; return 0; }
all_clean() { local i; for ((i = 1; i <= count; i++)); do is_clean "$i" || return 1; done; }

ok "set up at once, each with an sshd" each_node set_up
is "$(for ((i = 1; i <= count; i++)); do there $i sort -u /var/hostsfile | wc -l; done | sort -u)" $count \
	"each knows all of them"
ok "the barrier: all answer" there 1 wait --timeout 30
ok "ssh from each to each" each_node visit
for ((i = 1; i <= count; i++)); do
	is "$(cat "$T_DIR/seen-$i")" "$(expected $i)" "n$i: $((count - 1)) logins, each in the right container"
done
ok "torn down at once" each_node tear_down
ok "nothing is left on any" wait_until 10 all_clean
is "$(pgrep -l 'shifter|sshd')" "" "no process"
ok "the nodes end" nodes_down
unchanged "nothing is left"
done_testing
