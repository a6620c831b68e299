#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# header.sh - the installed header by itself, in each language that it is for, and a program
# with every call of it
set -u

src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1
# shellcheck source=tests/api/api.bash
. "$src/tests/api/api.bash" || exit 1

if [ -z "${SHIFTER_STAGE:-}" ]; then
	skip 'the installed header' 'SHIFTER_STAGE is not set'
	done_testing
fi
cflags=$(ask_pkg_config --cflags) && libs=$(ask_pkg_config --libs) || exit 1
read -ra cflags <<<"$cflags"
read -ra libs <<<"$libs"
strict=(-Wall -Wextra -pedantic -Werror -Wundef -Wshadow -Wconversion -Wredundant-decls)

# --- by itself ---
alone() { # alone COMPILER LANGUAGE STANDARD [OPTION...]
	printf '#include <shifter/shifter.h>\n' |
		"$1" -x "$2" -std="$3" "${strict[@]}" "${cflags[@]}" "${@:4}" -fsyntax-only -
}
twice() { # twice COMPILER: among others, in any order, and once more
	printf '#include <shifter/version.h>\n#include <shifter/shifter.h>\n#include <unistd.h>
		#include <stdlib.h>\n#include <shifter/shifter.h>\n#include <shifter/version.h>\n' |
		"$1" -x c "${strict[@]}" "${cflags[@]}" -fsyntax-only -
}
# Who ignores what a call returns is told.
ignored() { # ignored COMPILER [OPTION...]
	printf '#include <shifter/shifter.h>\nvoid f(struct shifter_ctx *c) { shifter_teardown(c, "x"); }\n' |
		"$1" -x c -Wall -Werror "${cflags[@]}" "${@:2}" -c -o /dev/null -
}

for compiler in gcc clang; do
	for standard in c90 c99 c11 c17 c2x gnu89; do
		ok "$compiler, $standard" alone $compiler c $standard -Wstrict-prototypes -Wc++-compat
	done
	ok "$compiler, c90, for an FFI" alone $compiler c c90 -DSHIFTER_BARE
	ok "$compiler, among others and twice" twice $compiler
	not_ok "$compiler warns of a result that is ignored" ignored $compiler
	ok "but not with SHIFTER_BARE" ignored $compiler -DSHIFTER_BARE
done
for compiler in g++ clang++; do
	for standard in c++98 c++11 c++14 c++17 c++20; do
		ok "$compiler, $standard" alone $compiler c++ $standard
	done
done
unlike "$(bare_header)" '__|#|extern "' "SHIFTER_BARE leaves nothing but plain C"

# --- every call of it, linked ---
mapfile -t calls < <(list_header | sed -n 's/^CALL //p')
ok "the header has calls (${#calls[@]})" test ${#calls[@]} -gt 30
{
	printf '#include <shifter/shifter.h>\n#include <stdio.h>\ntypedef void (*call)(void);\nint main(void)\n{\n'
	# volatile: that a function has an address is no news to a compiler
	for call in "${calls[@]}"; do
		printf '\t{ volatile call p = (call)%s; if (p) puts("%s"); }\n' "$call" "$call"
	done
	printf '\treturn 0;\n}\n'
} >"$T_DIR/every.c"
needed() { readelf -d "$1" | grep -c 'NEEDED.*libshifter'; }
every() { # every DESC LIBSHIFTERS-NEEDED COMMAND...: builds $T_DIR/every
	local desc=$1 count=$2; shift 2
	rm -f "$T_DIR/every"
	ok "$desc" "$@" "${cflags[@]}" -o "$T_DIR/every" "$T_DIR/every.c" "${libs[@]}"
	is "$("$T_DIR/every" | LC_ALL=C sort | cmp - <(printf '%s\n' "${calls[@]}" | LC_ALL=C sort) 2>&1)" '' \
		"it has every call"
	is "$(needed "$T_DIR/every")" "$count" "libshifter is linked as it should be"
}
every "gcc, the static library" 0 gcc
every "clang, the static library" 0 clang
every "g++, the static library" 0 g++ -x c++
every "clang++, the static library" 0 clang++ -x c++
mkdir "$T_DIR/lib" && make_shared_library "$T_DIR/lib/libshifter.so.0" &&
	ln -s libshifter.so.0 "$T_DIR/lib/libshifter.so" || exit 1
export LD_LIBRARY_PATH=$T_DIR/lib
every "gcc, the shared library" 1 gcc -L"$T_DIR/lib"
every "g++, the shared library" 1 g++ -x c++ -L"$T_DIR/lib"
done_testing
