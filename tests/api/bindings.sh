#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# bindings.sh - every call of the header from other languages: Python by ctypes, which takes
# its types from abi.def, and LuaJIT, which reads the header itself
# shellcheck disable=SC1010        # a word
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/api/api.bash
. "$tests/api/api.bash" || exit 1

{ mkdir /data && unsquashfs -q -n -d /data/dir $BUSYBOX >/dev/null && mkdir /data/dir/volume &&
	echo volume >/data/file && echo f1 >/data/hosts && echo '10.9.9.9 f1' >/data/addresses; } || exit 1
library=$T_DIR/libshifter.so.0
ok "the shared library" make_shared_library "$library"
bare_header >"$T_DIR/bare.h" || fail "the header for an FFI"
list_header | sed -n 's/^CALL //p' | LC_ALL=C sort >"$T_DIR/declared"

# drive LANGUAGE CMD...: its cases are ours
drive() {
	local language=$1 line kind desc why last=''; shift
	: >"$T_DIR/calls" && chmod 666 "$T_DIR/calls" && chmod 711 "$T_DIR" || exit 1
	while IFS= read -r line; do
		IFS=$'\t' read -r kind desc why <<<"$line"
		last=$line
		case $kind in
		pass) pass "$language: $desc" ;;
		fail) fail "$language: $desc" "$why" ;;
		done) ;;
		*) fail "$language" "$line" ;;
		esac
	done < <(timeout 60 "$@" 2>&1 </dev/null)
	is "$last" done "$language: to the end"
	is "$(LC_ALL=C sort -u "$T_DIR/calls" | diff "$T_DIR/declared" - | sed -n 's/^</never called:/p; s/^>/unknown:/p')" '' \
		"$language: every call of the header is made"
	unchanged "$language: nothing is left"
}

# not one of those that users install for themselves
if [ -x /usr/bin/python3 ]; then
	drive python /usr/bin/python3 -B "$tests/api/bindings.py" "$library" "$tests/api/abi.def" "$T_DIR/calls"
else
	skip 'python' 'python3 is not installed'
fi
if command -v luajit >/dev/null; then
	drive lua luajit "$tests/api/bindings.lua" "$library" "$T_DIR/bare.h" "$T_DIR/calls"
else
	skip 'lua' 'luajit is not installed'
fi
done_testing
