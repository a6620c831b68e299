#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# host.sh - hostile roots and volumes change nothing on the host, and root follows no user's path
# (rows 2 and 4 of SECURITY.md)
# shellcheck disable=SC2016,SC2154,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# --- what must not change ---
mkdir -p $IMG/elsewhere/sub && echo kept >$IMG/elsewhere/sub/file && chmod 777 $IMG/elsewhere
mkdir -m 700 $IMG/locked && mkdir -m 755 $IMG/locked/open && echo hidden >$IMG/locked/open/marker
listing() { find "$@" -xdev -printf '%p %y %m %u:%g %s %T@ %l\n' 2>/dev/null | sort; }
host() {
	listing /etc /home/bob $IMG/elsewhere $IMG/locked
	find /etc -xdev -type f -exec sha256sum {} + | sort
	# names only: alice's own may change
	ls -A / /home /var /opt /run /usr /tmp
	sort /proc/self/mountinfo
	ls /proc/sys/kernel/shm* && cat /proc/sys/kernel/core_pattern
}
as alice shifterctl key >/dev/null
up warm; down warm

# --- roots ---
base() { unsquashfs -q -n -d "$IMG/$1" $BUSYBOX >/dev/null; }
base links && for n in etc var opt run tmp dev proc sys home mnt; do
	rm -rf $IMG/links/$n; ln -s $IMG/elsewhere $IMG/links/$n; done
base relative && for n in etc var opt run; do
	rm -rf $IMG/relative/$n; ln -s ../../../../../../etc $IMG/relative/$n; done
base udi && rm -rf $IMG/udi/opt && mkdir $IMG/udi/opt && ln -s /etc $IMG/udi/opt/udiImage && ln -sf /etc/passwd $IMG/udi/var/hostsfile
base loops && for n in etc var opt run tmp; do rm -rf $IMG/loops/$n; ln -s $n $IMG/loops/$n; done
base fifos && for n in etc var opt run tmp home; do rm -rf $IMG/fifos/$n; mkfifo $IMG/fifos/$n; done
base devices && for n in etc var opt run tmp; do rm -rf $IMG/devices/$n; mknod -m 666 $IMG/devices/$n b 7 0; done
base magic && for n in etc var opt run; do rm -rf $IMG/magic/$n; ln -s /proc/self/root/etc $IMG/magic/$n; done
base closed && mkdir -p $IMG/closed/opt && chmod 000 $IMG/closed/{etc,var,opt,tmp}
base inner && for f in passwd group hosts resolv.conf nsswitch.conf; do rm -f $IMG/inner/etc/$f; ln -s /etc/$f $IMG/inner/etc/$f; done &&
	mkdir -p $IMG/inner/run/shifter $IMG/inner/etc && ln -s $IMG/elsewhere $IMG/inner/run/shifter/keys &&
	ln -s $IMG/elsewhere/new $IMG/inner/etc/mtab && mkfifo $IMG/inner/etc/nologin
mkdir $IMG/empty
for root in links relative udi loops fifos devices magic closed inner empty; do
	had=$(host) said='' works=1
	for form in "$IMG/$root" "$IMG/$root.squashfs"; do
		[ -e "$form" ] || mksquashfs "$IMG/$root" "$form" -noappend -quiet -no-progress >/dev/null || works=
		had=$(host)
		if said=$(timeout 60 shifterctl setup --id r --image "local:$form" --user alice --sshd 2>&1); then
			pass "${form##*/}: set up"
			if [ $root = empty ]; then
				ok "${form##*/}: entered" inside r /opt/udiImage/bin/ssh -V
			else
				is "$(inside r cut -d: -f1 /etc/passwd 2>&1 | grep -x alice)" alice "${form##*/}: entered"
			fi
			ok "${form##*/}: sshd" serve r
			if [ $root = empty ]; then
				ok "${form##*/}: ssh" inside r /opt/udiImage/bin/ssh node1 /opt/udiImage/bin/ssh -V
			else
				is "$(inside r /opt/udiImage/bin/ssh node1 cat /etc/container-marker 2>&1 || true)" \
					"$(inside r cat /etc/container-marker 2>&1 || true)" "${form##*/}: ssh"
				inside r sh -c 'for f in /etc/x /var/x /opt/x /run/x /opt/udiImage/x; do echo x >$f; done' >/dev/null 2>&1
			fi
			is "$(sort /proc/self/mountinfo)" "$(sed -n '/ - /p' <<<"$had" | grep '^[0-9]* [0-9]* [0-9]*:' | sort)" \
				"${form##*/}: the host's mounts while it is up"
		else
			is "$(wc -l <<<"$said")" 1 "${form##*/}: refused in one line"
		fi
		ok "${form##*/}: torn down" down r
		is "$(diff <(echo "$had") <(host))" '' "${form##*/}: the host is as before"
	done
	[ -n "$works" ] || fail "$root: an image can be made"
done

# --- volumes: what root can open and alice cannot ---
volume() { # volume REGEX SRC DESC
	refused 3 "$1" "$3" shifterctl setup --id bad --image busybox --user alice --volume "$2:/mnt/v"
}
SNAPSHOT=$(snapshot)
as alice mkdir /home/alice/v /home/alice/good && as alice sh -c 'echo mine >/home/alice/good/marker'
as alice ln -s $IMG/locked/open /home/alice/to-locked; as alice ln -s /proc/1/root /home/alice/magic
as alice ln -s /proc/self/cwd /home/alice/cwd; as alice ln -s loop /home/alice/loop
volume 'Permission denied' $IMG/locked/open 'a folder behind one of root that is closed'
volume 'Permission denied' /home/alice/to-locked 'a link there'
volume 'cannot open volume' /home/alice/magic 'a magic link of /proc'
volume 'cannot open volume' /home/alice/cwd "a magic link to the daemon's folder"
volume 'cannot open volume' /home/alice/loop 'a loop of links'

# --- the same in a race: the path alternates between alice's and what she cannot reach ---
storm='use strict; chdir "/home/alice" or die; symlink("/home/alice/good", "a"); symlink("/img/locked/open", "b"); my $end = time + 60;
	while (time < $end) { unlink "c"; symlink("/home/alice/good", "c"); rename "c", "race"; unlink "c"; symlink("/img/locked/open", "c"); rename "c", "race" }'
as alice perl -e "$storm" & racer=$!
wait_until 5 test -L /home/alice/race
won=0 lost=0 bad=0
for ((i = 0; i < 40; i++)); do
	if said=$(up race --volume /home/alice/race:/mnt/v 2>&1); then
		case $(inside race cat /mnt/v/marker) in mine) won=$((won + 1)) ;; *) bad=$((bad + 1)) ;; esac
		down race || bad=$((bad + 1))
	else
		[[ $said == *'cannot open volume'* ]] || bad=$((bad + 1))
		lost=$((lost + 1))
	fi
done
kill $racer 2>/dev/null; wait $racer 2>/dev/null
is $bad 0 "40 set-ups with a volume that changes under them: $won got alice's, $lost were refused"
ok "both happened" test $won -gt 0 -a $lost -gt 0

# --- the target in a folder image that its owner changes meanwhile ---
cp -a $IMG/inner /home/alice/own && chown -hR alice: /home/alice/own
storm='use strict; chdir "/home/alice/own" or die; my $end = time + 60; mkdir "real"; mkdir "mnt"; rename "mnt", "m";
	while (time < $end) { symlink("/etc", "mnt"); unlink "mnt"; rename "m", "mnt"; rename "mnt", "m" }'
as alice perl -e "$storm" & racer=$!
had=$(host) bad=0
for ((i = 0; i < 25; i++)); do
	if said=$(timeout 60 shifterctl setup --id race --image local:/home/alice/own --user alice \
		--volume /home/alice/good:/mnt/v 2>&1); then
		[ "$(inside race cut -d: -f1 /etc/passwd | grep -cx alice)" = 1 ] || bad=$((bad + 1))
		shifterctl teardown race || bad=$((bad + 1))
	else
		[ "$(wc -l <<<"$said")" = 1 ] || bad=$((bad + 1))
	fi
done
kill $racer 2>/dev/null; wait $racer 2>/dev/null
is $bad 0 "25 set-ups in a folder image that changes under them"
is "$(diff <(echo "$had") <(host))" '' "the host is as before"

# --- what makes root wait: a lease, a file system of alice's that does not answer ---
printf 'imagePath = "%s"\nuserTimeout = 2\n' $IMG >/etc/shifter/udiRoot.conf
as alice cp $BUSYBOX /home/alice/leased
as alice perl -e 'open my $f, "+<", "/home/alice/leased" or die; $SIG{IO} = "IGNORE"; $SIG{POLL} = "IGNORE";
	fcntl($f, 1024, 1) or die "lease: $!"; open my $r, ">", "/tmp/leased"; close $r; sleep 60' & holder=$!
ok "alice has a lease on an image" wait_until 5 test -e /tmp/leased
start=$SECONDS
refused 3 '' "an image with a lease on it" shifterctl setup --id bad --image local:/home/alice/leased --user alice
ok "without waiting for it" test $((SECONDS - start)) -lt 10
kill $holder; wait $holder 2>/dev/null
mkdir -p /run/node $IMG/slow && mount -t tmpfs tmpfs /run/node &&
	mknod -m 666 /run/node/fuse c 10 229 && mount --bind /run/node/fuse /dev/fuse
as alice mkdir -p /home/alice/fuse; chown alice $IMG/slow
as alice bindfs -f --no-allow-other $IMG/slow /home/alice/fuse & server=$!
mounted() { findmnt -rn /home/alice/fuse; }
ok "a file system of alice's own" wait_until 10 mounted
SNAPSHOT=$(snapshot)
ok "is a volume, though root cannot enter it" up f --volume /home/alice/fuse:/mnt/v
ok "which she can use" inside f sh -c 'echo x >/mnt/v/x && cat /mnt/v/x'
ok "teardown" down f
fuse=$(pgrep -x bindfs)
kill -STOP "$fuse"
start=$SECONDS
# meanwhile: a process with her ids that holds what root gave it is none that she can look into
{
	helper() { pgrep -u alice -x shifter-lookup; }
	wait_until 10 helper && as alice ls "/proc/$(helper)/fd" >/dev/null
	echo $? >"$T_DIR/looked"
} 2>/dev/null & looker=$!
refused 3 'did not answer' "one that hangs" shifterctl setup --id bad --image busybox --user alice \
	--volume /home/alice/fuse/deep:/mnt/v
ok "in bounded time" test $((SECONDS - start)) -lt 10
wait $looker
is "$(cat "$T_DIR/looked")" 2 "alice cannot look into the helper that acts as her meanwhile"
kill -CONT "$fuse"; umount -l /home/alice/fuse; wait $server 2>/dev/null
umount /dev/fuse /run/node
done_testing
