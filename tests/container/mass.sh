#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# mass.sh - 100 containers at once, 1000 one after the other, from one process
# shellcheck disable=SC2009,SC2317,SC2329        # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

if ! command -v gcc >/dev/null || ! command -v pkg-config >/dev/null; then
	skip 'many containers from one process' 'there is no compiler'
	done_testing
fi
# shellcheck disable=SC2046
ok "a program with the installed library" gcc -O1 -Wall -pthread -o "$T_DIR/mass" \
	"$tests/container/mass.c" $(pkg-config --cflags --libs libshifter)
up warm && down warm     # the stage of udiImage stays
whole() { # what a container is made of, and what it might leave
	wc -l </proc/self/mountinfo
	find /run/shifter | sort
	ps -eo stat=,comm= | grep -c '^Z'
}
had=$(whole)
t=$EPOCHREALTIME
ok "100 at once in as many threads, then 1000 in sequence" "$T_DIR/mass" "local:$BUSYBOX" 1000 100
printf '# %s: %s\n' "$(elapsed "$t")" "$T_OUT"
like "$T_OUT" '^-?[0-9]{1,2} KB, 0 descriptors, no children$' "neither memory nor descriptors grow, no child is left"
unchanged "nothing is left"
back() { [ "$(whole)" = "$had" ]; }
ok "mounts and state are as before, no zombie is left" wait_until 5 back

pids=() bad=0
for ((i = 0; i < 100; i++)); do up "p$i" & pids+=($!); done
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "100 set-ups in parallel, a process each"
is "$(shifterctl list | grep -c ' ready ')" 100 "all are ready"
ok "the last can be entered" inside p99 true
pids=() bad=0
for ((i = 0; i < 100; i++)); do down "p$i" & pids+=($!); done
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is $bad 0 "100 teardowns in parallel"
unchanged "nothing is left of them"
ok "really nothing" wait_until 5 back
done_testing
