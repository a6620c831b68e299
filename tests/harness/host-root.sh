# shellcheck shell=bash
# shellcheck disable=SC2015                    # A && B || return: when either fails
# SPDX-License-Identifier: BSD-3-Clause
#
# host-root.sh - a root for a virtual host; to be sourced, by root.
#
# The root is a tmpfs on which the machine's folders are bound.  /etc, /home, /run,
# /tmp, /var, /dev/pts and /dev/shm are the host's own; /usr, /var/lib and
# /var/cache are the machine's, read-only.

# host_etc ETC STAGE: a private copy of the machine's /etc with the users alice and
# bob, and STAGE/etc over it ("" for none).  It is to be mounted whole: a single file bound
# over /etc/passwd is lost as soon as somebody renames a new one into place.
host_etc() {
	local e=$1 stage=$2
	rm -rf "${e:?}" && cp -a /etc "$e" || return 1
	if [ -n "$stage" ] && [ -d "$stage/etc" ]; then
		cp -a "$stage/etc/." "$e/" || return 1
	fi
	# names and numbers are ours, whoever has them outside
	awk -F: '$1 !~ /^(alice|bob)$/ && $3 != 2001 && $3 != 2002' /etc/passwd >"$e/passwd" &&
	awk -F: '$1 !~ /^(alice|bob|proj)$/ && $3 !~ /^(2001|2002|2100)$/' /etc/group >"$e/group" &&
	awk -F: '$1 !~ /^(alice|bob)$/' /etc/shadow >"$e/shadow" || return 1
	cat >>"$e/passwd" <<-END
	alice:x:2001:2001:Alice:/home/alice:/bin/bash
	bob:x:2002:2002:Bob:/home/bob:/bin/bash
	END
	printf 'alice:x:2001:\nbob:x:2002:\nproj:x:2100:alice\n' >>"$e/group"
	printf '%s:*:19000:0:99999:7:::\n' alice bob >>"$e/shadow"
}

# host_homes HOME: private homes of alice and bob
host_homes() {
	mkdir -p "$1" && install -d -m 700 -o 2001 -g 2001 "$1/alice" &&
	install -d -m 700 -o 2002 -g 2002 "$1/bob"
}

# host_conf ETC FILE: FILE becomes the host's udiRoot.conf ("" for none)
host_conf() {
	[ -n "$2" ] || return 0
	mkdir -p "$1/shifter" && install -o root -g root -m 0644 "$2" "$1/shifter/udiRoot.conf"
}

# host_share ROOT FOLDER...: seen at their own paths
host_share() {
	local r=$1 f; shift
	for f; do mkdir -p "$r$f" && mount --rbind "$f" "$r$f" || return 1; done
}

# host_root ROOT ETC HOME STAGE CGROUPS: mount it all on ROOT.  STAGE/usr is laid over
# /usr ("" for none), setuid programs included; CGROUPS is a mounts file of cgroups.sh.
host_root() {
	local r=$1 etc=$2 home=$3 stage=$4 f
	mount -t tmpfs -o mode=755 tmpfs "$r" || return 1
	for f in /* /.[!.]*; do
		if [ -L "$f" ]; then cp -P "$f" "$r$f"; continue; fi
		[ -d "$f" ] || continue
		case $f in
		/proc|/sys|/dev|/run|/tmp|/home|/etc|/var|/usr|/images|/lost+found) ;;
		*) mkdir "$r$f" && mount --rbind "$f" "$r$f" || return 1 ;;
		esac
	done
	mkdir -p "$r"/{proc,sys,dev,run,tmp,home,etc,var,usr} || return 1
	if [ -n "$stage" ] && [ -d "$stage/usr" ]; then
		mount -t overlay -o "ro,lowerdir=$stage/usr:/usr" overlay "$r/usr" || return 1
	else
		mount --rbind /usr "$r/usr" && mount -o remount,bind,ro "$r/usr" || return 1
	fi
	mount --bind "$etc" "$r/etc" && mount --bind "$home" "$r/home" &&
	mount -t tmpfs -o mode=755 tmpfs "$r/run" &&
	mount -t tmpfs -o mode=1777 tmpfs "$r/tmp" &&
	mount -t tmpfs -o mode=755 tmpfs "$r/var" &&
	mount -t proc -o nosuid,nodev,noexec proc "$r/proc" &&
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$r/sys" && cgroup_mount "$5" "$r" || return 1
	# The kernel's device file system without what the machine mounts in it: new
	# loop devices appear, the terminals are this host's.
	mount -t devtmpfs -o mode=755,nosuid devtmpfs "$r/dev" 2>/dev/null ||
		mount --rbind /dev "$r/dev" || return 1
	mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$r/dev/pts" &&
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$r/dev/shm" &&
	mkdir -p "$r/run/lock" "$r"/var/{lib,cache,log,spool,tmp} &&
	chmod 1777 "$r/run/lock" "$r/var/tmp" &&
	ln -s /run "$r/var/run" && ln -s /run/lock "$r/var/lock" || return 1
	for f in lib cache; do
		mount --rbind "/var/$f" "$r/var/$f" && mount -o remount,bind,ro "$r/var/$f" || return 1
	done
}

# host_enter ROOT: make it the root of this mount namespace, shared as on a machine
# with systemd
host_enter() {
	cd "$1" && mkdir .old && pivot_root . .old && cd / && umount -l /.old && rmdir /.old &&
	mount --make-rshared /
}
