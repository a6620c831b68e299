#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# unprivileged_enter.sh - a shifter-enter that did not become root says which reason it was
# shellcheck disable=SC2086,SC2317,SC2329               # paths without blanks; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

ENTER=/usr/libexec/shifter/shifter-enter

enter() { as alice "$@" shifter --container=c -- true; } # enter [WRAPPER...]
says() { # says REGEX DESC CMD...: one line that says so, exit status 125
	local regex=$1 desc=$2; shift 2
	t_run "$@"
	if [ "$T_RC" = 125 ] && [[ $T_OUT =~ $regex ]] && [ "$(wc -l <<<"$T_OUT")" = 1 ]; then pass "$desc"
	else t_failed "$desc" "125, and one line like '$regex'" "$@"; fi
}
installed() { # installed MODE OWNER CMD...: with such a shifter-enter over the installed one
	local rc
	cp $ENTER /run/enter && chown "$2" /run/enter && chmod "$1" /run/enter &&
		mount --bind /run/enter $ENTER || return 1
	"${@:3}"; rc=$?
	umount $ENTER && rm /run/enter || return 1
	return $rc
}
remounted() { # remounted OPTION CMD...: with shifter-enter on a mount with the option
	local rc
	mount --bind $ENTER $ENTER && mount -o "remount,bind,$1" $ENTER || return 1
	"${@:2}"; rc=$?
	umount $ENTER || return 1
	return $rc
}

ok "a container" up c
ok "that can be entered" enter
says "'$ENTER' .*mounted nosuid.*installs it on another" "on a nosuid mount" remounted nosuid enter
says "uid 0 with mode 0755: .*chmod 4755" "without the setuid bit" installed 0755 root enter
says "uid 2002 with mode 4755: .*chown root" "setuid, but another user's" installed 4755 bob enter
says 'no_new_privs.*outside of it' "under no_new_privs" enter setpriv --no-new-privs
# strace reports on the other end of -o
says 'is traced by process [0-9]+, .*shifter strace CMD' "traced" enter strace -f -o /dev/null
says 'user namespace without the system.s root' "in a user namespace that has no root" \
	enter unshare --user --map-user=2001 --map-group=2001
ok "and it still can be entered" enter
ok "teardown" down c
done_testing
