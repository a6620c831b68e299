#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Build and run the parsers against damaged input.
set -u

build=${SHIFTER_BUILD:?the build tree; ./check sets it}
if ! log=$(make -C "$build" tests/fuzz/fuzz 2>&1); then
	printf 'not ok - tests/fuzz/fuzz builds\n'
	printf '%s\n' "$log" | tail -n 20 | sed 's/^/# /'
	printf '0 passed, 1 failed, 0 skipped\n'
	exit 1
fi
exec "$build/tests/fuzz/fuzz" "$@"
