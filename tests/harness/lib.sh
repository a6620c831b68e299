# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lib.sh - test cases in bash; to be sourced by a test.
#
#   plan N                  this many cases are to come (optional)
#   ok DESC CMD...          CMD succeeds
#   not_ok DESC CMD...      CMD fails by itself: with 1 to 125, not missing, not killed
#   exits RC DESC CMD...    CMD ends with exit status RC
#   is GOT WANT DESC        the strings are equal
#   like GOT REGEX DESC     GOT matches the extended regular expression
#   unlike GOT REGEX DESC   GOT does not
#   pass DESC, fail DESC [WHY]
#   skip DESC WHY           could not be tried; a failure if SHIFTER_TESTS_MUST_RUN=1
#   wait_until SECONDS CMD  poll until CMD succeeds (process.sh)
#   on_exit CMD...          run at the end, however it comes, last one first; one
#                           that fails is a failed case
#   done_testing            the last line of every test
#
# Each case prints a line "ok - DESC" or "not ok - DESC", the latter followed by lines "# ..."
# that tell why; the last line is "N passed, N failed, N skipped".  Cases may be in subshells.

# shellcheck source=tests/harness/process.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/process.sh" || exit 1

T_DIR=$(mktemp -d "${TMPDIR:-/tmp}/shifter-test.XXXXXX") || exit 1
T_PLAN=''
T_DONE=''
T_CLEANUP=()
: >"$T_DIR/cases"

t_note() { # t_note TEXT: the lines of TEXT as "# ..."
	[ -z "$1" ] || printf '%s\n' "$1" | sed 's/^/# /'
}
pass() {
	echo passed >>"$T_DIR/cases"
	printf 'ok - %s\n' "$1"
}
fail() {
	echo failed >>"$T_DIR/cases"
	printf 'not ok - %s\n' "$1"
	t_note "${2:-}"
	return 1
}
skip() {
	if [ "${SHIFTER_TESTS_MUST_RUN:-}" = 1 ]; then
		fail "$1" "skipped: $2"
		return
	fi
	echo skipped >>"$T_DIR/cases"
	printf 'ok - %s # skip: %s\n' "$1" "$2"
}

t_run() { # t_run CMD...: its output goes to T_OUT, its exit status to T_RC
	T_OUT=$("$@" 2>&1 </dev/null)
	T_RC=$?
}
t_failed() { # t_failed DESC WANTED CMD...
	local desc=$1 wanted=$2; shift 2
	fail "$desc" "command: $*
exit status: $T_RC, wanted: $wanted
${T_OUT:+output: ${T_OUT:0:4000}}"
}
ok() {
	local desc=$1; shift
	t_run "$@"
	if [ "$T_RC" = 0 ]; then pass "$desc"; else t_failed "$desc" 0 "$@"; fi
}
not_ok() {
	local desc=$1; shift
	t_run "$@"
	if [ "$T_RC" -ge 1 ] && [ "$T_RC" -le 125 ]; then pass "$desc"
	else t_failed "$desc" '1 to 125' "$@"; fi
}
exits() {
	local rc=$1 desc=$2; shift 2
	t_run "$@"
	if [ "$T_RC" = "$rc" ]; then pass "$desc"; else t_failed "$desc" "$rc" "$@"; fi
}
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:    '$1'
wanted: '$2'"; fi
}
t_matches() { # 0, 1, or 2 for a regular expression that is none
	[[ $1 =~ $2 ]] 2>/dev/null
}
like() {
	t_matches "$1" "$2"
	case $? in
	0) pass "$3" ;;
	1) fail "$3" "got:    '$1'
wanted: something like '$2'" ;;
	*) fail "$3" "not a regular expression: '$2'" ;;
	esac
}
unlike() {
	t_matches "$1" "$2"
	case $? in
	1) pass "$3" ;;
	0) fail "$3" "got:    '$1'
wanted: nothing like '$2'" ;;
	*) fail "$3" "not a regular expression: '$2'" ;;
	esac
}

plan() { T_PLAN=$1; }

on_exit() {
	local cmd
	printf -v cmd '%q ' "$@"
	T_CLEANUP+=("$cmd")
}
t_clean_up() {
	local i cmd out
	for ((i = ${#T_CLEANUP[@]} - 1; i >= 0; i--)); do
		cmd=${T_CLEANUP[i]}
		unset "T_CLEANUP[i]"
		out=$(eval "$cmd" 2>&1) || fail "clean-up: $cmd" "$out"
	done
}

done_testing() {
	local n passed failed skipped
	t_clean_up
	n=$(wc -l <"$T_DIR/cases")
	if [ "$n" = 0 ]; then fail "there are test cases"; fi
	if [ -n "$T_PLAN" ] && [ "$n" != "$T_PLAN" ]; then
		fail "all planned cases were run" "run: $n, planned: $T_PLAN"
	fi
	passed=$(grep -c passed "$T_DIR/cases")
	failed=$(grep -c failed "$T_DIR/cases")
	skipped=$(grep -c skipped "$T_DIR/cases")
	T_DONE=1
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
	exit
}

# shellcheck disable=SC2317,SC2329
t_at_exit() {
	local rc=$?
	trap - EXIT
	if [ -z "$T_DONE" ]; then
		t_clean_up >&2
		echo "test ended before done_testing, exit status $rc" >&2
		[ $rc != 0 ] || rc=1
	fi
	rm -rf "$T_DIR"
	exit $rc
}
trap t_at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
