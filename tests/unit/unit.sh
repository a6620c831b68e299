#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Build and run the unit tests.
set -u

build=${SHIFTER_BUILD:?the build tree; ./check sets it}
if ! log=$(make -C "$build" tests/unit/unit 2>&1); then
	printf 'not ok - tests/unit/unit builds\n'
	printf '%s\n' "$log" | tail -n 20 | sed 's/^/# /'
	printf '0 passed, 1 failed, 0 skipped\n'
	exit 1
fi
exec "$build/tests/unit/unit" "$@"
