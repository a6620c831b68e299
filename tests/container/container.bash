# shellcheck shell=bash disable=SC2009,SC2015,SC2034,SC2317,SC2329 # its users read the variables, call the functions
# SPDX-License-Identifier: BSD-3-Clause
#
# container.bash - containers made by shifterctl in a sandbox; to be sourced first.
#
# Starts the test again in a sandbox, with the installed programs of $SHIFTER_STAGE (a DESTDIR
# of "make install" with prefix /usr) over /usr.  There, $IMG is a folder of root's on a file
# system of its own, with the image busybox.squashfs.  IMAGE_KINDS, set before, are more kinds of
# make-image that are wanted, as /images/KIND.squashfs.

tests=$(readlink -f "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..")
if [ -z "${SHIFTER_IN_SANDBOX:-}" ]; then
	cache=${SHIFTER_CACHE:-$tests/../build/cache}/images
	why=
	if [ "$(id -u)" != 0 ]; then why='needs root'
	elif [ -z "${SHIFTER_STAGE:-}" ]; then why='SHIFTER_STAGE is not set'
	fi
	if [ -n "$why" ]; then
		# shellcheck source=tests/harness/lib.sh
		. "$tests/harness/lib.sh" || exit 1
		skip 'containers' "$why"
		done_testing
	fi
	for kind in busybox ${IMAGE_KINDS:-}; do
		mkdir -p "$cache" && out=$("$tests/images/make-image" "$kind" "$cache/$kind.squashfs" 2>&1) ||
			{ printf '%s\n' "$out" >&2; exit 1; }
	done
	share=()
	case $tests in /tmp/*|/home/*|/var/*|/run/*) share=(--share "$(readlink -f "$tests/..")") ;; esac
	exec env -u TMPDIR -u SHIFTER_CONTAINER SHIFTER_IN_SANDBOX=1 "$tests/harness/sandbox" \
		--stage "$SHIFTER_STAGE" --images "$cache" "${share[@]}" -- "$(readlink -f "$0")" "$@"
fi
# shellcheck source=tests/harness/lib.sh
. "$tests/harness/lib.sh" || exit 1
umask 022
cd / || exit 1

IMG=/img
BUSYBOX=$IMG/busybox.squashfs
SSH=/usr/libexec/shifter/opt/udiImage/bin/ssh
# a file system of its own: its loop devices are known by its number
{ mkdir $IMG && mount -t tmpfs -o mode=755 img $IMG && cp /images/busybox.squashfs $BUSYBOX; } || exit 1
mkdir -p /etc/shifter && rm -f /etc/shifter/udiRoot.conf && printf 'imagePath = "%s"\n' $IMG \
	>/etc/shifter/udiRoot.conf || exit 1

as() { # as USER CMD...
	local u=$1; shift
	setpriv --reuid="$u" --regid="$u" --init-groups env HOME="/home/$u" USER="$u" LOGNAME="$u" \
		SHELL=/bin/bash "$@"
}
inside() { # inside ID CMD...: as alice
	local id=$1; shift
	as alice shifter --container="$id" -- "$@"
}
up() { # up ID [OPTION...]: of alice, with busybox unless the options name another image
	local id=$1; shift
	shifterctl setup --id "$id" --image "local:$BUSYBOX" --user alice "$@"
}
down() { shifterctl teardown "$@"; }
serve() { # serve ID [USER]: sshd and names for the two addresses of this host
	local user=${2:-alice} key
	key=$(as "$user" shifterctl key) &&
	shifterctl sshd "$1" --principal "udi.test.$1" --user-key "$key" &&
	shifterctl hostsfile "$1" --slurm 'node[1-2]' --slots '2(x2)'
}
field() { # field ID NAME: of shifterctl list --json
	shifterctl list --json | perl -MJSON::PP -0777 -e '
		for (@{decode_json(<STDIN>)}) { print $_->{$ARGV[1]} if $_->{id} eq $ARGV[0] }' "$1" "$2"
}
state_of() { shifterctl list | awk -v id="$1" '$1 == id { print $3 }'; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
running() { pgrep -fx "$1" >/dev/null; }            # running COMMAND-LINE, in this sandbox
not_running() { ! running "$1"; }

# All that a container is made of, as the host sees it.
snapshot() {
	find /run/shifter -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null | sort
	cut -d' ' -f3- /proc/self/mountinfo | sort
	losetup -nlO BACK-MAJ:MIN,BACK-FILE | awk -v d="$(stat -c %d $IMG)" '
		{ split($1, n, ":"); if (n[1] * 256 + n[2] == d) print }'
	ps -eo user=,comm= | grep -E ' (shifter|sshd|udi)' | sort
}
SNAPSHOT=$(snapshot)
same() { [ "$(snapshot)" = "$SNAPSHOT" ]; }
unchanged() { # unchanged DESC
	if wait_until 5 same; then pass "$1"
	else fail "$1" "$(diff <(echo "$SNAPSHOT") <(snapshot))"; fi
}
# hang reads|waits: at /home/alice/hang, a file system of alice's that never answers but to its mount.
# It takes the requests, and says "request" in $T_DIR/server, or leaves them where they are: who
# waits for one that was taken cannot be killed before the server, $HANG_SERVER, has gone.
hang() {
	mkdir -p /run/node /home/alice/hang && chown alice:alice /home/alice/hang
	mount -t tmpfs tmpfs /run/node && mknod -m 666 /run/node/fuse c 10 229
	# shellcheck disable=SC2016                      # Perl's
	perl -e '
		$| = 1; $^F = 255;
		my $how = shift;
		open my $fuse, "+<", "/run/node/fuse" or die "cannot open fuse: $!\n";
		my $options = sprintf "fd=%d,rootmode=40755,user_id=%d,group_id=%d", fileno $fuse, @ARGV;
		system("mount", "-i", "-t", "fuse", "-o", $options, "hang", "/home/alice/hang") and exit 1;
		print "mounted\n" if $how eq "reads";
		while (sysread $fuse, my $request, 1 << 20) {
			my (undef, $opcode, $unique) = unpack "LLQ", $request;
			# FUSE_INIT, version 7.31, alone gets an answer
			print("request\n"), next if $opcode != 26;
			syswrite $fuse, pack "L l Q L4 S2 L2 S2 L8", 80, 0, $unique, 7, 31, 0, 0, 1, 1, 4096, 1, (0) x 10;
			print("mounted\n"), sleep 1000 if $how eq "waits";
		}' "$1" "$(id -u alice)" "$(id -g alice)" >"$T_DIR/server" 2>&1 & HANG_SERVER=$!
}
hang_has_said() { grep -qx "$1" "$T_DIR/server"; }
hang_has_lookup() { # a lookup waits for it, as alice
	local p
	for p in $(pgrep -u alice -x shifter-lookup); do
		grep -q fuse "/proc/$p/wchan" "/proc/$p/stack" 2>/dev/null && return
	done
	return 1
}
# refused RC REGEX DESC CMD...: exit status RC (or a list, "2|3"), one clear line, nothing left
refused() {
	local rc=$1 regex=$2 desc=$3 why=; shift 3
	# what is a function here cannot be timed
	if declare -F "$1" >/dev/null; then t_run "$@"; else t_run timeout 60 "$@"; fi
	[[ $T_RC =~ ^($rc)$ ]] || why="exit status: $T_RC, wanted: $rc"
	[ "$(wc -l <<<"$T_OUT")" = 1 ] || why+=" not one line"
	[[ $T_OUT =~ $regex ]] || why+=" not like '$regex'"
	[[ $T_OUT != *. ]] || why+=" full stop"
	wait_until 5 same || why+=" left: $(diff <(echo "$SNAPSHOT") <(snapshot))"
	if [ "$T_RC" = 0 ]; then shifterctl teardown bad v; fi
	if [ -z "$why" ]; then pass "$desc"; else fail "$desc" "$why
command: $*
output: $T_OUT"; fi
}
