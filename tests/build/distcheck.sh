#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The tarball: what strangers build, with which compiler, and what they get.
set -u

src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1

tmp=$(mktemp -d) || exit 1
# make distcheck leaves a read-only tree if it is interrupted.
clean_up()
{
	cd / && chmod -R u+w "$tmp" && rm -rf "$tmp"
}
on_exit clean_up
jobs=$(nproc)
[ "$jobs" -lt 2 ] || jobs=2

# The environment of an outer make or of the tests must not reach the builds.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR VERBOSE CPPFLAGS LDFLAGS CFLAGS CC

# as scripts/build-stage does, which says why
[ ! -x /bin/dash ] || export CONFIG_SHELL=/bin/dash

# Run a command; show the end of its output if it fails.
quietly()
{
	if ! "$@" >"$tmp/log" 2>&1; then
		echo "failed: $*"
		tail -n 15 "$tmp/log"
		return 1
	fi
}

make_tarball()
{
	mkdir "$tmp/dist" && cd "$tmp/dist" || return 1
	# what the compiler can need not be found out twice
	quietly "$src/configure" CC=gcc --enable-werror --disable-udiimage --cache-file="$tmp/gcc.cache" &&
		quietly make -j "$jobs" distcheck \
			DISTCHECK_CONFIGURE_FLAGS="CC=gcc --enable-werror --cache-file=$tmp/gcc.cache" &&
		tar -xf libshifter-[0-9]*.tar.xz -C "$tmp" &&
		mv "$tmp"/libshifter-[0-9]* "$tmp/source"
}

# Every file that git has is in the tarball, but for what only a checkout needs.
is_complete()
{
	local file missing=0

	while IFS= read -r -d '' file; do
		case $file in
		.gitignore | .gitattributes | .github/*) continue ;;
		esac
		if [ -e "$src/$file" ] && [ ! -e "$tmp/source/$file" ]; then
			echo "not in the tarball: $file"
			missing=1
		fi
	done < <(git -c safe.directory='*' -C "$src" ls-files -z)
	return "$missing"
}

build_with()
{
	local cc=$1
	shift

	mkdir "$tmp/$cc" && cd "$tmp/$cc" || return 1
	quietly "$tmp/source/configure" CC="$cc" --enable-werror --disable-udiimage --prefix=/usr \
		--sysconfdir=/etc "$@" &&
		quietly make -j "$jobs"
}

run_unit_tests()
{
	cd "$tmp/$1" && quietly make -j "$jobs" check || return 1
	if ! grep -q '^# PASS: *[1-9]' "$tmp/log" || grep -q 'unit tests are left out' "$tmp/log"; then
		echo "make check ran no test"
		return 1
	fi
}

install_to()
{
	cd "$tmp/$1" && quietly make install DESTDIR="$tmp/$1.stage"
}

is_clean_after_uninstall()
{
	cd "$tmp/$1" && quietly make uninstall DESTDIR="$tmp/$1.stage" || return 1
	find "$tmp/$1.stage" ! -type d | sed 's/^/left behind: /' | grep . && return 1
	return 0
}

# The program of a stranger, against the installed static library.
compile_stranger()
{
	local cc=$1 stage=$2 cflags libs wanted got
	local config=("env" "PKG_CONFIG_SYSROOT_DIR=$stage" "PKG_CONFIG_LIBDIR=$stage/usr/lib/pkgconfig" pkg-config)

	cat >"$tmp/stranger.c" <<-'END'
	#include <stdio.h>
	#include <shifter/shifter.h>

	int main(void)
	{
		struct shifter_ctx *ctx = NULL;
		int r = shifter_new(&ctx);

		printf("%s %d %d\n", shifter_version(), r, SHIFTER_VERSION_MAJOR);
		shifter_free(ctx);
		return r != 0;
	}
	END
	wanted=$("${config[@]}" --modversion libshifter) || return 1
	cflags=$("${config[@]}" --cflags libshifter) || return 1
	libs=$("${config[@]}" --libs libshifter) || return 1
	rm -f "$tmp/stranger"
	# shellcheck disable=SC2086 # lists of options
	quietly "$cc" -std=c11 -Wall -Wextra -Werror $cflags -o "$tmp/stranger" "$tmp/stranger.c" \
		-Wl,-Bstatic $libs -Wl,-Bdynamic || return 1
	got=$("$tmp/stranger") || return 1
	[ "$got" = "$wanted 0 ${wanted%%.*}" ] && return 0
	echo "got '$got', wanted '$wanted 0 ${wanted%%.*}'"
	return 1
}

# The shared library exports what the header declares, no less and no more.
exports_only_the_header()
{
	local stage=$2

	nm -D --defined-only "$stage/usr/lib/libshifter.so" |
		awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | LC_ALL=C sort -u >"$tmp/exported"
	"$1" -E -I "$stage/usr/include" "$stage/usr/include/shifter/shifter.h" |
		grep -oE '\bshifter_[a-z0-9_]+ *\(' | tr -d ' (' | LC_ALL=C sort -u >"$tmp/declared"
	if ! [ -s "$tmp/declared" ] || ! cmp -s "$tmp/declared" "$tmp/exported"; then
		diff "$tmp/declared" "$tmp/exported" |
			sed -n 's/^</declared, not exported:/p; s/^>/exported, not declared:/p'
		return 1
	fi
}

# Plug-ins are loaded into daemons: nothing but libc comes with them, nothing but
# their hooks leaves them.
plugin_is_narrow()
{
	local plugin=$1/usr/lib/shifter/shifter_slurm.so

	if [ ! -f "$plugin" ]; then
		echo "'$plugin' was not installed"
		return 1
	fi
	readelf -d "$plugin" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so|ld-linux)' |
		sed 's/^/needs: /' | grep . && return 1
	nm -D --defined-only "$plugin" | awk '$2 != "A" { print $NF }' |
		grep -vE '^(spank_|slurm_spank_|plugin_)' | sed 's/^/exports: /' | grep . && return 1
	return 0
}

is_static_musl() # as opposed to glibc, which has the name of a variable in it
{
	! readelf -lW "$1" | grep -q INTERP && ! grep -qa GLIBC_TUNABLES "$1"
}

is_hardened()
{
	local program file=0 status=0

	while IFS= read -r program; do
		readelf -h "$program" >/dev/null 2>&1 || continue
		case $program in *.a | *.o) continue ;; esac
		file=$((file + 1))
		readelf -h "$program" | grep -q 'Type: *DYN' ||
			{ echo "not position independent: $program"; status=1; }
		# who would make it read-only: the loader, or glibc's start-up, but not musl's
		readelf -lW "$program" | grep -q GNU_RELRO || is_static_musl "$program" ||
			{ echo "no RELRO: $program"; status=1; }
		readelf -dW "$program" | grep -qE 'BIND_NOW|NOW' ||
			{ echo "binds lazily: $program"; status=1; }
		readelf -lW "$program" | grep -qE 'GNU_STACK.* RWE' &&
			{ echo "executable stack: $program"; status=1; }
	done < <(find "$1" -type f)
	[ "$file" -gt 0 ] && [ "$status" = 0 ]
}

only_enter_is_setuid()
{
	local got

	got=$(cd "$1" && find . -type f -perm /7000 -printf '%m %U %P\n')
	[ "$got" = "4755 0 usr/libexec/shifter/shifter-enter" ] && return 0
	echo "got '$got', wanted '4755 0 usr/libexec/shifter/shifter-enter'"
	return 1
}

refuses()
{
	local expected=$1
	shift

	mkdir -p "$tmp/refuse" && cd "$tmp/refuse" || return 1
	if "$src/configure" "$@" >"$tmp/log" 2>&1; then
		echo "configure $* succeeded"
		return 1
	fi
	grep -q "error: .*$expected" "$tmp/log" && return 0
	tail -n 3 "$tmp/log"
	return 1
}

ok "make distcheck" make_tarball || done_testing
if git -c safe.directory='*' -C "$src" rev-parse HEAD >/dev/null 2>&1; then
	ok "the tarball is complete" is_complete
fi

check_installed() # check_installed COMPILER STAGE
{
	local cc=$1 stage=$2

	ok "a program of 10 lines compiles with pkg-config, $cc" compile_stranger "$cc" "$stage"
	ok "programs are hardened, $cc" is_hardened "$stage"
	[ "$(id -u)" != 0 ] || ok "only shifter-enter is setuid, $cc" only_enter_is_setuid "$stage"
	if [ -e /usr/include/slurm/spank.h ]; then
		ok "the Slurm plug-in needs libc only and exports its hooks only, $cc" \
			plugin_is_narrow "$stage"
	fi
}

# distcheck was with gcc, as was the build that all other tests look at.
[ -z "${SHIFTER_STAGE:-}" ] || check_installed gcc "$SHIFTER_STAGE"

if command -v clang >/dev/null; then
	ok "build the tarball with clang, out of tree, no warnings" build_with clang --enable-shared
	ok "unit tests, clang" run_unit_tests clang
	ok "make install, clang" install_to clang
	check_installed clang "$tmp/clang.stage"
	ok "the shared library exports what the header declares" exports_only_the_header clang \
		"$tmp/clang.stage"
	ok "make uninstall leaves nothing but folders, clang" is_clean_after_uninstall clang
else
	skip "build with clang" "clang is not installed"
fi

ok "configure refuses a missing OpenSSH source" \
	refuses "cannot use OpenSSH source '/nonexistent': no such file" --with-openssh-source=/nonexistent
ok "configure refuses a folder that is no OpenSSH source" \
	refuses "cannot use OpenSSH source '/usr': it has no configure.ac" --with-openssh-source=/usr
ok "configure refuses a relative run directory" \
	refuses "cannot use --with-run-dir='run': not an absolute path" --with-run-dir=run
ok "configure refuses a Slurm that is not there" \
	refuses "cannot find 'slurm/spank.h' in '/nonexistent/include'" --with-slurm=/nonexistent
ok "configure refuses a compiler that does not work" \
	refuses "" CC=false

done_testing
