# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# nodes.sh - hosts that share a machine, each with a network of its own; to be sourced, by
# root in a sandbox.
#
# A node has network, UTS and mount namespaces of its own: an address, a name, and a /run
# where its containers are on record.  All hang on one bridge.  They share everything else, also
# the copy of udiImage that the sandbox has in its /run/shifter by then: a node makes it
# once in its life, not for a job.
#
#   nodes_up N              start n1 ... nN; 1 if one does not come up, with a word
#   on_node I CMD...        run CMD there
#   each_node FUNCTION      run FUNCTION I for all of them at once; true if all succeed
#   node_list SLOTS         "n1=ADDRESS/SLOTS ..." of all
#   node_bytes              what they have sent to each other so far
#   nodes_down              end them: what still runs there is the caller's to end

NODES=/nodes                            # a file per node, with the pid that holds it

node_address() { echo "10.97.$(($1 / 200)).$(($1 % 200 + 1))"; }
node_ether() { printf '02:00:00:00:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }
node_count() { find $NODES -maxdepth 1 -name '[0-9]*' | wc -l; }
has_nodes() { [ "$(node_count)" = "$1" ]; }

# What becomes a node; descriptor 9 is the sandbox's network.
node_init() { # node_init I
	# shellcheck disable=SC2016
	exec setsid unshare -n -u -m --propagation private sh -c '
		hostname "n$1" && mount -t tmpfs -o mode=755 run /run &&
		mkdir -m 700 /run/shifter /run/shifter/.udiImage &&
		mount --bind "$3/udiImage" /run/shifter/.udiImage &&
		ip -batch - <<-END || exit 1
			link set lo up
			link add eth0 address $4 type veth peer name v$1 netns /proc/self/fd/9
			addr add $2/16 dev eth0
			link set eth0 up
		END
		exec 9<&-
		echo $$ >"$3/new-$1" && mv "$3/new-$1" "$3/$1" && exec sleep infinity' \
		_ "$1" "$(node_address "$1")" $NODES "$(node_ether "$1")"
}

# Each knows the others for good: a machine's neighbours have 1024 places that are not for good,
# for all of its networks together (arp(7), gc_thresh3), fewer than N nodes have pairs.
introduce_nodes() { # introduce_nodes N
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "neigh replace $(node_address "$i") lladdr $(node_ether "$i") dev eth0 nud permanent"
	done >$NODES/neighbours
	for ((i = 1; i <= $1; i++)); do on_node "$i" ip -batch $NODES/neighbours || return; done
}

nodes_up() {
	local i
	mkdir -p /run/shifter/.udiImage $NODES/udiImage && chmod 700 /run/shifter{,/.udiImage} &&
		mount --bind /run/shifter/.udiImage $NODES/udiImage &&
		ip link add br0 type bridge && ip link set br0 up || return 1
	for ((i = 1; i <= $1; i++)); do
		node_init "$i" 9</proc/self/ns/net </dev/null >$NODES/log-"$i" 2>&1 &
	done
	if ! wait_until 60 has_nodes "$1"; then
		echo "not all of $1 nodes came up: $(cat $NODES/log-*)"
		return 1
	fi
	for ((i = 1; i <= $1; i++)); do echo "link set v$i master br0 up"; done | ip -batch - &&
		introduce_nodes "$1"
}

on_node() {
	local pid
	read -r pid <"$NODES/$1" || return 1
	shift
	nsenter --target "$pid" --net --uts --mount --wd=/ -- "$@"
}

each_node() {
	local i pid pids=() bad=0 count
	count=$(node_count)
	for ((i = 1; i <= count; i++)); do
		"$1" "$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || bad=$((bad + 1)); done
	[ $bad = 0 ] && [ "$count" -gt 0 ] && return
	echo "$1 failed on $bad of $count nodes" >&2
	return 1
}

node_list() {
	local i count
	count=$(node_count)
	for ((i = 1; i <= count; i++)); do printf 'n%d=%s/%d ' "$i" "$(node_address "$i")" "$1"; done
}

node_bytes() {
	cat /sys/class/net/v[0-9]*/statistics/rx_bytes | awk '{ sum += $1 } END { print sum }'
}

nodes_down() {
	local file pid
	for file in "$NODES"/[0-9]*; do
		read -r pid <"$file" && kill "$pid"
		wait_until 10 test ! -d "/proc/$pid/ns" || return 1
		rm "$file"
	done
	ip link del br0 && umount $NODES/udiImage && rm -f $NODES/log-* $NODES/neighbours && rmdir $NODES/udiImage $NODES
}
