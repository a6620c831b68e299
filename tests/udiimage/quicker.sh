#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What udiImage puts in the place of OpenSSH's own code, for speed: signatures and key agreement by
# the RFCs' examples, and memory.
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/udi-quicker.XXXXXX") || exit 1
on_exit rm -rf "$tmp"
wrap=-Wl,--wrap=explicit_bzero,--wrap=__explicit_bzero_chk,--wrap=recallocarray
wrap+=,--wrap=crypto_sign_ed25519,--wrap=crypto_sign_ed25519_open
wrap+=,--wrap=crypto_sign_ed25519_keypair,--wrap=crypto_scalarmult_curve25519
flags=(-std=gnu11 -O2 -D_FORTIFY_SOURCE=2 -Wall -Wextra -Werror)
build() {
	${CC:-cc} "${flags[@]}" -c -DSTAND_IN -o "$tmp/stand_in.o" "$src/tests/udiimage/quicker.c" &&
		${CC:-cc} "${flags[@]}" "$@" "$wrap" -o "$tmp/quicker" "$src/tests/udiimage/quicker.c" \
			"$src"/udiImage/udi_{memory,curve25519}.c "$tmp/stand_in.o" -lcrypto
}
ok "it builds" build
"$tmp/quicker" >"$tmp/said"
is "$?" 0 "and runs to its end"
while read -r word text; do
	is "$word" good "$text"
done <"$tmp/said"
done_testing
