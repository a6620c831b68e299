#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cgroup.sh - the end of the hook's cgroups is not the end of the container
# shellcheck disable=SC2317,SC2329        # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

hierarchies=()
while read -r _ path type _; do
	case $type in cgroup|cgroup2) [ -w "$path/cgroup.procs" ] && hierarchies+=("$path") ;; esac
done </proc/mounts
if [ ${#hierarchies[@]} = 0 ]; then
	skip "containers and cgroups" "no cgroups can be written to"
	done_testing
fi
# what a service's cgroup is to its manager: all it holds is killed
members() { local h; for h in "${hierarchies[@]}"; do cat "$h/hook/cgroup.procs"; done | sort -un; }
for h in "${hierarchies[@]}"; do
	mkdir "$h/hook" || exit 1
	on_exit rmdir "$h/hook"
	[ ! -e "$h/hook/cpuset.cpus" ] || for f in cpuset.cpus cpuset.mems; do cat "$h/$f" >"$h/hook/$f"; done
done
(
	for h in "${hierarchies[@]}"; do echo "$BASHPID" >"$h/hook/cgroup.procs" || exit 1; done
	up c --sshd || exit 1
	sleep 71201
) & hook=$!
ok "a container from a hook in cgroups of its own (${#hierarchies[@]} hierarchies)" wait_until 10 is_state c ready
keeper=$(field c keeper_pid)
like "$(members)" "(^|[^0-9])$hook([^0-9]|\$)" "the hook is in them"
left() { local h; for h in "${hierarchies[@]}"; do ! grep -qx "$keeper" "$h/hook/cgroup.procs" || return 1; done; }
ok "the keeper has left all of them" wait_until 5 left
for h in "${hierarchies[@]}"; do [ ! -e "$h/hook/cgroup.kill" ] || echo 1 >"$h/hook/cgroup.kill"; done
for p in $(members); do kill -9 "$p" 2>/dev/null; done
wait $hook 2>/dev/null
emptied() { [ -z "$(members)" ]; }
ok "all that is in them is killed" wait_until 5 emptied
ok "the keeper lives" kill -0 "$keeper"
ok "the container can be entered" inside c true
# the job's cgroups: whoever starts sshd in them has all that comes by ssh in them
(
	for h in "${hierarchies[@]}"; do echo "$BASHPID" >"$h/hook/cgroup.procs" || exit 1; done
	serve c
) || fail "sshd from the job's cgroups"
inside c ssh node1 'setsid sleep 71202 </dev/null >/dev/null 2>&1 &'
ok "a session by ssh" wait_until 10 running 'sleep 71202'
jailed() { local h; for h in "${hierarchies[@]}"; do grep -qx "$1" "$h/hook/cgroup.procs" || return 1; done; }
ok "is in all of the job's cgroups" jailed "$(pgrep -fx 'sleep 71202')"
ok "its end" down c
unchanged "nothing is left"
done_testing
