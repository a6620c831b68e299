# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# process.sh - know processes, wait for things; to be sourced.
#
# A process is known by its pid and its start time, so that a pid used again
# is never taken for ours.

# wait_until SECONDS CMD...: poll every 20 ms until CMD succeeds; 1 if it never did
wait_until() {
	local end=$(( ${EPOCHREALTIME/[.,]/} + $1 * 1000000 )); shift
	while ! "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# elapsed SINCE: time since SINCE, a value of EPOCHREALTIME, as "1.2 s"
elapsed() {
	local us=$(( ${EPOCHREALTIME/[.,]/} - ${1/[.,]/} ))
	printf '%d.%d s' $((us / 1000000)) $((us / 100000 % 10))
}

# start_time PID: in clock ticks since boot; fails if there is none or it is a zombie
start_time() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }                   # the command name may contain anything
	# shellcheck disable=SC2086
	set -- $stat
	[ "$1" != Z ] && [ "$1" != X ] && echo "${20}"
}

# lives PID STARTTIME
lives() { [ "$(start_time "$1")" = "$2" ]; }
ended() { ! lives "$1" "$2"; }

# record FILE: note the calling shell in FILE, as "PID STARTTIME"
record() {
	local me=$BASHPID                   # a command substitution has another
	echo "$me $(start_time "$me")" >>"$1"
}
