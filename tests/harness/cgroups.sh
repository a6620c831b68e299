# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# cgroups.sh - cgroups for a virtual host, on v1, v2, hybrid or no cgroups; to be sourced.
#
# A "mounts" file holds the machine's usable cgroup file systems, a line each:
# TYPE TARGET CONTROLLERS OWN, OWN being the folder of the cgroup we run in.

cgroup_list() {
	awk '
	FILENAME == "/proc/self/cgroup" {
		i = index($0, ":"); rest = substr($0, i + 1); j = index(rest, ":")
		own[substr(rest, 1, j - 1)] = substr(rest, j + 1)
		next
	}
	{
		for (i = 7; $i != "-"; i++);
		type = $(i + 1)
		if ((type != "cgroup" && type != "cgroup2") || index($5, "/sys/fs/cgroup") != 1)
			next
		n = split($(i + 3), opt, ","); ctl = ""
		for (i = 1; i <= n; i++)
			if (opt[i] ~ /^(name=.*|blkio|cpu|cpuacct|cpuset|devices|freezer|hugetlb|memory|misc|net_cls|net_prio|perf_event|pids|rdma)$/)
				ctl = ctl (ctl == "" ? "" : ",") opt[i]
		if (type == "cgroup2")
			ctl = ""
		if (!(ctl in own) || ($5 in seen))
			next
		path = own[ctl]
		if ($4 != "/" && index(path, $4) == 1)
			path = substr(path, length($4) + 1)
		sub("/+$", "", path)
		print type, $5, ctl == "" ? "-" : ctl, $5 path
		seen[$5] = 1
	}' /proc/self/cgroup /proc/self/mountinfo
}

# cgroup_probe MOUNTS NAME RECORD: write MOUNTS, trying each with a cgroup NAME, and set
# cgroup_kind to v1 (with the freezer, as Slurm needs it), v2 or none.  What it makes for
# a moment is noted in RECORD before.
cgroup_probe() {
	local type target ctl own
	cgroup_kind=none
	: >"$1" || return 1
	while read -r type target ctl own; do
		echo "$own/$2" >>"$3"
		mkdir "$own/$2" 2>/dev/null || continue
		rmdir "$own/$2"
		echo "$type $target $ctl $own" >>"$1"
		case $type,$ctl, in
		*,freezer,*) cgroup_kind=v1 ;;
		cgroup2,*) [ $cgroup_kind = v1 ] || cgroup_kind=v2 ;;
		esac
	done < <(cgroup_list)
}

# cgroup_enter MOUNTS NAME RECORD: the calling shell joins cgroups NAME made for it;
# their folders are noted in RECORD, a line each, before they exist.
cgroup_enter() {
	local type target ctl own d f
	while read -r type target ctl own; do
		d=$own/$2
		echo "$d" >>"$3"
		mkdir -p "$d" || return 1
		case ,$ctl, in *,cpuset,*)              # an empty cpuset admits no process
			for f in cpuset.cpus cpuset.mems; do cat "$own/$f" >"$d/$f" || return 1; done
			echo 1 >"$d/cgroup.clone_children" ;;
		esac
		echo "$BASHPID" >"$d/cgroup.procs" || return 1
	done <"$1"
}

# cgroup_mount MOUNTS ROOT: below ROOT, what the machine has, each rooted at the
# cgroup that was the caller's when it made its cgroup namespace.
cgroup_mount() {
	local type target ctl own c base=$2/sys/fs/cgroup
	[ -s "$1" ] || return 0
	read -r type target ctl own <"$1"
	if [ "$type" = cgroup ] || [ "$target" != /sys/fs/cgroup ]; then
		mount -t tmpfs -o mode=755 tmpfs "$base" || return 1
	fi
	while read -r type target ctl own; do
		mkdir -p "$2$target"
		if [ "$type" = cgroup2 ]; then
			mount -t cgroup2 cgroup2 "$2$target" || return 1
			continue
		fi
		mount -t cgroup -o "${ctl/#name=/none,name=}" cgroup "$2$target" || return 1
		for c in ${ctl//,/ }; do                # cpu -> cpu,cpuacct and the like
			case $c in name=*) continue ;; esac
			[ -e "$base/$c" ] || ln -s "${target##*/}" "$base/$c"
		done
	done <"$1"
}

# cgroup_remove FOLDER: with whatever was made below it; fails while one is in use
cgroup_remove() {
	[ -d "$1" ] || return 0
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}
