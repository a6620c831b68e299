#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# White space, scripts, manual pages and words.
set -u

src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1
cd "$src" || exit 1

# Generated files, and what was never part of the project, are not looked at.
mapfile -t files < <(find . \( -path ./.git -o -path ./build -o -path ./build-aux -o \
	-path ./autom4te.cache -o -path './libshifter-[0-9]*' -o -name .deps -o -name .libs \) \
	-prune -o -type f -size -1024k \
	! -name configure ! -name 'configure~' ! -name Makefile ! -name Makefile.in \
	! -path './config.*' ! -name aclocal.m4 ! -name libtool ! -name 'libtool.m4' ! -name 'lt*.m4' \
	! -name '*.o' ! -name '*.lo' ! -name '*.a' ! -name '*.log' ! -name '*.trs' \
	! -path ./include/shifter/version.h -printf '%P\n' | LC_ALL=C sort)
c_files=()
scripts=()
pages=()
texts=()
for file in "${files[@]}"; do
	case $file in
	*.[ch]) c_files+=("$file") ;;
	*.[1-8]) pages+=("$file") ;;
	esac
	LC_ALL=C grep -qI . "$file" || continue
	texts+=("$file")
	IFS= read -r first <"$file"
	[[ $first =~ ^\#!.*(bash|/sh|env\ sh) ]] && scripts+=("$file")
done

is_formatted()
{
	clang-format --dry-run --Werror "$@" 2>&1 | grep '^[^ ].*error:'
	return "${PIPESTATUS[0]}"
}

# Print the lines that are longer than 100 columns, tabs counted as 8.
is_narrow()
{
	local file status=0 wide

	for file in "$@"; do
		wide=$(expand "$file" | awk -v f="$file" 'length($0) > 100 { print f ":" NR ": " length($0) " columns" }')
		[ -z "$wide" ] && continue
		printf '%s\n' "$wide"
		status=1
	done
	return "$status"
}

is_clean_shell()
{
	shellcheck -x --severity=style --exclude=SC1091,SC2016,SC2317 --format=gcc "$@"
}

# each_is DESC CHECK FILE...: a case per file, of checks that see many files at once, on all CPUs
each_is()
{
	local desc=$1 check=$2 found file
	shift 2

	export -f "${check?}"
	found=$(printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 12 bash -c "$check"' "$@"' _ 2>&1)
	for file in "$@"; do
		is "$(awk -F: -v f="$file" '$1 == f && n++ < 5' <<<"$found")" "" "$desc: $file"
	done
	is "$(awk -F: 'NR == FNR { known[$0]; next } !($1 in known)' <(printf '%s\n' "$@") - <<<"$found")" "" \
		"$desc: nothing else is said"
}

is_clean_page()
{
	mandoc -T lint -W warning "$@"
}

# Fail, and print the places, if a text file matches an extended expression.
never_says()
{
	local expression=$1
	shift

	grep -nE -- "$expression" "$@" /dev/null | cut -c 1-160
	[ "${PIPESTATUS[0]}" = 1 ]
}

has_license_line()
{
	local file status=0

	for file in "$@"; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' && continue
		echo "$file: no SPDX-License-Identifier line among the first three"
		status=1
	done
	return "$status"
}

has_no_blanks_at_ends()
{
	never_says '[[:blank:]]$' "$@"
}

# What the checks must be able to find.
bad=$(mktemp -d) || exit 1
on_exit rm -rf "$bad"
printf '#!/bin/bash\necho $1\n' >"$bad/script"
printf 'int main(void)\n{\n  return 0;   \n}\n' >"$bad/spaces.c"
{ head -c 120 /dev/zero | tr '\0' x; echo; } >"$bad/wide.c"
printf 'no page\n' >"$bad/page.1"

if command -v clang-format >/dev/null; then
	not_ok "clang-format finds wrong white space" is_formatted --style=file:.clang-format "$bad/spaces.c"
	each_is "white space" is_formatted "${c_files[@]}"
else
	skip "white space" "clang-format is not installed"
fi
not_ok "long lines are found" is_narrow "$bad/wide.c"
ok "no line of C is longer than 100 columns (${#c_files[@]} files)" is_narrow "${c_files[@]}"
not_ok "blanks at line ends are found" has_no_blanks_at_ends "$bad/spaces.c"
ok "no blanks at line ends (${#texts[@]} files)" has_no_blanks_at_ends "${texts[@]}"
ok "every C file and script has its license line" has_license_line "${c_files[@]}" "${scripts[@]}"

if command -v shellcheck >/dev/null; then
	not_ok "shellcheck finds a careless script" is_clean_shell "$bad/script"
	each_is "shellcheck" is_clean_shell "${scripts[@]}"
else
	skip "shellcheck" "shellcheck is not installed"
fi

if command -v mandoc >/dev/null; then
	not_ok "mandoc finds a page that is none" is_clean_page "$bad/page.1"
	for file in "${pages[@]}"; do
		ok "manual page: $file" is_clean_page "$file"
	done
else
	skip "manual pages" "mandoc is not installed"
fi

# In brackets, so that this file does not say them itself.
ok "no paths of a developer's machine" never_says '/[w]ork/(main|[s]hared)|/[h]ome/[a-z]+/(src|git)/' "${texts[@]}"
ok "no documents from outside the tree" never_says '(^|[^A-Za-z0-9_.-])[s]hared/[A-Za-z]+[./]' "${texts[@]}"
# .example and .invalid are nobody's (RFC 2606)
ok "no addresses of package sources" never_says \
	'[a-z]+:/{2}([^ /]*\.)?[^ /.]*([d]ebian|[u]buntu|[m]irror|[s]napshot|[p]ypi|[r]egistry|[p]roxy)[^ /]*\.(org|com|net|io|eu|de)' "${texts[@]}"

done_testing
