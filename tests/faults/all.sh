#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# all.sh - let every system call of set-up, sshd and teardown fail: `make faults`
#
#	all.sh [WORK]...	setup, cold, sshd, hostsfile, teardown
#
# FAULTS_ONLY=REGEX takes only those whose "PROCESS CALL" is like it, FAULTS_SKIP=N leaves
# out the first N: to go on with a run that was ended.
# shellcheck disable=SC2317                 # called by name
set -u
export FAULTS_PROGRESS=1
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/faults/faults.bash
. "$tests/faults/faults.bash" || exit 1

[ $# -gt 0 ] || set -- setup sshd hostsfile teardown
faults all "$@"
done_testing
