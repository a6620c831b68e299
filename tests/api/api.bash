# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# api.bash - the header and the library as an integrator gets them; to be sourced after lib.sh.
#
#   $PREFIX            where they are installed: $SHIFTER_STAGE/usr, in a sandbox /usr
#   ask_pkg_config OPTION...
#   bare_header        what is left of the installed header for an FFI, on standard output
#   list_header        "CALL NAME", "VALUE NAME", "FIELD STRUCT NAME": all that is in it
#   make_shared_library FILE

api=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
PREFIX=${SHIFTER_IN_SANDBOX:+/usr}
PREFIX=${PREFIX:-${SHIFTER_STAGE:-}/usr}

ask_pkg_config() {
	env PKG_CONFIG_SYSROOT_DIR="${PREFIX%/usr}" PKG_CONFIG_LIBDIR="$PREFIX/lib/pkgconfig" \
		pkg-config "$@" libshifter
}

# size_t and the like are known to every FFI: the two standard headers are empty here.
bare_header() {
	local empty=$T_DIR/empty
	mkdir -p "$empty" && : >"$empty/stddef.h" && : >"$empty/stdint.h" &&
		printf '#include <shifter/shifter.h>\n' |
		"${CC:-cc}" -E -P -x c -nostdinc -DSHIFTER_BARE -I "$empty" -I "$PREFIX/include" -
}

list_header() {
	bare_header | perl -0777 -ne '
		while (/\benum\s*\{(.*?)\}/sg) {
			print "VALUE $_\n" for $1 =~ /\b([A-Z]\w+)\b/g;
		}
		while (/\bstruct\s+(\w+)\s*\{(.*?)\}/sg) {
			my ($struct, $body) = ($1, $2);
			print "FIELD $struct $_\n" for $body =~ /(\w+)\s*;/g;
		}
		print "CALL $_\n" for /\b(shifter_\w+)\s*\(/g;' | LC_ALL=C sort
}

# As configure --enable-shared would have it: libtool compiles each object once, and the
# archive has them all.
make_shared_library() { # make_shared_library FILE
	"${CC:-cc}" -shared -o "$1" -Wl,-soname,libshifter.so.0 -Wl,-z,defs \
		-Wl,--version-script="$api/../../lib/libshifter.sym" \
		-Wl,--whole-archive "$PREFIX/lib/libshifter.a" -Wl,--no-whole-archive
}
