# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# faults.bash - what sample.sh and all.sh share; to be sourced after container.bash

# faults MODE WORK...: run faults.pl and take its findings as cases
faults() {
	local verdict desc why
	${CC:-cc} -D_GNU_SOURCE -O1 -o "$T_DIR/inject" "$tests/faults/inject.c" ||
		{ fail 'inject can be built'; return; }
	mkdir -p /img/vol && echo volume >/img/vol/marker
	# the stage of udiImage stays, and the key
	up warm >/dev/null && down warm
	while read -r verdict desc; do
		why=${desc#*$'\t'} desc=${desc%%$'\t'*}
		case $verdict in
		pass) pass "$desc" ;;
		*) fail "${desc:-faults.pl}" "$why" ;;
		esac
	done < <(T_DIR=$T_DIR perl "$tests/faults/faults.pl" "$1" "$T_DIR/inject" "$BUSYBOX" "${@:2}" ||
		echo "fail faults.pl ends")
	unchanged 'nothing is left of all of them'
}
