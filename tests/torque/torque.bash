# shellcheck shell=bash disable=SC2015,SC2034,SC2317,SC2329 # its users read the variables, call the functions
# SPDX-License-Identifier: BSD-3-Clause
#
# torque.bash - a server of Torque with three nodes; to be sourced, before or after lib.sh.
#
# node1 to node3 are hosts of cluster.sh, on which pbs_mom (beside this) does what the
# real one does, step by step; submit is qsub with the submit filter.  RUN is the cluster's.

TORQUE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
SERVER=/home/.server                    # jobs, as all hosts see it
LIBEXEC=/usr/libexec/shifter
FILTER=$LIBEXEC/shifter-torque-filter
JOB=''                                  # the job that the functions below work on

torque_cluster() { "$TORQUE/../cluster/cluster.sh" "$@"; }
on() { torque_cluster exec "$@"; }      # on HOST CMD...: as root
as() { local u=$1; shift; torque_cluster exec -u "$u" head "$@"; }
mom() { local n=$1; shift; on "$n" "$TORQUE/pbs_mom" "$@"; }

# torque_stage STAGE DIR: DIR is STAGE with what the nodes have of Torque
torque_stage() {
	cp -a --reflink=auto "$1" "$2" && mkdir -p "$2/usr/bin" || return
	printf '#!/bin/sh\nenv >/var/spool/torque/environment\nexec cat /var/spool/torque/pbsnodes\n' \
		>"$2/usr/bin/pbsnodes" &&
	chmod 755 "$2/usr/bin/pbsnodes"
}

# torque_begin KIND: for tests: the cluster with an image of make-image's KIND, and lib.sh
torque_begin() {
	local kind=$1 cache=${SHIFTER_CACHE:-$TORQUE/../../build/cache}/images

	if [ -z "${SHIFTER_STAGE:-}" ]; then
		skip "Torque" "SHIFTER_STAGE is not set"
		done_testing
	fi
	mkdir -p "$cache" "$T_DIR/images" && chmod 755 "$T_DIR" "$T_DIR/images"
	ok "the image is made" "$TORQUE/../images/make-image" "$kind" "$cache/$kind.squashfs"
	cp --reflink=auto "$cache/$kind.squashfs" "$T_DIR/images/"
	ok "the stage is made" torque_stage "$SHIFTER_STAGE" "$T_DIR/stage"
	# a libtorque that keeps tm_adopt()'s word: for the owner of the session, once a process
	ok "there is a libtorque" gcc -shared -fPIC -Wall -Werror -x c "$TORQUE/libtorque.c" \
		-o "$T_DIR/stage/usr/lib/libtorque.so.2"
	printf 'imagePath = "/images"\nsshdPort = 1204\nclusterName = hive\n' >"$T_DIR/udiRoot.conf"
	chmod 644 "$T_DIR/udiRoot.conf"
	export RUN=$T_DIR/cluster STAGE=$T_DIR/stage IMAGES=$T_DIR/images UDIROOT_CONF=$T_DIR/udiRoot.conf
	on_exit torque_cluster down --purge
	torque_up || { fail "the cluster is up"; done_testing; }
}

# torque_up: start the cluster, with STAGE as torque_stage made it, IMAGES, UDIROOT_CONF
torque_up() {
	local n
	export WLM=none SHARE=${TORQUE%/*/*}
	torque_cluster up 3 || return
	install -d -m 755 "$RUN/home/.server" || return
	for n in node1 node2 node3; do mom "$n" start $LIBEXEC/shifter-torque || return; done
}

# submit USER ID OPTION...: the script is on stdin; what qsub says on failure is in T_SAID
submit() {
	local user=$1 id=$2 file=$RUN/home/$1/job.sh; shift 2
	T_SAID=
	cat >"$file" && chmod 755 "$file" && chown --reference="$RUN/home/$user" "$file" || return
	JOB=$SERVER/$id.json
	T_SAID=$(as "$user" "$TORQUE/qsub" "$FILTER" node1,node2,node3 "$@" job.sh 2>&1) || return
	T_SAID=$(ID=$id.head python3 -c '
import json, os, sys
text = sys.stdin.read()
at = text.index("{")
json.dump(dict(json.loads(text[at:]), id=os.environ["ID"]), open(sys.argv[1], "w"))
sys.stdout.write(text[:at])' "$RUN$JOB" <<<"$T_SAID")
}
# change NAME VALUE: of the job, VALUE in JSON
change() {
	python3 -c '
import json, sys
path, name, value = sys.argv[1:]
job = json.load(open(path))
job[name] = json.loads(value)
json.dump(job, open(path, "w"))' "$RUN$JOB" "$@"
}
hosts() { # the job's, the mother superior first
	python3 -c '
import json, sys
hosts = json.load(open(sys.argv[1]))["exec_host"].split("+")
print(*dict.fromkeys(h.split("/")[0] for h in hosts))' "$RUN$JOB"
}
sisters() { local h; read -r _ h <<<"$(hosts)"; echo "$h"; }

# on_all "HOST..." ARGUMENT...: pbs_mom on all of them at once; fails if one does
on_all() {
	local n pids=() rc=0 hosts=$1; shift
	for n in $hosts; do
		mom "$n" "$@" & pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n" || rc=$?; done
	return $rc
}

# The steps of a job's life, in this order.
arrive() { mom node1 save "$JOB"; }
join() { local h; h=$(sisters); [ -z "$h" ] || on_all "$h" hook prologue.parallel "$JOB" >/dev/null && on_all "$h" save "$JOB"; }
prologue() { mom node1 hook prologue "$JOB"; }
epilogues() { on_all "$(sisters)" hook epilogue.parallel "$JOB"; mom node1 hook epilogue "$JOB"; }
purge() { on_all "$(hosts)" purge "$JOB"; }

# run_job: all of it.  T_PROLOGUE is how the prologue of the first node ended, T_STATUS the
# script's exit status or "aborted", T_JOB their output and the epilogue's
run_job() {
	local said
	join
	said=$(mom node1 life "$JOB" 2>&1)
	{ read -r T_PROLOGUE; IFS=' ' read -r _ T_STATUS; } <<<"$said"
	[ -z "$(sisters)" ] || on_all "$(sisters)" epilogue "$JOB" >/dev/null
	T_JOB=$(mom node1 epilogue "$JOB" 2>&1 | tail -n +2)
}
# what_is_left HOST: state, mounts and processes of containers
what_is_left() {
	# shellcheck disable=SC2016
	on "$1" sh -c '
		for d in /run/shifter-torque /run/shifter/torque-*; do [ ! -e "$d" ] || echo "left: $d"; done
		grep -E " /run/shifter/torque-| /images/.*squashfs" /proc/self/mountinfo
		grep -EH "^(shifter-|sshd|prologue|epilogue)" /proc/[0-9]*/comm 2>/dev/null
		:'
}
is_clean() { [ -z "$(what_is_left "$1")" ]; }
clean_soon() { # clean_soon HOST...: within the time that a supervisor takes to see it
	local n rc=0
	for n in "$@"; do
		wait_until 15 is_clean "$n" || { what_is_left "$n"; rc=1; }
	done
	return $rc
}
