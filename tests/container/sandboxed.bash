# shellcheck shell=bash disable=SC2034,SC2317
# SPDX-License-Identifier: BSD-3-Clause
#
# sandboxed.bash - a test that runs as root in a machine of its own; to be sourced first
#
# Outside it makes the images and starts the script anew in the sandbox; inside
# it loads lib.sh and what the tests of containers share.

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TOP=$(readlink -f "$HERE/../..")
STAGE=${STAGE:-${SHIFTER_STAGE:-}}

if [ -z "${SHIFTER_SANDBOX:-}" ]; then
	if [ -z "$STAGE" ]; then
		# shellcheck source=tests/harness/lib.sh
		. "$HERE/../harness/lib.sh" || exit 1
		skip "containers" "SHIFTER_STAGE is not set"
		done_testing
		exit
	fi
	images=${IMAGES:-${SHIFTER_CACHE:-$TOP/build/cache}/images}
	mkdir -p "$images" || exit 1
	"$TOP/tests/images/make-image" busybox "$images/busybox.squashfs" >/dev/null || exit 1
	exec "$TOP/tests/harness/sandbox" --stage "$STAGE" --images "$images" -- \
		env SHIFTER_SANDBOX=1 SHIFTER_TESTS_MUST_RUN="${SHIFTER_TESTS_MUST_RUN:-}" \
		bash "$(readlink -f "$0")" "$@"
fi

# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1
cd / || exit 1
IMAGE=local:/images/busybox.squashfs

as() { # as USER CMD...: as a login would have it
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$user" --init-groups env -i HOME="/home/$user" \
		USER="$user" LOGNAME="$user" PATH=/usr/sbin:/usr/bin:/bin TERM=dumb "$@"
}
inside() { # inside ID CMD...: alice runs CMD in the container
	local id=$1
	shift
	as alice SHIFTER_CONTAINER="$id" shifter "$@"
}
setup() { # setup ID [OPTION...]
	local id=$1
	shift
	shifterctl setup --id "$id" --image "$IMAGE" --user alice "$@"
}
key_of() { as "$1" shifterctl key; }
serve() { # serve ID [OPTION...]: with alice's key
	local id=$1
	shift
	shifterctl sshd "$id" --principal "udi.test.$id.0" --user-key "$(key_of alice)" "$@"
}

# What a container or a failed set-up could leave.  The node's stage of udiImage stays.
traces() {
	losetup -a
	findmnt -rn -o TARGET | sort
	ls /run/shifter 2>/dev/null
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in shifter-*|sshd) echo "$p $(cat "$p/comm")" ;; esac
	done
}
