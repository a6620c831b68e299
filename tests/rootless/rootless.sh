#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# rootless.sh - shifter --image without a job: the same result as in one, and nothing left
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# udev gives everybody the device; this machine's own is left alone
{ mknod -m 666 /run/fuse c 10 229 && mount --bind /run/fuse /dev/fuse; } || exit 1
SNAPSHOT=$(snapshot)

# --- images: one file tree, as a folder and as squashfs, with metadata ---
DIR=$IMG/dir SQUASH=$IMG/squash.squashfs
unsquashfs -q -n -d $DIR $BUSYBOX >/dev/null && mkdir $DIR/srv $DIR/work $DIR/private &&
	chmod 700 $DIR/private && mkdir $DIR/suid && cp $DIR/bin/busybox $DIR/suid/busybox && chmod 4755 $DIR/suid/busybox &&
	printf '#!/bin/sh\necho entry "$@"\n' >$DIR/bin/entry && chmod 755 $DIR/bin/entry &&
	echo no >$DIR/bin/unexecutable && mksquashfs $DIR $SQUASH -quiet -no-progress >/dev/null || exit 1
printf '%s\n' 'FORMAT: squashfs' 'ENV: FROM_IMAGE=image' 'ENV: BOTH=image' 'ENTRY: ["/bin/entry","one two"]' \
	'WORKDIR: /srv' >$IMG/squash.meta && cp $IMG/squash.meta $DIR.meta || exit 1
install -d -o alice -g alice /data/alice /home/alice/w && install -d -m 700 -o bob -g bob /data/bob || exit 1
echo volume >/data/alice/file
printf 'siteEnv = { "FROM_SITE=site", "BOTH_SITE=site" }\n' >>/etc/shifter/udiRoot.conf

own() { as alice shifter "$@"; }
own_sh() { local image=$1 script=$2; shift 2; as alice shifter --image="$image" "$@" -- sh -c "$script"; }
no_server() { ! pgrep -x 'squashfuse(_ll)?' >/dev/null; }
server() { pgrep -x 'squashfuse(_ll)?'; }
says() { # says REGEX DESC CMD...: 125 and one line that says so
	local regex=$1 desc=$2; shift 2
	t_run "$@"
	if [ "$T_RC" = 125 ] && [[ $T_OUT =~ $regex ]] && [ "$(wc -l <<<"$T_OUT")" = 1 ] && [[ $T_OUT != *. ]]
	then pass "$desc"; else t_failed "$desc" "125, and one line like '$regex'" "$@"; fi
}

# --- the same as in a job ---
up job --image $SQUASH >/dev/null || exit 1
LOOK='id -u; id -g; cat /etc/passwd /etc/group /etc/nsswitch.conf /etc/resolv.conf /etc/hosts; pwd; ls -A / /run /run/user
	ls /etc/nologin /var/hostsfile 2>&1; ls /opt/udiImage/bin /home /proc/1/ns 2>&1; awk "{ print \$5 }" /proc/self/mountinfo | sort
	grep -E "^(NoNewPrivs|Cap)" /proc/self/status; echo $FROM_IMAGE $FROM_SITE $BOTH $BOTH_SITE $PATH $HOME; stat -c %a /run/user/$(id -u)
	touch /x /etc/x /bin/x /sys/x 2>&1; cat /etc/container-marker; ls -A /private 2>&1; /suid/busybox id -u'
in_job=$(cd /home/alice/w && as alice env BOTH=mine FUSE=1 shifter --container=job -e BOTH_SITE=mine -- sh -c "$LOOK" 2>&1)
like "$in_job" 'alice:x:2001.*node1.*Read-only.*libshifter.*2001$' "a job's container has what is looked at"
for image in $SQUASH $DIR; do
	is "$(cd /home/alice/w && as alice env BOTH=mine FUSE=1 shifter --image=$image -e BOTH_SITE=mine -- sh -c "$LOOK" 2>&1)" \
		"$in_job" "all of it is the same in a container of one's own, of $image"
done
down job || exit 1
ok "nothing serves images any more" wait_until 5 no_server
unchanged "and nothing is left"

# --- options ---
for image in local:$SQUASH $DIR; do
	is "$(own_sh $image 'echo $A-$FROM_IMAGE' -e A=1 -e FROM_IMAGE=)" '1-' "-e, $image"
	printf 'A=file\nB=b c\n' >/home/alice/vars
	is "$(own_sh $image 'echo $A-$B' --env-file=/home/alice/vars -e A=1)" '1-b c' "--env-file"
	is "$(as alice env A=1 LD_LIBRARY_PATH=/l shifter --image=$image -- sh -c 'echo $A-$LD_LIBRARY_PATH')" 1-/l \
		"the caller's variables, the loader's too"
	is "$(as alice env A=1 shifter --clearenv --image=$image -- sh -c 'echo $A-$HOME')" -/home/alice "--clearenv"
	is "$(own --image=$image --entrypoint -- x)" 'entry one two x' "--entrypoint"
	is "$(own --image=$image --entrypoint=/bin/echo -- x)" x "--entrypoint=CMD"
	is "$(own --image=$image --workdir=/work -- pwd):$(own --image=$image --workdir -- pwd)" /work:/srv "--workdir"
	is "$(own --image=$image -V /data/alice:/work -- cat /work/file)" volume "--volume"
	like "$(own_sh $image 'cat /work/file /new/file && touch /work/x' -V /data/alice:/work:ro -V /data/alice:/new 2>&1)" \
		'volume.volume.*Read-only' "two of them, one read-only"
	is "$(own_sh $image 'read -r line; echo "got $line"' <<<stdin)" 'got stdin' "standard input and output"
	exits 7 "the command's exit status" own_sh $image 'exit 7'
	exits 127 "127 for what is not there" own --image=$image -- nonesuch
	exits 126 "126 for what cannot be executed" own --image=$image -- /bin/unexecutable
	exits 137 "the command's death by a signal" bash -c '"$@"; exit' x \
		setpriv --reuid=alice --regid=alice --init-groups shifter --image=$image -- sh -c 'kill -KILL $$'
done

# --- files that can be changed ---
MINE=/home/alice/mine
cp -a $DIR $MINE && chown -R alice:alice $MINE && (cd $MINE && find . -ls | sort) >/run/mine-before || exit 1
is "$(own_sh $MINE 'echo new >/etc/new && echo changed >/etc/container-marker && rm /bin/entry && mkdir /opt/mine /top &&
	touch /usr/x /top/y && cat /etc/new /etc/container-marker && ls /bin/entry /top 2>&1' --writable)" \
	"$(printf 'new\nchanged\nls: /bin/entry: No such file or directory\n/top:\ny')" "--writable: what one does is done"
is "$(cd $MINE && find . -ls | sort | diff /run/mine-before - 2>&1)" "" "and nothing of it in the image"
like "$(own_sh $MINE 'touch /etc/passwd /opt/udiImage/x /proc/x /sys/x; >/etc/passwd && echo mine' --writable 2>&1)" \
	'udiImage/x: Read-only' "udiImage stays as it is"
for image in $SQUASH $DIR; do
	says "^shifter: cannot make image '$image' writable without a job: it is not a directory of your own: make one with 'shifter import'" \
		"--writable with $image: refused" own --image=$image --writable -- true
done
says '^shifter: cannot make the job.s container writable: it is set up already' "--writable without an image" own --writable -- true
is "$(own --image=busybox -- cat /etc/container-marker)" "$(cat $DIR/etc/container-marker)" "an image of the store, by its name"
ok "nothing serves images any more" wait_until 5 no_server

# --- a job of the same image, and of another ---
up job --image busybox >/dev/null || exit 1
in_job() { as alice env SHIFTER_CONTAINER=job SHIFTER_IMAGE=id:busybox shifter "$@"; }
ns=$(inside job readlink /proc/self/ns/mnt)
is "$(in_job --image=busybox -- readlink /proc/self/ns/mnt)" "$ns" "the job's image by another name is the job's container"
is "$(in_job --image=busybox --workdir=/usr -- pwd)" /usr "with options"
unlike "$(in_job --image=$DIR -- sh -c 'readlink /proc/self/ns/mnt; ls -d /work')" "$ns" "another image is a container of one's own"
is "$(in_job --image=$DIR -- ls -d /work)" /work "of that image"
down job || exit 1

# --- who serves an image, and until when ---
as alice shifter --image=$SQUASH -- sh -c 'sleep 1000 & echo $!; exec sleep 1001' >/run/pids &
wait_until 10 running 'sleep 1001' || fail "a command in the background"
pid=$(pgrep -fx 'sleep 1001') server=$(server)
is "$(ps -o stat=,tty= -p $pid | grep -c .):$(cut -d' ' -f4 /proc/$server/stat)" 1:1 "it is no child of the command's"
like "$(grep -E '^(Uid|NoNewPrivs|CapBnd)' /proc/$server/status | tr '\n' ' ')" \
	'2001.2001.2001.2001.*CapBnd:.0000000000000000.*NoNewPrivs:.1' "it has no privilege"
is "$(find /proc/$server/fd -type l -printf '%f %l\n' | sort -n | sed 's/memfd:.*/memfd/' | tr '\n' ' ')" \
	"0 /dev/null 1 /dev/null 2 /memfd 3 $SQUASH 4 /dev/fuse 5 $SQUASH " "and no descriptor but its own"
kill -TERM $server; kill -INT $server; kill -HUP $server
# through an overlay, so that root may look; nothing has read this file before
ok "the signals that end a job leave it alone" cmp /proc/$pid/root/bin/entry $DIR/bin/entry
kill -KILL $pid; wait $! 2>/dev/null
ok "killed, the command leaves what it started" running 'sleep 1000'
is "$(server)" "$server" "and that still has its image"
kill -KILL "$(pgrep -fx 'sleep 1000')"
ok "with the last process the server goes" wait_until 5 no_server

# --- a terminal ---
terminal() { # terminal SCRIPT: what is typed in a shell of the container, byte by byte
	as alice script -qec "shifter --image=$SQUASH -- sh -i" /dev/null < <(eval "$1") | tr -d '\r'
}
out=$(terminal 'echo "echo pid \$\$; sleep 1003"; wait_until 10 running "sleep 1003"; sleep 0.2; printf "\003"
	wait_until 10 not_running "sleep 1003"; echo "cat /etc/container-marker"; echo "sleep 1004 &"; echo "jobs"
	wait_until 10 running "sleep 1004"; echo "kill %1; wait; tty; exit 5"')
like "$out" 'libshifter.*sleep 1004.*/dev/pts/' "Ctrl-C ends the command, not the shell and not the image; jobs and tty work"
unlike "$out" 'job control turned off' "there is job control"
exits 5 "the shell's exit status" as alice script -qec "shifter --image=$SQUASH -- sh -c 'exit 5'" /dev/null
like "$(own --image=$SQUASH <<<'echo shell $0')" shell "without a command it is a shell"
ok "nothing serves images any more" wait_until 5 no_server

# --- mistakes ---
says "root" "root" shifter --image=$DIR -- true
says "no image 'local:/nonesuch'|there is no image" "an image that is none" own --image=/nonesuch -- true
says 'nonesuch' "a name that is none" own --image=nonesuch -- true
says "neither '/PATH' nor" "a relative path" own --image=./dir -- true
chmod 600 $SQUASH; says 'Permission denied' "an unreadable squashfs file" own --image=$SQUASH -- true; chmod 644 $SQUASH
chmod 700 $DIR; says 'Permission denied' "an unreadable folder" own --image=$DIR -- true; chmod 755 $DIR
says 'Permission denied' "a volume of bob's" own --image=$DIR -V /data/bob/x:/work -- true
says "'/etc'" "a volume on /etc" own --image=$DIR -V /data/alice:/etc -- true
says 'not set up|no hosts|not that of a job' "waiting without a job" own --image=$DIR wait
says 'without --image|name an image' "neither a job nor an image" own -- true
says 'leave out --volume' "a volume for a container that exists" own --container=x -V /a:/b -- true
head -c 20000 $BUSYBOX >$IMG/short.squashfs
says truncated "a truncated image" own --image=$IMG/short.squashfs -- true
{ head -c 96 $BUSYBOX; head -c "$(($(stat -c %s $BUSYBOX) - 96))" /dev/urandom; } >$IMG/damaged.squashfs
says "damaged.squashfs.*(squashfuse|error)" "a damaged image" own --image=$IMG/damaged.squashfs -- true
ok "nothing serves images any more" wait_until 5 no_server
printf 'allowLocalImages = false\n' >>/etc/shifter/udiRoot.conf
says allowLocalImages "a local image where the site forbids it" own --image=$DIR -- true
sed -i '$d' /etc/shifter/udiRoot.conf

# --- what the node does not have ---
without() { # without FILE CMD...: with /dev/null over it
	local rc; mount --bind /dev/null "$1" || return 1
	"${@:2}"; rc=$?; umount "$1" || return 1; return $rc
}
without_squashfuse() { without /usr/bin/squashfuse_ll without /usr/bin/squashfuse own --image=$SQUASH -- true; }
says 'package squashfuse.*shifter import' "no squashfuse" without_squashfuse
chmod 600 /run/fuse; says "/dev/fuse.*Permission denied" "a /dev/fuse for root only" own --image=$SQUASH -- true
ok "folders need neither" without /usr/bin/squashfuse_ll own --image=$DIR -- true
chmod 666 /run/fuse
# the setting is one of each user namespace: in a new one it is nobody else's
limited() { # limited SETTING CMD...
	local setting=$1 fifo=/run/limited rc; shift
	mkfifo $fifo || return 1
	# root of the namespace has its rights from the first exec after the map is written
	unshare --user bash -c 'read -r <"$1"; shift; exec bash -c "echo 0 >\$1 || exit 99; shift; exec \"\$@\"" x "$@"' x $fifo \
		"/proc/sys/user/$setting" setpriv --reuid=2001 --regid=2001 --clear-groups "$@" &
	wait_until 5 test -e "/proc/$!/uid_map"
	until echo '0 0 65536' >"/proc/$!/uid_map" 2>/dev/null; do kill -0 $! || return 1; done
	echo '0 0 65536' >"/proc/$!/gid_map"; echo >$fifo; wait $!; rc=$?
	rm $fifo; return $rc
}
for setting in max_user_namespaces max_mnt_namespaces; do
	says "user.$setting is 0.*administrator" "user.$setting = 0" limited $setting shifter --image=$DIR -- true
done
unchanged "nothing is left at the end"
done_testing
