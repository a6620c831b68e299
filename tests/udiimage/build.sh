#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# build-openssh and debian-source: what they refuse, what they leave behind, and how package
# sources are rewritten.  Made-up sources stand for OpenSSH's; the build itself is tested by its
# result (selftest.sh).
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/udi-build.XXXXXX") || exit 1
on_exit rm -rf "$tmp"
build=$src/udiImage/build-openssh
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR" "$tmp/out" || exit 1

# says STATUS REGEX DESCRIPTION ARGUMENT...
says() {
	local status=$1 regex=$2 description=$3
	shift 3
	exits "$status" "$description: exit status $status" "$build" "$@"
	like "$T_OUT" "$regex" "$description: says so"
}

nothing_left() {
	find "$TMPDIR" "$tmp/out" -mindepth 1 | grep . && return 1
	return 0
}

# make_source DIR CONFIGURE - what looks like OpenSSH
make_source() {
	mkdir "$1" && touch "$1/sshd.c" "$1/configure.ac" &&
		echo '	{ "gssapiauthentication", oUnsupported },' >"$1/readconf.c" &&
		printf '#!/bin/bash\n%s\n' "$2" >"$1/configure" && chmod +x "$1/configure"
}

# ---- arguments

says 2 "option '--source' is missing" "no source"
says 2 "option '--dest' is missing" "no destination" --source debian
says 2 "unknown argument '--frob'" "an unknown option" --frob
says 2 "option '--dest' needs a value" "an option without value" --source debian --dest
says 2 "cannot use '0' as the number of jobs" "no jobs" --source debian --dest "$tmp/out/d" --jobs 0
says 2 "cannot use 'opt' as the prefix" "a relative prefix" --source debian --dest "$tmp/out/d" --prefix opt
says 1 "cannot read '$tmp/nothing'" "no such source" --source "$tmp/nothing" --dest "$tmp/out/d"
mkdir "$tmp/empty"
says 1 "cannot build '$tmp/empty': it is not OpenSSH's source" "another folder" --source "$tmp/empty" --dest "$tmp/out/d"
echo hello >"$tmp/text"
says 1 "cannot finish 'unpacking '$tmp/text''" "no tarball" --source "$tmp/text" --dest "$tmp/out/d"
make_source "$tmp/source" 'echo "checking for gcc... no"; exit 77'
says 1 "cannot replace '$src/udiImage': it holds something" "a destination that is somebody else's" \
	--source "$tmp/source" --dest "$src/udiImage"
says 1 "cannot replace '$tmp/text': it is not a folder" "a file as the destination" --source "$tmp/source" --dest "$tmp/text"
ok "nothing is left" nothing_left

# ---- failures on the way

says 1 "checking for gcc... no" "the log's end is shown" --source "$tmp/source" --dest "$tmp/out/d"
like "$T_OUT" "cannot finish 'configuring'" "with the step that failed"
ok "nothing is left of a failed build" nothing_left
says 1 "and '$tmp/work/build-openssh.log' for all of it" "the log stays in the work folder" \
	--source "$tmp/source" --dest "$tmp/out/d" --work "$tmp/work"
ok "the log is there" grep -q 'checking for gcc' "$tmp/work/build-openssh.log"
is "$(ls "$tmp/work")" build-openssh.log "and nothing else"
: >"$tmp/source/readconf.c"
says 1 "this OpenSSH differs from those this recipe knows" "the listed edit must apply" \
	--source "$tmp/source" --dest "$tmp/out/d"
CC=/nowhere/cc says 1 "cannot find '/nowhere/cc'" "no compiler" --source "$tmp/source" --dest "$tmp/out/d"
CC=false says 1 "cannot link a static program with 'false'" "a compiler that fails" --source "$tmp/source" --dest "$tmp/out/d"

# shellcheck disable=SC2016 # the configure script's pid
make_source "$tmp/slow" 'echo $$ >"'"$tmp"'/pid.new"; mv "'"$tmp"'/pid.new" "'"$tmp"'/pid"; exec tail -f /dev/null'
mkdir -p "$tmp/out/before/bin"
echo old >"$tmp/out/before/.build-openssh"
for signal in TERM INT; do
	rm -f "$tmp/pid"
	# A shell without job control starts background commands with SIGINT ignored.
	set -m
	"$build" --source "$tmp/slow" --dest "$tmp/out/before" --cache "$tmp/cache" >/dev/null 2>&1 &
	pid=$!
	set +m
	ok "a build runs ($signal)" wait_until 60 test -e "$tmp/pid"
	kill -"$signal" "$pid"
	{ wait "$pid"; } 2>/dev/null
	like "$?" '^1(30|43)$' "it ends by SIG$signal"
	gone() {
		! kill -0 "$(cat "$tmp/pid")" 2>/dev/null
	}
	ok "what it ran ends with it" wait_until 10 gone
	is "$(cat "$tmp/out/before/.build-openssh") $(find "$tmp/out" "$TMPDIR" -mindepth 1 | wc -l)" "old 3" \
		"what was built before is untouched, and nothing is left"
	is "$(ls "$tmp/cache")" udiImage.lock "nor in the cache"
done

# ---- package sources

mkdir -p "$tmp/apt/sources.list.d"
cat >"$tmp/apt/sources.list" <<'END'
# deb http://commented.example/debian bookworm main
deb http://one.example/debian bookworm main contrib # a remark
deb-src http://one.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://two.example/debian-security bookworm-security main
deb http://one.example/debian bookworm-backports main
END
cat >"$tmp/apt/sources.list.d/a.sources" <<'END'
# Types: deb
Types: deb
URIs: https://three.example/debian
Suites: bookworm bookworm-updates
 bookworm-backports
Components: main
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: https://disabled.example/
Suites: bookworm
Components: main

Types: deb
URIs: https://backports.example/
Suites: bookworm-backports
Components: main
END
echo 'deb http://not-a-list.example/ bookworm main' >"$tmp/apt/sources.list.d/b.list.disabled"
cat >"$tmp/wanted" <<'END'
Types: deb-src
URIs: http://one.example/debian
Suites: bookworm
Components: main contrib

Types: deb-src
URIs: https://two.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/a.gpg

Types: deb-src
Suites: bookworm bookworm-updates
URIs: https://three.example/debian
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
 -----END PGP PUBLIC KEY BLOCK-----
END
exits 0 "package sources of both forms are read" \
	"$src/udiImage/debian-source" --apt-dir "$tmp/apt" --list-only "$tmp/list"
is "$(cat -s "$tmp/list")" "$(cat "$tmp/wanted")" "and rewritten"
rm -r "$tmp/apt/sources.list" "$tmp/apt/sources.list.d"
exits 1 "no package source at all" "$src/udiImage/debian-source" --apt-dir "$tmp/apt" --list-only "$tmp/list"
like "$T_OUT" "cannot find any enabled package source in '$tmp/apt'" "is said"

# An archive that is not there: the error must come, and without its name.
mkdir "$tmp/get"
echo "deb http://secret-mirror.invalid/debian bookworm main" >"$tmp/apt/sources.list"
exits 1 "an archive out of reach" "$src/udiImage/debian-source" --apt-dir "$tmp/apt" openssh "$tmp/get"
like "$T_OUT" "cannot fetch the indexes" "is said"
unlike "$T_OUT" "secret-mirror" "without its name"
is "$(ls "$tmp/get")" "" "and nothing is left"

done_testing
