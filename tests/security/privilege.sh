#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# privilege.sh - code of images and users never has privilege, nor what was the daemon's
# (rows 1, 3 and 5 of SECURITY.md)
# shellcheck disable=SC2016,SC2154,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
# shellcheck source=tests/security/security.bash
. "$tests/security/security.bash" || exit 1

ok "a hostile root" hostile_root $IMG/evil
mksquashfs $IMG/evil $IMG/evil.squashfs -noappend -quiet -no-progress >/dev/null
mkdir -p $IMG/vol && cp -p "$T_DIR/ids" $IMG/vol/suid && chown root:root $IMG/vol/suid && chmod 6755 $IMG/vol/suid &&
	cp "$T_DIR/ids" $IMG/vol/caps && setcap cap_setuid,cap_setgid=ep $IMG/vol/caps && mknod -m 666 $IMG/vol/zero c 1 5
is "$(as alice $IMG/vol/suid)" '0 0' "the setuid program of the test has effect on the host"
is "$(as alice $IMG/vol/caps)" '0 0' "so have the capabilities of its file"
ok "and its device node" as alice dd if=$IMG/vol/zero of=/dev/null bs=1 count=1

# what a batch daemon has, and its children must not: a descriptor, a keyring, ignored and blocked
# signals, a protection against the memory's end, a priority, a session, a limit, a umask, a
# capability that is inherited
install -m 600 /dev/stdin /img/secret <<<secret
daemon() { # daemon CMD...
	nice -n 3 prlimit --cpu=600: --core=1024: setpriv --inh-caps +net_raw perl -e 'use strict; open my $f, "<", "/img/secret" or die; require POSIX; POSIX::dup2(fileno $f, 77);
		my ($type, $name, $key) = ("user", "daemon-secret", "x");
		syscall(250, 1, 0) >= 0 or die "keyctl: $!"; syscall(248, $type, $name, $key, 1, -3) >= 0 or die "add_key: $!";
		$SIG{$_} = "IGNORE" for qw(HUP TERM USR1 PIPE CHLD);
		POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new(POSIX::SIGINT(), POSIX::SIGUSR2()));
		open my $o, ">", "/proc/self/oom_score_adj" or die; print $o "300"; close $o; umask 0; exec @ARGV' "$@"
}
like "$(daemon grep -h -E 'daemon-|^300|^secret|^Umask|^Sig(Blk|Ign)' /proc/keys /proc/self/oom_score_adj /dev/fd/77 /proc/self/status)" \
	'daemon-secret.*300.*secret.*Umask:[^S]*0000.*SigBlk:[^S]*[1-9].*SigIgn:[^S]*[1-9]' \
	"the daemon of the test has what it must not leave"
like "$(daemon awk 'FNR == NR { print $19 } /cpu time/' /proc/self/stat /proc/self/limits)" '^3.*600 ' "a priority and a limit, too"
like "$(daemon grep CapInh /proc/self/status)" '[1-9a-f]' "and a capability that is inherited"

# clean WHAT RUN...: RUN, which runs a command inside, does so without anything of the daemon's
clean() {
	local what=$1 status; shift
	status=$("$@" cat /proc/self/status)
	is "$(awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }' <<<"$status")" $'2001 2001 2001 2001\n2001 2001 2001 2001' \
		"$what: the ids are alice's, all of them"
	unlike "$(awk '/^Groups:/ { $1 = ""; print $0 " " }' <<<"$status")" ' 0 ' "$what: not in group 0"
	is "$(awk '/^Cap/ { print $2 }' <<<"$status" | sort -u)" 0000000000000000 "$what: no capability in any set"
	is "$(awk '/^NoNewPrivs:/ { print $2 }' <<<"$status")" 1 "$what: no_new_privs"
	# but for SIGQUIT, which busybox's shell ignores
	is "$(awk '/^Sig(Blk|Ign):/ { print $2 }' <<<"$status" | sed "s,4$,0," | sort -u)" 0000000000000000 \
		"$what: no signal blocked or ignored"
	is "$("$@" ls /proc/self/fd | tr '\n' ' ')" '0 1 2 3 ' "$what: no descriptor but the three and ls's own"
	unlike "$("$@" cat /proc/keys)" daemon-secret "$what: no key of the daemon's"
	is "$("$@" cat /proc/self/oom_score_adj)" 0 "$what: no protection against the memory's end"
	is "$("$@" cat /proc/self/stat | cut -d' ' -f19)" 0 "$what: no priority of the daemon's"
	is "$(awk '/^Umask:/ { print $2 }' <<<"$status")" 0022 "$what: a umask of its own"
}
by_ssh() { inside s ssh node1 "$*"; }
by_shifter() { inside s "$@"; }

for image in evil evil.squashfs; do
	: >$SEEN
	ok "$image: set-up" daemon shifterctl setup --id s --image local:$IMG/$image --user alice --sshd \
		--volume $IMG/vol:/mnt/vol
	key=$(as alice shifterctl key)
	ok "$image: sshd" daemon shifterctl sshd s --principal udi.test.s --user-key "$key"
	ok "$image: hosts" daemon shifterctl hostsfile s --slurm node1
	is "$(cat $SEEN)" '' "$image: nothing of it has run by then"
	is "$(inside s dynamic)" '2001 2001' "$image: a program with its loader and libraries, by shifter"
	is "$(as alice env LD_PRELOAD="$T_DIR/evil.so" LD_LIBRARY_PATH=$IMG/evil GCONV_PATH=$IMG/evil LD_AUDIT=/evil.so \
		shifter --container=s -- dynamic 2>/dev/null)" '2001 2001' "$image: the same with the loader's variables"
	is "$(by_ssh dynamic)" '2001 2001' "$image: by ssh"
	is "$(as alice env LC_ALL=xx_XX.EVIL shifter --container=s -- sh -c 'echo x')" x "$image: a locale"
	for run in by_shifter by_ssh; do
		for dir in /bin /mnt/vol; do
			is "$($run $dir/suid)" '2001 2001' "$image, $run: $dir/suid gives nothing"
			# refused as a whole, or without them
			unlike "$($run $dir/caps 2>&1)" '0 0' "$image, $run: $dir/caps gives nothing"
		done
		like "$($run head -c 1 /zero 2>&1 | tr -d '\0')" 'ermission denied' "$image, $run: a device node of the image"
		like "$($run head -c 1 /mnt/vol/zero 2>&1 | tr -d '\0')" 'ermission denied' "$image, $run: a device node of a volume"
	done
	is "$(inside s sh -c 'cp /bin/suid /tmp/mine && chmod 6755 /tmp/mine; /tmp/mine; rm -f /tmp/mine')" '2001 2001' \
		"$image: a copy gives nothing"
	is "$(inside s awk '$6 !~ /nosuid/ { print $5 }' /proc/self/mountinfo)" '' "$image: nosuid on every mount"
	is "$(inside s awk '$6 !~ /nodev/ && $5 !~ "^/dev(/|$)" { print $5 }' /proc/self/mountinfo)" '' \
		"$image: nodev on every mount but /dev"
	clean "$image, by ssh" by_ssh
	is "$(setpriv --reuid=alice --regid=alice --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw env HOME=/home/alice \
		shifter --container=s -- awk '/^Cap/ { print $2 }' /proc/self/status | sort -u)" 0000000000000000 \
		"$image, by shifter: no capability of a caller that has one"
	inside s dynamic >/dev/null
	keeper=$(field s keeper_pid) usher=$(field s sshd_pid)
	for p in "$keeper" "$usher"; do
		name=$(cat "/proc/$p/comm")
		unlike "$(ls -l "/proc/$p/fd")" secret "$image: $name holds no descriptor of the daemon's"
		like "$(ls -l "/proc/$p/cwd" "/proc/$p/root")" ' -> /.* -> /' "$image: $name is outside of the container"
		is "$(stat -Lc %d:%i "/proc/$p/ns/mnt")" "$(stat -Lc %d:%i /proc/self/ns/mnt)" \
			"$image: $name is in the host's mount namespace"
		is "$(cat "/proc/$p/oom_score_adj")" 0 "$image: $name is not protected against the memory's end"
		is "$(ps -o ni=,sess= -p "$p" | tr -s ' ')" " 0 $p" "$image: $name has a session and a priority of its own"
		is "$(awk '/^Umask:/ { print $2 }' "/proc/$p/status")" 0077 "$image: $name has a umask of its own"
		not_ok "$image: alice cannot signal $name" as alice kill -0 "$p"
		not_ok "$image: nor look into it" as alice ls "/proc/$p/fd"
	done
	is "$(awk '/^Sig(Blk|Ign):/ { print $2 }' "/proc/$keeper/status" | sort -u)" 0000000000000000 \
		"$image: the keeper blocks and ignores nothing"
	is "$(awk '/cpu time/ { print $4 } /core file/ { print $5 }' "/proc/$keeper/limits" | tr '\n' ' ')" 'unlimited 0 ' \
		"$image: the keeper has no limit of the daemon's, and leaves no core"
	ok "$image: teardown" daemon shifterctl teardown s
	like "$(tr '\n' ' ' <$SEEN)" '2001 2001 ' "$image: hostile code has run"
	is "$(sort -u $SEEN)" 2001 "$image: as alice, never with privilege"
done
unchanged "nothing is left"
done_testing
