# shellcheck shell=bash disable=SC2034,SC2317 # its users read the variables
# SPDX-License-Identifier: BSD-3-Clause
#
# cluster.bash - a cluster with the plug-in for the tests of this folder; to be sourced.
#
#   STAGE   a DESTDIR of "make install" with prefix /usr [SHIFTER_STAGE]
#   IMAGES  a folder with KIND.squashfs [one of the test's own]
#   KIND    of the image [base]
#   NODES   how many [4]
#   BATCH_TIMEOUT   seconds that a job of batch may take [120]

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1

STAGE=${STAGE:-${SHIFTER_STAGE:-}}
if [ -z "$STAGE" ]; then
	skip "Slurm" "STAGE is not set"
	done_testing
	exit
fi
if [ -z "${IMAGES:-}" ]; then
	cache=${SHIFTER_CACHE:-$HERE/../../build/cache}/images
	# a store of the test's own, for tags and more images
	IMAGES=$T_DIR/images
	mkdir -p "$cache" "$IMAGES" && chmod 755 "$IMAGES"
	: "${KIND:=base}"
	if ! { "$HERE/../images/make-image" "$KIND" "$cache/$KIND.squashfs" >"$T_DIR/image.log" 2>&1 &&
		cp --reflink=auto "$cache/$KIND.squashfs" "$IMAGES"; }; then
		fail "the image is made: $(tail -n 1 "$T_DIR/image.log")"
	fi
fi
export STAGE IMAGES
PLUGIN=$(cd "$STAGE" && find usr -name shifter_slurm.so -print -quit)
ok "the plug-in is installed" test -n "$PLUGIN"
export RUN=$T_DIR/cluster SPANK="required /$PLUGIN enable_sshd=1"
export UDIROOT_CONF=$T_DIR/udiRoot.conf
printf 'imagePath = "/images"\nsshdPort = 1204\n' >"$UDIROOT_CONF"
chmod 644 "$UDIROOT_CONF"

cluster() { "$HERE/../cluster/cluster.sh" "$@"; }
on() { cluster exec "$@"; }                         # on HOST CMD...: as root
as() { local u=$1; shift; cluster exec -u "$u" head "$@"; }
# not "sinfo -t idle": it counts nodes whose epilog still runs
all_idle() { [ "$(on head sinfo -h -N -o '%N %T' | sort -u | grep -c ' idle$')" = "$1" ]; }
idle_again() { wait_until 40 all_idle "$1"; }

# wait_for_job ID: until all of it has ended, and its epilogs; its exit status is that of the
# job.  (sbatch --wait asks after 2, 10 and 42 seconds.)
# shellcheck disable=SC2016
wait_for_job() {
	on head timeout "${BATCH_TIMEOUT:-120}" sh -c '
		: "${1:?no job}"
		goes_on="JobState=(PENDING|CONFIGURING|RUNNING|SUSPENDED|COMPLETING|REQUEUED)"
		while said=$(scontrol -o show job "$1") && echo "$said" | grep -qE "$goes_on"; do
			sleep 0.2
		done
		echo "$said" | sed "s/.*JobState=\([A-Z_]*\).* ExitCode=\([0-9]*\):\([0-9]*\).*/\1 \2 \3/" |
			awk "{
				status = \$3 ? 128 + \$3 : \$2
				if (\$1 != \"COMPLETED\" && !status) status = 1
				if (status > worst) worst = status
			}
			END { exit worst + 0 }"' sh "$1"
}

# batch USER OUT SBATCH-OPTION...: the script is on stdin; what it printed is left in T_JOB,
# what sbatch said in T_SAID, the status of the one or the other in T_STATUS
batch() {
	local user=$1 out=$2 id; shift 2
	cat >"$T_DIR/script"
	on head sh -c "rm -f /home/$user/$out && cat >/home/$user/$out.sh && chown $user /home/$user/$out.sh &&
		chmod 755 /home/$user/$out.sh" <"$T_DIR/script"
	id=$(as "$user" timeout 60 sbatch --parsable -o "$out" "$@" "$out.sh" 2>"$T_DIR/said")
	T_STATUS=$?
	T_SAID=$(cat "$T_DIR/said")
	if [ "$T_STATUS" = 0 ]; then
		wait_for_job "$id"
		T_STATUS=$?
	fi
	T_JOB=$(on head cat "/home/$user/$out" 2>&1)
}

# give_up_after SECONDS: how long a job whose first host is node1 waits for its hosts from now on
give_up_after() {
	on node1 sh -c 'sed -i "/^sshReadyTimeout/d" /etc/shifter/udiRoot.conf &&
		echo "sshReadyTimeout = $1" >>/etc/shifter/udiRoot.conf' sh "$1"
}

# nothing_left HOST: no state, mount, loop device or process of a container
nothing_left() {
	# shellcheck disable=SC2016
	on "$1" sh -c '
		rc=0
		for d in /run/shifter-slurm /run/shifter/slurm-*; do
			[ ! -e "$d" ] || { echo "left: $d"; rc=1; }
		done
		grep -E " /run/shifter/slurm-| /images/.*squashfs" /proc/self/mountinfo && rc=1
		for p in /proc/[0-9]*; do
			case $(cat "$p/comm" 2>/dev/null) in
			shifter-*|sshd) echo "left: $p $(cat "$p/comm")"; rc=1 ;;
			esac
		done
		exit $rc'
}
nowhere_left() {
	local n
	for n in "$@"; do nothing_left "$n" || return 1; done
}

on_exit cluster down --purge
cluster up "${NODES:-4}" || { fail "the cluster is up"; done_testing; exit 1; }
