#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# slurm_lists.sh - Slurm's host lists, thousands of them, as scontrol expands them
#
# SEED, of the lists, may be set; a failure names it.
set -u
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1
expand=${SHIFTER_BUILD:-$HERE/../../build/check}/tests/programs/expand
if ! command -v scontrol >/dev/null; then
	skip "Slurm's host lists" "scontrol is not installed"
	done_testing
fi
if [ ! -x "$expand" ]; then
	skip "Slurm's host lists" "'$expand' was not built"
	done_testing
fi
printf '%s\n' ClusterName=x SlurmctldHost=localhost NodeName=n1 'PartitionName=p Nodes=ALL' \
	>"$T_DIR/slurm.conf"
export SLURM_CONF=$T_DIR/slurm.conf

compare() { # compare SEED N
	exits 0 "scontrol expands $2 lists of seed $1" perl "$HERE/slurm_lists.pl" "$1" "$2" \
		"$T_DIR/asked" "$T_DIR/wanted" || return
	ok "the most of them are to be had" test "$(wc -l <"$T_DIR/asked")" -gt $(($2 * 2 / 3))
	"$expand" <"$T_DIR/asked" >"$T_DIR/got" 2>"$T_DIR/said"
	is "$? $(cat "$T_DIR/said")" "0 " "the library takes them all"
	if cmp -s "$T_DIR/got" "$T_DIR/wanted"; then
		pass "hosts, their order and slots are the same ($(wc -l <"$T_DIR/got") lines)"
	else
		fail "hosts, their order and slots are the same" \
			"seed $1: $(diff "$T_DIR/wanted" "$T_DIR/got" | head -n 20)"
	fi
}
compare "${SEED:-1}" 1000
compare "${SEED:-$((RANDOM * 32768 + RANDOM))}" 3000
done_testing
