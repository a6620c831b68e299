#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# daemon.sh - a daemon with odd habits uses the library 1000 times, and is then as it was
# shellcheck disable=SC1010,SC2009,SC2046,SC2317,SC2329        # a word; flags of the compiler; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

ok "a program with the installed library" "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -pthread \
	-o "$T_DIR/daemon" "$tests"/api/daemon*.c $(pkg-config --cflags --libs libshifter)
key=$(as alice shifterctl key)
up warm && down warm     # the stage of udiImage stays
whole() { # what a container is made of, and what it might leave
	wc -l </proc/self/mountinfo
	find /run/shifter | sort
	ps -eo stat=,comm= | grep -c '^Z'
}
back() { [ "$(whole)" = "$had" ]; }

# live HABIT ROUNDS
live() {
	local habit=$1 rounds=$2 rc=0 t=$EPOCHREALTIME had
	had=$(whole)
	rm -f "$T_DIR/report"
	timeout 250 "$T_DIR/daemon" "$habit" "local:$BUSYBOX" "$key" "$rounds" "$T_DIR/report" || rc=$?
	is $rc 0 "$habit: the daemon lives, $rounds rounds"
	is "$(tail -n 1 "$T_DIR/report")" done "$habit: to its end"
	is "$(grep -vE '^(done$|memory: )' "$T_DIR/report" | head -n 20)" '' "$habit: nothing of it has changed"
	# what threads keep at hand for later varies by some KB
	is "$(awk '/^memory: / && $2 < 256 && $7 < 65536' "$T_DIR/report" | wc -l)" 1 "$habit: its memory does not grow"
	printf '# %s: %s\n' "$(elapsed "$t")" "$(grep '^memory' "$T_DIR/report")"
	unchanged "$habit: nothing is left"
	ok "$habit: mounts and state are as before, no zombie is left" wait_until 5 back
}
live wait 700
live ignore 300
done_testing
