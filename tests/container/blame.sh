#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# blame.sh - nothing that a user can do makes a failure the node's, which would be drained for it
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { { printf 'imagePath = "%s"\n' $IMG; printf '%s\n' "$@"; } >/etc/shifter/udiRoot.conf; }
unsquashfs -q -n -d $IMG/dir $BUSYBOX >/dev/null && mkdir -p $IMG/dir/job || exit 1

# image COMMAND: busybox's tree after COMMAND in it, as $IMG/v and $IMG/v.squashfs
image() {
	rm -rf $IMG/v $IMG/v.squashfs
	if ! cp -a $IMG/dir $IMG/v || ! (cd $IMG/v && eval "$1") ||
		! mksquashfs $IMG/v $IMG/v.squashfs -quiet -no-progress >/dev/null; then
		fail "image: $1"
	fi
}
each() { # each COMMAND TEST [ARG...]: with the image of either kind
	image "$1"; shift
	for kind in v v.squashfs; do "$@" "local:$IMG/$kind"; done
}
SNAPSHOT=$(snapshot)

# --- links of the image ---
reserved() { # reserved REGEX DESC [OPTION...] IMAGE
	refused 3 "$1" "$2: ${*: -1}" up bad --image "${@: -1}" "${@:3:$#-3}"
}
set_up() { # set_up DESC CHECK [OPTION...] IMAGE: a container, in which CHECK says "yes"
	ok "$1: ${*: -1}" up b --image "${@: -1}" "${@:3:$#-3}"
	is "$(inside b sh -c "$2")" yes "and what it has there"
	ok "its teardown" down b
}
hosts='test "$(readlink -f /var/hostsfile)" = /run/shifter/hostsfile && echo yes'
for to in / .; do
	each "rm -rf var && ln -s $to var" set_up "/var is a link to $to" "$hosts"
done
each 'rm -rf var && mkdir v && ln -s v var' set_up "/var is a link" "$hosts"
each 'rm -rf var && ln -s /nowhere/at/all var' set_up "/var is a link to nothing" "$hosts"
each 'rm -rf var && echo x >f && ln -s f var' set_up "/var is a link to a file" "$hosts"
for to in etc/passwd etc/hosts run/shifter proc/self opt/udiImage; do
	each "mkdir -p run/shifter proc/self opt/udiImage && touch etc/hosts && rm -rf var && ln -s $to var" reserved "'/var/hostsfile' in it is '/$to/hostsfile', by links of the image, and '/" \
		"/var is a link to $to"
done
for to in etc/passwd run proc/self/cwd dev/shm; do
	each "mkdir -p run proc/self/cwd dev/shm && rm -rf opt && ln -s $to opt" reserved "'/opt/udiImage' in it is '/$to/udiImage', by links of the image, and '/" \
		"/opt is a link to $to"
done
each 'mkdir -p var/hostsfile; rm -rf opt && ln -s var/hostsfile opt' reserved "'/var/hostsfile' is reserved" "/opt is below the hostsfile"
each 'rm -rf var opt && mkdir -p v/hostsfile && ln -s v var && ln -s v/hostsfile opt' reserved \
	"by links of the image '/var/hostsfile' is '/v/hostsfile' and '/opt/udiImage' is '/v/hostsfile/udiImage'" "by two links"
each 'rm -rf var job && mkdir -p v/hostsfile && ln -s v var && ln -s v/hostsfile job' set_up "/job is below the hostsfile" "$hosts"
mkdir -p $IMG/vol && echo volume >$IMG/vol/f
each 'rm -rf var && mkdir -p v/hostsfile/y && ln -s v var' reserved "volume '$IMG/vol' on '/v/hostsfile/y'.* is reserved" \
	"a volume below the hostsfile" --volume $IMG/vol:/v/hostsfile/y
each 'rm -rf opt && mkdir -p o/udiImage && ln -s o opt' reserved "volume '$IMG/vol' on '/o/udiImage/y'" \
	"a volume below udiImage" --volume $IMG/vol:/o/udiImage/y
each 'rm -rf var && mkdir -p v && ln -s v var' set_up "a home below the hostsfile" "$hosts" --home /v/hostsfile/alice
conf 'siteFs = { "/img/vol:/s/hostsfile/x" }'
each 'rm -rf var && mkdir -p s && ln -s s var' reserved "the site's '/s/hostsfile/x'.* is reserved" "a site mount below the hostsfile"
conf
each 'mkdir -p a/b; d="a
b"; mkdir -p "$d" usr/bin && echo x >"$d/ssh" && rm -f usr/bin/ssh && ln -s "/$d/ssh" usr/bin/ssh' \
	set_up "ssh is a link to a path of two lines" 'test "$(cat /usr/bin/ssh)" = x && echo yes' --sshd

# --- names that no file system has; what is no image ---
long=$(printf 'd%.0s' {1..256})
for target in /$long /usr/$long /mnt/$long/x; do
	refused 3 "^shifterctl: .*volume '$IMG/vol:$target'" "a volume at a name of 256 bytes" up bad --volume "$IMG/vol:$target"
done
refused '2|3' "^shifterctl: .*home" "a home of such a name" up bad --home "/$long"
conf "siteFs = { \"/img/vol:/mnt/$long\" }"
refused 4 "^shifterctl: .*siteFs" "a target of the site's, which is the site's fault" up bad
conf
for path in /proc /proc/sys /proc/self; do
	refused 3 "^shifterctl: cannot " "$path as an image" up bad --image local:$path
done

# --- another mount namespace of the user's ---
setpriv --reuid=alice --regid=alice --init-groups unshare -Urm sleep 1000 & other=$!
elsewhere() { [ "$(cat "/proc/$other/comm")" = sleep ]; }
ok "a mount namespace of the user's" wait_until 10 elsewhere
as alice ln -s "/proc/$other/root/$IMG/dir" /home/alice/other
SNAPSHOT=$(snapshot)
for path in "/proc/$other/root$IMG/dir" /home/alice/other; do
	refused 3 "^shifterctl: cannot .*image '$path'" "an image in it: $path" up bad --image "local:$path"
done
kill $other; wait $other 2>/dev/null

# --- a directory that cannot be a layer of one more overlay ---
mkdir -p $IMG/u $IMG/w $IMG/ov
ok "an overlay" mount -t overlay -o lowerdir=$IMG/dir,upperdir=$IMG/u,workdir=$IMG/w ov $IMG/ov
SNAPSHOT=$(snapshot)
refused 3 "^shifterctl: cannot lay the site's files over the image" "a writable image that is an overlay" \
	up bad --image local:$IMG/ov --writable
umount $IMG/ov
SNAPSHOT=$(snapshot)

# --- the helper that is the user ---
hang waits
ok "a file system that does not answer" wait_until 10 hang_has_said mounted
SNAPSHOT=$(snapshot)
up k --volume /home/alice/hang:/mnt/v >"$T_DIR/up" 2>&1 & job=$!
ok "a set-up that waits for it" wait_until 10 hang_has_lookup
as alice kill -KILL "$(pgrep -u alice -x shifter-lookup)"
wait $job
is "$?" 3 "its helper is killed by the user: the user's fault"
like "$(cat "$T_DIR/up")" "^shifterctl: cannot look up the sources of volumes: .* a process of the user's killed it" "as it says"
unchanged "nothing is left"
kill $HANG_SERVER; wait $HANG_SERVER 2>/dev/null; umount -l /home/alice/hang
SNAPSHOT=$(snapshot)

# keys of the user's until there may be no more (keyrings(7)); a session keyring of root's
ok "a program for keys" gcc -D_GNU_SOURCE -O1 -Wall -o "$T_DIR/keys" "$tests/container/keys.c"
chmod 755 "$T_DIR" "$T_DIR/keys"
key=$(as alice shifterctl key)
setpriv --reuid=alice --regid=alice --init-groups "$T_DIR/keys" fill >"$T_DIR/full" & holder=$!
has_filled() { [ -s "$T_DIR/full" ]; }
ok "a container that is there already" up q --sshd
ok "a user without a key left" wait_until 10 has_filled
t_run "$T_DIR/keys" shifterctl sshd q --principal udi.test.q --user-key "$key"
like "$T_RC $T_OUT" "^3 shifterctl: cannot read the udiRoot key .* or a limit or quota of the user's did\$" "has no sshd"
ok "its teardown" down q
t_run "$T_DIR/keys" shifterctl setup --id q --image "local:$BUSYBOX" --user alice --volume $IMG/vol:/mnt/v
is "$T_RC" 3 "has no container, which is not the node's fault"
like "$T_OUT" "^shifterctl: cannot look up .* or a limit or quota of the user's did\$" "as it says"
ok "has them again" as alice "$T_DIR/keys" clear
kill $holder; wait $holder 2>/dev/null
unchanged "nothing is left"

# --- the processes that bring up sshd are the user's ---
stopper() { # stopper NAME: as alice, stop each process of that name as soon as it is there
	setpriv --reuid=alice --regid=alice --init-groups perl -e '
		for (;;) {
			for my $stat (glob "/proc/[0-9]*/stat") {
				open my $fh, "<", $stat or next;
				my ($pid, $comm) = (<$fh> // "") =~ /^(\d+) \((.*)\)/ or next;
				kill "STOP", $pid if $comm eq $ARGV[0];
			}
		}' "$1" & stopper=$!
}
key=$(as alice shifterctl key)
for name in udi-host-key sshd; do
	ok "a container" up s --sshd
	stopper $name
	t_run timeout 60 shifterctl sshd s --principal udi.test.s --user-key "$key" --timeout 3000
	kill $stopper; wait $stopper 2>/dev/null
	like "$T_RC $T_OUT" '^[34] shifterctl: .* (did not end within|did not answer|does not serve)' "$name is stopped by the user"
	ok "its teardown" down s
	unchanged "nothing is left"
done

# --- limits of the caller's: neither the job's nor the site's fault, and no end without a word ---
for n in 8 10 12; do
	refused 5 "^shifterctl: cannot " "$n descriptors" bash -c "ulimit -n $n && exec shifterctl setup --id bad --image local:$BUSYBOX --user alice"
done
ok "a container" up limit
t_run bash -c 'ulimit -f 1 && exec shifterctl teardown limit'
[ "$T_RC" = 0 ] || like "$T_RC $T_OUT" "^5 shifterctl: cannot .*: File too large$" "a teardown that may write no file says so"
ok "it is torn down" down limit
unchanged "nothing is left"

# --- a keeper that is asked by more than it can hear ---
ok "a container" up full
keeper=$(field full keeper_pid)
kill -STOP "$keeper"
ok "a program that asks" gcc -D_GNU_SOURCE -O1 -Wall -o "$T_DIR/ask" "$tests/container/ask.c"
{ ulimit -n 10000; exec "$T_DIR/ask"; } >"$T_DIR/asked" & asker=$!
has_asked() { [ -s "$T_DIR/asked" ]; }
ok "its queue is filled" wait_until 30 has_asked
like "$(cat "$T_DIR/asked")" '^4[0-9]{3} Resource' "as far as it goes"
t_run timeout 60 shifterctl teardown full
is "$T_RC" 0 "it is torn down all the same"
kill $asker; wait $asker 2>/dev/null
unchanged "nothing is left"
done_testing
