#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cluster.sh - a real Slurm cluster of N virtual hosts on one machine, for root.
#
#   cluster.sh up N                 start node1..nodeN and a head (slurmctld, login)
#   cluster.sh down [--purge]       end every process, remove the cgroups; keep the logs
#                                   in RUN/last, or nothing at all with --purge
#   cluster.sh exec [-t] [-u USER] HOST [CMD [ARG...]]
#                                   run CMD (or a login shell) on head, login or nodeI;
#                                   -t: on a terminal of that host
#   cluster.sh status               nodes as Slurm sees them, processes per host
#   cluster.sh slurmd HOST start|stop|kill9
#   cluster.sh reconfig             take over changed settings, restart the daemons
#
# Every host is a process tree in its own network, mount, UTS, IPC, PID and cgroup
# namespaces; ending its pid 1 ends the host.  Its root is a tmpfs of its own on which
# the machine's folders are bound; /etc, /home, /run, /tmp, /var and /dev/pts are not the
# machine's.  The network is a bridge in one more network namespace.  So nothing is
# mounted in the machine's mount namespace and no interface is added to it.
#
# Settings, from the environment; reconfig remembers those of up:
#   RUN            state directory, one per cluster            [/tmp/shifter-cluster]
#   STAGE          a DESTDIR: STAGE/usr is laid over /usr, STAGE/etc copied into /etc
#   UDIROOT_CONF   a file that becomes /etc/shifter/udiRoot.conf
#   IMAGES         a folder to be seen read-only as /images
#   SHARE          folders to be seen at their own path, separated by spaces
#   WLM            slurm | none: hosts alone, for tests that bring their own  [slurm]
#   SPANK          lines of plugstack.conf, \n between them
#   GPUS           what Slurm takes for GPUs of each node: device files, separated by spaces
#   CPUS           CPUs of each node                           [4]
#   PROLOGFLAGS    as in slurm.conf, or "none"                 [Alloc,Contain,DeferBatch]
#   PROCTRACK      proctrack/cgroup | proctrack/linuxproc      [by what the machine offers]
#   CGROUP_PLUGIN  cgroup/v1 | cgroup/v2                       [likewise]
#   CGROUP_EXTRA   more lines for cgroup.conf, \n between them
#   TASKPLUGIN     task/none | task/cgroup | ...               [task/none]
#   JAGATHER       jobacct_gather/none|linux|cgroup            [jobacct_gather/linux]
#   JOBCONTAINER   job_container/none|tmpfs                    [job_container/none]
#   PROLOG, EPILOG programs for Prolog= and Epilog=
#   EXTRA          more lines for slurm.conf, \n between them
# shellcheck disable=SC2015                    # A && B || die: die when either fails
set -u

SELF=$(readlink -f "$0")
HARNESS=${SELF%/*/*}/harness
# shellcheck source=tests/harness/process.sh
. "$HARNESS/process.sh" || exit 1
# shellcheck source=tests/harness/cgroups.sh
. "$HARNESS/cgroups.sh" || exit 1
# shellcheck source=tests/harness/host-root.sh
. "$HARNESS/host-root.sh" || exit 1
NET=10.99.0                             # head .250, nodeI .I
MAX_NODES=200
CLEAN_PATH=/usr/sbin:/usr/bin:/sbin:/bin
SETTINGS=(STAGE UDIROOT_CONF IMAGES SHARE SPANK GPUS CPUS PROLOGFLAGS PROCTRACK CGROUP_PLUGIN CGROUP_EXTRA
	TASKPLUGIN JAGATHER JOBCONTAINER PROLOG EPILOG EXTRA WLM)

say() { printf '%s\n' "$*"; }
die() { printf 'cluster.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '5,15p' "$SELF" | sed 's/^# \{0,1\}//'; }

connects() { : <>"/dev/tcp/$1/$2"; }

# ------------------------------------------------------------------------- processes
host_pid() { # host_pid HOST: the pid of the host's pid 1, as seen here
	local h=$1 p s
	[ "$h" = login ] && h="head"
	{ read -r p s <"$RUN/hosts/$h/pid"; } 2>/dev/null && lives "$p" "$s" && echo "$p"
}

# ---------------------------------------------------------------------------- cgroups
# Choose how Slurm tracks processes, and which cgroup file systems the hosts get.
choose_cgroups() {
	cgroup_probe "$RUN/cgroup-mounts" "vc-$TAG-probe" "$RUN/probes" || return 1
	case $cgroup_kind in
	v1)	: "${CGROUP_PLUGIN:=cgroup/v1}" "${PROCTRACK:=proctrack/cgroup}"
		say "process tracking: $PROCTRACK, $CGROUP_PLUGIN" ;;
	# slurmd loads a cgroup plugin even if it has no use for it, and only that of v1
	# then asks nothing of the machine
	v2)	: "${CGROUP_PLUGIN:=cgroup/v1}" "${PROCTRACK:=proctrack/linuxproc}"
		say "process tracking: $PROCTRACK (this machine has cgroup v2 only)" ;;
	*)	: "${CGROUP_PLUGIN:=cgroup/v1}" "${PROCTRACK:=proctrack/linuxproc}"
		say "process tracking: $PROCTRACK (no writable cgroup on this machine)" ;;
	esac
}

# -------------------------------------------------------------------- the hosts' /etc
write_slurm() { # write_slurm N
	local e=$RUN/etc/slurm n=$1 gpu gpus=
	# shellcheck disable=SC2086,SC2153       # a list; and CPUS is another
	set -- $GPUS
	[ $# = 0 ] || gpus=" Gres=gpu:$#"
	for gpu; do echo "Name=gpu File=$gpu"; done >"$e/gres.conf"
	cat >"$e/slurm.conf" <<-END
	ClusterName=virt
	SlurmctldHost=head
	SlurmUser=slurm
	AuthType=auth/munge
	MpiDefault=none
	ReturnToService=2
	SwitchType=switch/none
	SlurmctldPidFile=/run/slurmctld.pid
	SlurmdPidFile=/run/slurmd.pid
	SlurmdSpoolDir=/var/spool/slurmd
	StateSaveLocation=/var/spool/slurmctld
	SlurmctldLogFile=/var/log/slurm/slurmctld.log
	SlurmdLogFile=/var/log/slurm/slurmd.log
	SlurmctldDebug=debug2
	SlurmdDebug=debug2
	SlurmdParameters=config_overrides
	LaunchParameters=use_interactive_step
	SelectType=select/cons_tres
	SelectTypeParameters=CR_Core
	SchedulerParameters=batch_sched_delay=0,sched_interval=5
	AccountingStorageType=accounting_storage/none
	JobCompType=jobcomp/filetxt
	JobCompLoc=/var/log/slurm/jobcomp.txt
	JobAcctGatherType=$JAGATHER
	JobAcctGatherFrequency=5
	ProctrackType=$PROCTRACK
	TaskPlugin=$TASKPLUGIN
	JobContainerType=$JOBCONTAINER
	SlurmdTimeout=30
	InactiveLimit=0
	KillWait=5
	MinJobAge=120
	PrologEpilogTimeout=60
	NodeName=node[1-$n] CPUs=$CPUS RealMemory=2000$gpus State=UNKNOWN
	PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
	END
	[ -n "$gpus" ] && echo "GresTypes=gpu" >>"$e/slurm.conf"
	[ "$PROLOGFLAGS" != none ] && echo "PrologFlags=$PROLOGFLAGS" >>"$e/slurm.conf"
	[ -n "$PROLOG" ] && echo "Prolog=$PROLOG" >>"$e/slurm.conf"
	[ -n "$EPILOG" ] && echo "Epilog=$EPILOG" >>"$e/slurm.conf"
	[ -n "$EXTRA" ] && printf '%b\n' "$EXTRA" >>"$e/slurm.conf"
	{
		[ -n "$CGROUP_PLUGIN" ] && echo "CgroupPlugin=$CGROUP_PLUGIN"
		printf '%s\n' CgroupMountpoint=/sys/fs/cgroup ConstrainCores=no
		printf '%b\n' "${CGROUP_EXTRA:-ConstrainRAMSpace=no}"
	} >"$e/cgroup.conf"
	printf '%s\n' AutoBasePath=true BasePath=/var/spool/jobcontainer >"$e/job_container.conf"
	if [ -n "$SPANK" ]; then
		printf '%b\n' "$SPANK"
	elif [ -d "$e/plugstack.conf.d" ]; then
		echo 'include /etc/slurm/plugstack.conf.d/*'
	fi >"$e/plugstack.conf"
}

write_etc() { # write_etc N
	local n=$1 e=$RUN/etc i
	host_etc "$e" "$STAGE" || return 1
	{
		echo "127.0.0.1 localhost"
		echo "$NET.250 head login"
		for ((i = 1; i <= n; i++)); do echo "$NET.$i node$i"; done
	} >"$e/hosts"
	host_conf "$RUN/etc" "$UDIROOT_CONF" || return 1
	[ "$WLM" = slurm ] || return 0
	mkdir -p "$e/slurm" "$e/munge"
	rm -f "$e/munge/munge.key"
	head -c 1024 /dev/urandom >"$e/munge/munge.key" &&
	chown -R munge:munge "$e/munge" && chmod 700 "$e/munge" && chmod 400 "$e/munge/munge.key" &&
	write_slurm "$n"
}

# ------------------------------------------------------------------- a host's own root
make_slurm_dirs() { # make_slurm_dirs ROOT FOLDER
	local r=$1 d=$2
	# what the daemons write is the host's; logs and spool can be read after it
	mkdir -p "$r"/run/{munge,slurm} "$d"/{spool,ctld,log} \
		"$r"/var/{log/munge,log/slurm,spool/slurmd,spool/slurmctld,spool/jobcontainer} &&
	chown slurm "$d/ctld" "$d/log" && chmod 755 "$d"/{spool,ctld,log} &&
	mount --bind "$d/log" "$r/var/log/slurm" &&
	mount --bind "$d/spool" "$r/var/spool/slurmd" &&
	mount --bind "$d/ctld" "$r/var/spool/slurmctld" || return 1
	if [ -d "$r/var/lib/munge" ]; then
		mount -t tmpfs -o mode=700 tmpfs "$r/var/lib/munge" && chown munge "$r/var/lib/munge" ||
			return 1
	fi
	chown munge "$r/run/munge" "$r/var/log/munge" && chmod 700 "$r/var/log/munge"
}

make_root() { # make_root HOST ROOT
	local r=$2 d=$RUN/hosts/$1 stage=
	[ -d "$RUN/stage" ] && stage=$RUN/stage
	host_root "$r" "$RUN/etc" "$RUN/home" "$stage" "$RUN/cgroup-mounts" &&
	mount --bind "$d/hostname" "$r/etc/hostname" || return 1
	[ "$WLM" != slurm ] || make_slurm_dirs "$r" "$d" || return 1
	if [ -n "$IMAGES" ]; then
		mkdir -p "$r/images" && mount --bind "$IMAGES" "$r/images" &&
		mount -o remount,bind,ro "$r/images" || return 1
	fi
	# shellcheck disable=SC2086
	host_share "$r" $SHARE
}

make_net() { # make_net HOST: fd 9 is the hub's network namespace
	local addr=250
	[ "$1" = head ] || addr=${1#node}
	ip link set lo up &&
	ip link add eth0 type veth peer name "v-$1" netns /proc/self/fd/9 &&
	ip addr add "$NET.$addr/24" dev eth0 && ip link set eth0 up &&
	nsenter --net=/proc/self/fd/9 ip link set "v-$1" master br0 up
}

# What runs as a host's pid 1.  It is bash and no real init: bash reaps the orphans it
# is given while it waits.
host_init() { # host_init HOST
	local h=$1 d=$RUN/hosts/$1 r=$RUN/root stat
	mount --make-rprivate /
	# the machine's /proc is still here, and tells our pid as the machine knows it
	read -r stat <"/proc/self/stat"
	set -- "${stat%% *}"
	echo "$1 $(start_time "$1")" >"$d/pid.new" && mv "$d/pid.new" "$d/pid" || exit 1
	hostname "$h" && make_net "$h" || { echo "$h: cannot set up the network"; exit 1; }
	exec 9<&-
	make_root "$h" "$r" || { echo "$h: cannot set up the mounts"; exit 1; }
	exec 8>"$d/ready.new"
	host_enter "$r" || { echo "$h: cannot enter its root"; exit 1; }
	if [ "$WLM" != slurm ]; then
		echo ready >&8; exec 8>&-
		while :; do sleep 3600 & wait $!; done
	fi
	exec </dev/null >>/var/log/slurm/init.log 2>&1
	setpriv --reuid=munge --regid=munge --clear-groups /usr/sbin/munged || exit 1
	if [ "$h" = head ]; then
		/usr/sbin/slurmctld || exit 1
	else
		# a slurmd that finds no slurmctld tries again only after a long pause
		wait_until 30 connects $NET.250 6817 || { echo "slurmctld does not answer"; exit 1; }
		/usr/sbin/slurmd || exit 1
	fi
	echo ready >&8; exec 8>&-
	while :; do sleep 3600 & wait $!; done
}

# ---------------------------------------------------------------------------- commands
in_host() { # in_host HOST CMD...: as root there, in its namespaces and cgroups
	local h=$1 p; shift
	[ "$h" = login ] && h="head"
	p=$(host_pid "$h") || die "cannot enter host '$h': not running (see cluster.sh status)"
	(
		while read -r dir; do
			echo "$BASHPID" >"$dir/cgroup.procs" || exit 1
		done <"$RUN/hosts/$h/cgroups"
		exec nsenter -t "$p" -m -u -i -n -p -C --root --wd -- "$@"
	)
}

daemon() { in_host "$1" env -i PATH="$CLEAN_PATH" LANG=C.UTF-8 "$2"; }

# The copied mount namespaces of job_container/tmpfs are pinned by bind mounts.  Linux
# 6.18 numbers namespaces per CPU and refuses to pin one of a higher number, so there it
# depends on the CPU that made the host's.  Print a CPU from which all others can be pinned.
pinning_cpu() {
	local c n all
	n=$(nproc --all); all=$(taskset -cp $$ | sed 's/.*: //')
	for ((c = 0; c < n; c++)); do
		# shellcheck disable=SC2016
		taskset -c $c unshare -m --propagation private taskset -c "$all" bash -c '
			mount -t tmpfs t /mnt && : >/mnt/f || exit 1
			for ((i = 0; i < $1; i++)); do
				coproc taskset -c $i unshare -m sh -c "echo; exec sleep 60"
				read -r _ <&"${COPROC[0]}"; p=$COPROC_PID
				mount --bind /proc/$p/ns/mnt /mnt/f; rc=$?
				kill $p; wait $p; [ $rc = 0 ] || exit 1; umount /mnt/f
			done' _ "$n" >/dev/null 2>&1 && { echo "$c"; return; }
	done
	echo 0
}

start_host() { # start_host HOST [CPU]
	local h=$1 d=$RUN/hosts/$1 cpu=${2:-} all pin=()
	mkdir -p "$d"; echo "$h" >"$d/hostname"; : >"$d/cgroups"
	if [ -n "$cpu" ]; then
		all=$(taskset -cp $$ | sed 's/.*: //')
		pin=(taskset -c "$cpu")
	fi
	(
		# known to down before there is anything to undo; gone with --kill-child
		record "$RUN/holders"
		cgroup_enter "$RUN/cgroup-mounts" "vc-$TAG-$h" "$d/cgroups" || { echo "$h: cannot enter its cgroups"; exit 1; }
		# a clean environment: slurmd hands its own on to the hooks
		exec env --default-signal setsid "${pin[@]}" unshare -n -m -u -i -p -C --fork --kill-child --propagation private \
			${pin[0]+taskset -c "$all"} env -i PATH="$CLEAN_PATH" LANG=C.UTF-8 RUN="$RUN" \
			IMAGES="$IMAGES" SHARE="$SHARE" WLM="$WLM" bash "$SELF" __init "$h"
	) >"$d/init.log" 2>&1 </dev/null &
	disown
}

all_alive() {
	local p s
	while read -r p s; do lives "$p" "$s" || return 1; done <"$RUN/holders"
}
nodes_idle() { # all N nodes, or else a host has ended, which ends the waiting
	local f
	all_alive || return 0
	if [ "$WLM" != slurm ]; then
		for f in "$RUN"/hosts/*/; do [ -s "$f/ready.new" ] || return 1; done
		return 0
	fi
	[ -s "$RUN/hosts/head/ready.new" ] || return 1
	[ "$(in_host head sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" = "$1" ]
}
report_failure() {
	local f
	for f in "$RUN"/hosts/*/init.log "$RUN"/hosts/*/log/init.log; do
		if [ -s "$f" ]; then echo "--- ${f#"$RUN"/hosts/}"; tail -n 5 "$f"; fi
	done >&2
	for f in "$RUN"/hosts/*/log/slurm*d.log; do
		grep -H -E 'error:|fatal:' "$f" 2>/dev/null | tail -n 3
	done >&2
}

check_up() { # is all here that up needs?
	local c n=$1 v
	[ "$(id -u)" = 0 ] || die "cannot start a cluster: needs root"
	[[ $n =~ ^[1-9][0-9]{0,2}$ ]] && [ "$n" -le $MAX_NODES ] ||
		die "cannot start a cluster of '$n' nodes: give a number from 1 to $MAX_NODES"
	case $WLM in
	slurm)	c='slurmctld slurmd sinfo munged' ;;
	none)	c='' ;;
	*)	die "cannot start a cluster with WLM='$WLM': slurm or none" ;;
	esac
	for c in $c unshare nsenter setpriv pivot_root ip; do
		command -v "$c" >/dev/null ||
			die "cannot start a cluster: '$c' not found: install what tests/harness/packages lists"
	done
	for v in STAGE IMAGES; do
		[ -z "${!v}" ] || [ -d "${!v}" ] || die "cannot use $v='${!v}': not a folder"
		[ -z "${!v}" ] || printf -v "$v" %s "$(readlink -f "${!v}")"
	done
	[ -z "$UDIROOT_CONF" ] || [ -f "$UDIROOT_CONF" ] ||
		die "cannot use UDIROOT_CONF='$UDIROOT_CONF': no such file"
	case $RUN in *[:,\\\ ]*) die "cannot use RUN='$RUN': the path contains one of ':,\\ '" ;; esac
}

save_settings() {
	local v
	for v in "${SETTINGS[@]}"; do printf '%s=%q\n' "$v" "${!v}"; done >"$RUN/settings"
}

cluster_up() {
	local n=${1:-4} i t0=$EPOCHREALTIME hub cpu=
	check_up "$n"
	mkdir -p "$RUN" && RUN=$(readlink -f "$RUN") || die "cannot make RUN='$RUN'"
	chmod 755 "$RUN"
	( set -o noclobber; : >"$RUN/holders" ) 2>/dev/null ||
		die "cannot start a cluster in '$RUN': one is up there or was not taken down: cluster.sh down"
	trap 'rc=$?; trap - EXIT; cluster_down >/dev/null; exit $((rc ? rc : 1))' EXIT
	trap 'exit 130' INT; trap 'exit 143' TERM HUP
	echo "$n" >"$RUN/nodes"
	rm -rf "${RUN:?}"/{hosts,home,stage,root}
	mkdir -p "$RUN/hosts" "$RUN/root" && host_homes "$RUN/home" || die "cannot write in '$RUN'"
	choose_cgroups || die "cannot write in '$RUN'"
	save_settings
	if [ -n "$STAGE" ] && [ -d "$STAGE/usr" ]; then
		# a copy, since a file that changes below an overlay is undefined
		mkdir "$RUN/stage" && cp -a --reflink=auto "$STAGE/usr" "$RUN/stage/usr" ||
			die "cannot copy '$STAGE/usr'"
	fi
	write_etc "$n" || die "cannot write '$RUN/etc'"
	(
		record "$RUN/holders"
		# shellcheck disable=SC2016
		exec setsid unshare -n sh -c 'ip link set lo up && ip link add br0 type bridge &&
			ip link set br0 up && : >"$1/hub.ready" && exec sleep infinity' _ "$RUN"
	) </dev/null >"$RUN/hub.log" 2>&1 &
	hub=$!; disown
	wait_until 10 test -e "$RUN/hub.ready" || die "cannot make the network: $(cat "$RUN/hub.log")"
	rm -f "$RUN/hub.ready"
	case $JOBCONTAINER in */none) ;; *) cpu=$(pinning_cpu) ;; esac
	exec 9<"/proc/$hub/ns/net" || die "cannot make the network"
	start_host head "$cpu"
	for ((i = 1; i <= n; i++)); do start_host "node$i" "$cpu"; done
	exec 9<&-
	if ! wait_until 60 nodes_idle "$n" || ! all_alive; then
		report_failure
		die "cannot start the cluster: not all of the $n nodes came up (logs in '$RUN/last')"
	fi
	trap - EXIT INT TERM HUP
	say "up: $n nodes in $(elapsed "$t0")"
}

cluster_down() {
	local p s d t0=$EPOCHREALTIME rc=0
	if [ ! -e "$RUN/holders" ]; then
		[ "${1:-}" != --purge ] || purge
		say "not up"; return 0
	fi
	while read -r p s; do
		if lives "$p" "$s"; then kill -9 "$p"; fi
	done < <(cat "$RUN/holders" "$RUN"/hosts/*/pid 2>/dev/null)
	while read -r p s; do
		wait_until 10 ended "$p" "$s" || { echo "cluster.sh: process $p remains" >&2; rc=1; }
	done < <(cat "$RUN/holders" "$RUN"/hosts/*/pid 2>/dev/null)
	while read -r d; do
		wait_until 5 cgroup_remove "$d" || { echo "cluster.sh: cgroup '$d' remains" >&2; rc=1; }
	done < <(cat "$RUN/probes" "$RUN"/hosts/*/cgroups 2>/dev/null)
	[ $rc = 0 ] || return 1                 # another down must find what remains
	rm -rf "$RUN/last"; [ ! -d "$RUN/hosts" ] || mv "$RUN/hosts" "$RUN/last"
	rm -rf "${RUN:?}"/{home,stage,etc,root,hub.log,hub.ready,cgroup-mounts,probes,settings,nodes}
	rm -f "$RUN/holders"
	[ "${1:-}" != --purge ] || purge
	say "down in $(elapsed "$t0")"
}
purge() {
	if [ -d "$RUN" ]; then rm -rf "$RUN/last" && rmdir "$RUN"; fi
}

node_slurmd() { # node_slurmd HOST start|stop|kill9; returns when it is done
	local h=$1 sig=TERM
	case $2 in
	start)	daemon "$h" /usr/sbin/slurmd || die "$h: slurmd does not start"
		return ;;
	stop)	;;
	kill9)	sig=KILL ;;
	*)	die "unknown action '$2': start, stop or kill9" ;;
	esac
	# shellcheck disable=SC2016
	in_host "$h" sh -c 'kill -s "$1" "$(cat /run/slurmd.pid)"' _ $sig ||
		die "$h: cannot end slurmd"
	# shellcheck disable=SC2016
	wait_until 20 in_host "$h" sh -c '! kill -0 "$(cat /run/slurmd.pid)"' || die "$h: slurmd remains"
}

cluster_reconfig() {
	local n i t0=$EPOCHREALTIME
	read -r n <"$RUN/nodes" || die "cannot reconfigure: no cluster is up in '$RUN'"
	save_settings
	write_slurm "$n" && host_conf "$RUN/etc" "$UDIROOT_CONF" || die "cannot write '$RUN/etc'"
	# shellcheck disable=SC2016
	in_host head sh -c 'kill "$(cat /run/slurmctld.pid)"'
	for ((i = 1; i <= n; i++)); do node_slurmd "node$i" stop; done
	# shellcheck disable=SC2016
	wait_until 20 in_host head sh -c '! kill -0 "$(cat /run/slurmctld.pid)"' ||
		die "slurmctld remains"
	daemon head /usr/sbin/slurmctld || die "slurmctld does not start"
	for ((i = 1; i <= n; i++)); do node_slurmd "node$i" start; done
	wait_until 60 nodes_idle "$n" || die "not all nodes came back: $(in_host head sinfo -h -N -o '%N %T' | tr '\n' ' ')"
	say "reconfigured in $(elapsed "$t0")"
}

cluster_status() {
	local f h p
	[ -e "$RUN/holders" ] || { say "not up"; return 1; }
	! grep -qx WLM=slurm "$RUN/settings" || in_host head sinfo -N -o '%N %T %E'
	for f in "$RUN"/hosts/*/; do
		h=$(basename "$f")
		if p=$(host_pid "$h"); then
			say "$h: pid $p, $(in_host "$h" sh -c 'ls -d /proc/[0-9]* | wc -l') processes"
		else
			say "$h: not running"
		fi
	done
}

cluster_exec() {
	local user='' tty='' h cmd
	while :; do
		case ${1:-} in
		-u) user=${2:?user}; shift 2 ;;
		-t) tty=1; shift ;;
		*) break ;;
		esac
	done
	[ $# -ge 1 ] || die "which host? head, login or node1, node2, ..."
	h=$1; shift
	if [ $# = 0 ]; then
		set -- bash -l
		[ ! -t 0 ] || tty=1
	fi
	if [ -n "$tty" ]; then
		# a terminal of the machine has no name inside the host
		printf -v cmd '%q ' "$@"
		set -- script -qefc "exec $cmd" /dev/null
	fi
	# Slurm hands the submitter's environment to the job: give it one as of a login
	if [ -n "$user" ]; then
		# shellcheck disable=SC2016
		set -- env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="/home/$user" USER="$user" \
			LOGNAME="$user" SHELL=/bin/bash TERM="${TERM:-dumb}" LANG=C.UTF-8 \
			setpriv --reuid="$user" --regid="$user" --init-groups sh -c 'cd && exec "$@"' _ "$@"
	fi
	in_host "$h" "$@"
}

: "${RUN:=/tmp/shifter-cluster}"
RUN=$(readlink -m "$RUN")
# unique to RUN, so that clusters side by side do not meet in the cgroup file systems
TAG=$(printf %s "$RUN" | cksum | cut -d' ' -f1)
if [ "${1:-}" = reconfig ] && [ -r "$RUN/settings" ]; then
	given=$(for v in "${SETTINGS[@]}"; do [ -z "${!v+x}" ] || printf '%s=%q\n' "$v" "${!v}"; done)
	# shellcheck disable=SC1091
	. "$RUN/settings"
	eval "$given"
fi
for v in "${SETTINGS[@]}"; do : "${!v:=}"; done
: "${WLM:=slurm}" "${CPUS:=4}" "${TASKPLUGIN:=task/none}" "${JAGATHER:=jobacct_gather/linux}"
: "${PROLOGFLAGS:=Alloc,Contain,DeferBatch}" "${JOBCONTAINER:=job_container/none}"

case ${1:-} in
up)	shift; cluster_up "$@" ;;
down)	shift; cluster_down "$@" ;;
exec)	shift; cluster_exec "$@" ;;
status)	cluster_status ;;
slurmd)	node_slurmd "${2:?host}" "${3:?action}" ;;
reconfig) cluster_reconfig ;;
__init)	host_init "$2" ;;
help|-h|--help) usage ;;
*)	usage >&2; exit 2 ;;
esac
