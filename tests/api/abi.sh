#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# abi.sh - what compiled programs rely on: symbols, types, values and layouts of abi.def
# shellcheck disable=SC2317,SC2329        # called by name
set -u

src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1
# shellcheck source=tests/api/api.bash
. "$src/tests/api/api.bash" || exit 1

if [ -z "${SHIFTER_STAGE:-}" ]; then
	skip 'the installed library' 'SHIFTER_STAGE is not set'
	done_testing
fi
if [ "$(uname -m)" != x86_64 ]; then
	skip 'the layouts' "they are those of x86_64, this is $(uname -m)"
	done_testing
fi
INCLUDE=$PREFIX/include
LIBRARY=$PREFIX/lib/libshifter.a

# --- types, values and layouts ---
holds() { # holds COMPILER INCLUDE-DIR
	"$1" -std=c11 -Wall -Wextra -Werror -I "$2" -fsyntax-only "$api/abi.c"
}
# Padding is no field: nobody zeroes it, so a field that came to lie there would have any value.
no_padding() { # no_padding COMPILER INCLUDE-DIR
	printf '#include <shifter/shifter.h>\n' | "$1" -x c -Wpadded -Werror -I "$2" -fsyntax-only -
}
pinned() { # as list_header
	sed -nE 's/^(CALL|VALUE)\((\w+),.*/\1 \2/p; s/^(FIELD)\((\w+), (\w+),.*/\1 \2 \3/p' "$api/abi.def" |
		LC_ALL=C sort
}
for compiler in gcc clang; do
	ok "types, values and layouts are those of abi.def, $compiler" holds $compiler "$INCLUDE"
	ok "structures have no padding, $compiler" no_padding $compiler "$INCLUDE"
done
# what is new goes into abi.def, what is gone cannot
is "$(diff <(pinned) <(list_header | grep -v ' SHIFTER_VERSION_') | sed -n 's/^</gone: /p; s/^>/to be added: /p')" '' \
	"abi.def has all that the header has"

# What it must find, and what it must let pass.
changed() { # changed PERL: the header with a change, in $T_DIR/changed
	rm -rf "$T_DIR/changed" && cp -a "$INCLUDE" "$T_DIR/changed" &&
		perl -0777 -pi -e "$1 or die 'the header has changed'" "$T_DIR/changed/shifter/shifter.h"
}
breaks() { # breaks DESC PERL
	changed "$2" || { fail "$1: the change can be made"; return; }
	not_ok "it is found: $1" holds gcc "$T_DIR/changed"
}
passes() { # passes DESC PERL
	changed "$2" || { fail "$1: the change can be made"; return; }
	ok "it passes: $1" holds gcc "$T_DIR/changed"
}
SPEC='struct shifter_container_spec \{.*?'
breaks 'a field that is inserted' "s/($SPEC)(const char \*user;)/\$1const char *new; \$2/s"
breaks 'one that is gone' "s/($SPEC)uint32_t gid;/\$1/s"
breaks 'two that are swapped' "s/($SPEC)uint32_t uid;(.*?)uint32_t gid;/\$1uint32_t gid;\$2uint32_t uid;/s"
breaks 'a field with another sign' "s/($SPEC)int32_t hook_pid/\$1uint32_t hook_pid/s"
breaks 'a field of another size' "s/(uint64_t) created/uint32_t created/"
breaks 'a callback with another argument' 's/\(int32_t pid, void \*data\)/(int64_t pid, void *data)/'
breaks 'a value' 's/SHIFTER_FAULT_JOB = 1/SHIFTER_FAULT_JOB = 2/'
breaks 'a value that is gone' 's/SHIFTER_SETUP_WRITABLE = 2,//'
breaks 'a call that is gone' 's/uint32_t shifter_get_uid\([^;]*;//'
breaks 'a call with one more argument' 's/(shifter_teardown\(struct shifter_ctx \*ctx, const char \*id)/$1, int how/'
breaks 'a call with another result' 's/uint32_t shifter_get_uid/uint64_t shifter_get_uid/'
passes 'a field at the end' "s/($SPEC)(const char \*job_file;)/\$1\$2 uint64_t new;/s"
passes 'another value' 's/SHIFTER_FAULT_CALLER = 4/SHIFTER_FAULT_CALLER = 4, SHIFTER_FAULT_NEW = 5/'
passes 'another call' 's/(int shifter_get_fault)/int shifter_new_call(int);\n$1/'
changed "s/($SPEC)(const char \*job_file;)/\$1\$2 uint32_t new;/s" || fail 'the header can be changed'
not_ok "padding is found" no_padding gcc "$T_DIR/changed"

# --- symbols ---
pinned_calls() { pinned | sed -n 's/^CALL //p'; }
# "BINDING VISIBILITY NAME" of each global symbol that the archive defines
symbols() {
	readelf -sW "$LIBRARY" | awk '$5 ~ /^(GLOBAL|WEAK|UNIQUE)$/ && $7 != "UND" { print $5, $6, $8 }' |
		LC_ALL=C sort -u
}
symbols >"$T_DIR/symbols"
ok "the static library has symbols" test -s "$T_DIR/symbols"
is "$(sed -n 's/^GLOBAL DEFAULT //p' "$T_DIR/symbols" | diff - <(pinned_calls))" '' \
	"libshifter.a: the calls of abi.def are visible, and nothing else"
is "$(grep -v '^GLOBAL DEFAULT ' "$T_DIR/symbols" | grep -v '^GLOBAL HIDDEN shf_')" '' \
	"libshifter.a: all else is hidden and called shf_..."
make_shared_library "$T_DIR/libshifter.so.0" || fail 'the shared library is linked'
exported() { # of a shared library: "NAME@@VERSION"
	nm -D --defined-only --with-symbol-versions "$1" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort
}
node=$(sed -n 's/^\(LIBSHIFTER_[0-9.]*\) .*/\1/p' "$src/lib/libshifter.sym" | tail -n 1)
is "$(exported "$T_DIR/libshifter.so.0" | diff - <(pinned_calls | sed "s/\$/@@$node/"))" '' \
	"libshifter.so: the calls, in version node $node, and nothing else"
is "$(readelf -d "$T_DIR/libshifter.so.0" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so|ld-linux)')" '' \
	"libshifter.so needs libc only"

# The header promises: it never exits, aborts, prints, reads the environment or asks for names.
wants() { readelf -sW "$LIBRARY" | awk '$7 == "UND" && NF >= 8 { sub("@.*", "", $8); print $8 }' | LC_ALL=C sort -u; }
manners='_?exit|quick_exit|abort|atexit|__assert_fail|(__)?(v|f|vf)?printf(_chk)?|puts|fputs|putchar|fputc|perror|psignal'
manners+='|v?syslog|openlog|(secure_|__secure_)?getenv|environ|__environ|setenv|putenv|unsetenv|clearenv'
manners+='|get(pw|gr|sp)(nam|uid|gid|ent)(_r)?|getaddrinfo|gethostby.*|getlogin.*|initgroups|getgrouplist'
manners+='|stdout|stderr|dlopen|setlocale|system|popen|wordexp|alarm|localtime|strtok'
is "$(wants | grep -xE "$manners" | grep -vxE '_exit' | tr '\n' ' ')" '' \
	"libshifter.a calls nothing of what it promises not to"
done_testing
