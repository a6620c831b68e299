#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# sample.sh - system calls that fail and processes that die in the midst of them: one error
# and one SIGKILL per step of the plan and per stage around it (all.sh: everything)
# shellcheck disable=SC2317                 # called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/faults/faults.bash
. "$tests/faults/faults.bash" || exit 1

faults sample setup cold sshd hostsfile teardown
done_testing
