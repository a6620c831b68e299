#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# environment.sh - what a session by ssh has of its caller: environment, umask, limits, locale
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
IMAGE_KINDS=launchers
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

W=/home/alice/env
as alice mkdir $W || exit 1
printf 'imagePath = "%s"\nnodeEnv = "SITE_NODE"\nsiteEnvAppend = { "TWICE=b" }\nsiteEnv = { "SITE=s" }\n' $IMG \
	>/etc/shifter/udiRoot.conf || exit 1
IMAGE=local:/images/launchers.squashfs
key=$(as alice shifterctl key) || exit 1
sshd() { # sshd ID [COMMAND...]: with what the integration says of this node
	"${@:2}" shifterctl sshd "$1" --principal "udi.test.$1" --user-key "$key" --env JOB=job \
		--env CUDA_VISIBLE_DEVICES=7 --env SLURMD_NODENAME=here --env SLURM_CPUS_ON_NODE=2
}
hosts() { shifterctl hostsfile "$1" --slurm 'node[1-2]' --slots '2(x2)'; }
script() { as alice shifter --container=$CONTAINER -- $SHELL_THERE -c "$@"; } # script TEXT [ARGUMENT...]: in the container
SHELL_THERE=bash
records() { sort -z "$1" | grep -zavE '^(SSH_[A-Z_]*|SHLVL|PWD|OLDPWD|_|TERM)=' | tr '\n\0' '\1\n'; }
same_as_caller() { # same_as_caller FILE DESC [PATTERN]: but for variables like PATTERN
	if diff <(records $W/caller | grep -avE "${3-^$}") <(records "$1" | grep -avE "${3-^$}") >$W/diff &&
		[ "$(stat -c %s $W/caller)" -gt 900000 ]; then pass "$2"
	else fail "$2" "$(cut -c1-200 $W/diff | head -n 10)"; fi
}
CONTAINER=a
ok "a container" up a --image $IMAGE --sshd
ok "sshd" sshd a
ok "hosts" hosts a

# --- every byte, every way in ---
as alice tee $W/make >/dev/null <<'END'
for ((i = 0; i < 200; i++)); do
	export "V_$i=$i
	line \"two\"=\\ 'x' \$HOME \`x\` ;&"
done
f() {
	echo "a function: $1"
}
export -f f
for ((i = 1; i < 9; i++)); do printf -v "BIG_$i" '%120000s' "$i"; export "BIG_$i"; done
export EMPTY= CONTROL=$'\1\2e\2s\1' BYTES=$'\x80\xff\x7f\e' TWICE=$TWICE
export CUDA_VISIBLE_DEVICES=0 ROCR_VISIBLE_DEVICES=0 SLURM_PROCID=3 SLURM_CPUS_ON_NODE=99 HOSTNAME=caller SITE_NODE=caller
export INVOCATION_ID=caller MEMORY_PRESSURE_WATCH=/sys/fs/cgroup/caller
END
cat >$W/as_there <<'END'
unset ROCR_VISIBLE_DEVICES SLURM_PROCID HOSTNAME SITE_NODE INVOCATION_ID MEMORY_PRESSURE_WATCH
export CUDA_VISIBLE_DEVICES=7 SLURMD_NODENAME=here SLURM_CPUS_ON_NODE=2
END
script '. $0/make; . $0/as_there; env -0 >$0/caller' $W
script '. $0/make
	ssh node2 env -0 >$0/command
	echo "env -0 >$0/login" | ssh -T node2
	ssh -tt node2 "env -0 >$0/tty" </dev/null
	ssh node2 ssh node1 ssh node2 env -0 >$0/hops
	ssh node2 f x >$0/function
	cp $0/make $0/data; chmod 666 $0/data; umask 027
	scp -q $0/data node2:$0/scp
	echo "put $0/data $0/sftp" | sftp -q -b - node2 >/dev/null
	rsync --rsync-path="env -0 >$0/by-rsync; rsync" $0/data node2:$0/rsync
	rsync node2:$0/rsync $0/rsync-back' $W >$W/out 2>&1
mkfifo -m 666 $W/batch || exit 1
script '. $0/make; sftp -q -b - node2 <$0/batch' $W & sftp=$!
exec 3<>$W/batch
serves() { pgrep -x sftp-server >/dev/null; } # root sees into it
ok "sftp runs" wait_until 20 serves
cat "/proc/$(pgrep -x sftp-server)/environ" >$W/by-sftp
exec 3>&-
wait $sftp
same_as_caller $W/command "ssh NODE CMD: 200 variables and 1 MB arrive exactly, but for the node's"
# /etc/profile sets PATH anew, and has its own order
same_as_caller $W/login "ssh NODE, a login shell, but for PATH" '^PATH='
path_of() { tr '\0' '\n' <"$1" | sed -n 's/^PATH=//p' | tr : '\n' | sort -u; }
is "$(comm -23 <(path_of $W/caller) <(path_of $W/login))" '' "of which it lacks nothing"
same_as_caller $W/tty "ssh -tt NODE CMD"
same_as_caller $W/hops "three hops"
same_as_caller $W/by-sftp "sftp: its server"
same_as_caller $W/by-rsync "rsync: its server"
is "$(cat $W/function)" 'a function: x' "an exported function runs"
for way in scp sftp rsync; do
	ok "$way: the data are the same" cmp $W/data $W/$way
	is "$(stat -c %a $W/$way)" 640 "$way: and made with the caller's umask"
done
ok "rsync, and back" cmp $W/data $W/rsync-back
unlike "$(cat $W/out)" 'ssh:|udi-session' "nothing is complained about"
is "$(tr '\0' '\n' <$W/command | grep -acE '^SHIFTER_ENV_|^SSH_ORIGINAL')" 0 "nothing of the way is left"
is "$(script 'TWICE=a ssh node2 "echo \$TWICE \$SITE"')" 'a s' "the site's part is not laid again"
is "$(script 'env -i /opt/udiImage/bin/ssh node2 env' | grep -vE '^(SSH_|SHLVL|PWD|_|HOME|USER|LOGNAME|SHELL|MAIL|OLDPWD)' | cut -d= -f1 | sort | tr '\n' ' ')" \
	'CUDA_VISIBLE_DEVICES PATH SLURMD_NODENAME SLURM_CPUS_ON_NODE ' "an empty environment stays so"
is "$(script 'ssh node2 "exit 7"'; echo $?)" 7 "exit status"

# --- limits and umask ---
limits='ulimit -Sa; ulimit -Ha; umask'
is "$(script "ulimit -Sn 300; ulimit -Hn 400; ulimit -Sl 32; ulimit -Ss 4096; ulimit -Sc 0; ulimit -Su 5000; umask 027
	ssh node2 '$limits'")" "$(script "ulimit -Sn 300; ulimit -Hn 400; ulimit -Sl 32; ulimit -Ss 4096; ulimit -Sc 0; ulimit -Su 5000
	umask 027; $limits")" "limits and umask are the caller's"
like "$(script "ulimit -Sn 300; umask 027; ssh node2 ssh node1 '$limits'")" '\(-n\) 300.*0027$' "over two hops, too"

# --- locale ---
is "$(as alice env LANG=xx_YY.UTF-8 LC_TIME=C shifter --container=a printenv LANG LC_TIME)" $'C.UTF-8\nC' \
	"shifter: a locale that the image lacks becomes C.UTF-8"
is "$(script 'export LC_ALL=xx_YY.UTF-8; ssh node2 printenv LC_ALL' 2>/dev/null)" C.UTF-8 "ssh, too"
is "$(script 'LANG=POSIX LC_CTYPE=C.utf8 ssh node2 printenv LANG LC_CTYPE')" $'POSIX\nC.utf8' "what every image has stays"

# --- others see nothing ---
cat >$W/sshd_config <<END
ListenAddress 127.0.0.1:2222
HostKey $W/host_key
PidFile $W/pid
UsePAM no
StrictModes no
AuthorizedKeysFile $W/key.pub
AcceptEnv *
ForceCommand env -0 >$W/stranger
END
as alice ssh-keygen -q -t ed25519 -N '' -f $W/key && as alice ssh-keygen -q -t ed25519 -N '' -f $W/host_key || exit 1
as alice /usr/sbin/sshd -D -f $W/sshd_config 2>$W/sshd.log &
listens() { ss -ltn | grep -q ':2222 '; }
ok "a stranger's sshd" wait_until 10 listens
stranger() { # stranger OPTION...
	rm -f $W/stranger
	as alice env MINE=job shifter --container=a ssh -p 2222 -i $W/key -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@" 127.0.0.1 true
	[ -s $W/stranger ]
}
ok "is reached" stranger
is "$(tr '\0' '\n' <$W/stranger | grep -aE '^(SHIFTER|MINE|SITE|CUDA)')" '' "and sees nothing of the job's environment"
for pattern in '*' 'SHIFTER_ENV_*'; do
	ok "is reached with SendEnv $pattern" stranger -o "SendEnv=$pattern MINE"
	is "$(tr '\0' '\n' <$W/stranger | grep -aE '^(SHIFTER_ENV|MINE)')" 'MINE=job' "and sees what the user sends, no more"
done
kill "$(cat $W/pid)"
script 'ssh -o ProxyCommand="sh -c \"env >$0/proxy\"" node2 true' $W 2>/dev/null
is "$(grep -c '^HOME=' $W/proxy) $(grep -c SHIFTER_ENV $W/proxy)" '1 0' "nor do programs that ssh starts"

# --- one connection for many sessions ---
ok "a master" script 'ssh -o ControlMaster=auto -o ControlPath=$0/master -o ControlPersist=60 node2 true' $W
is "$(script 'V=mux ssh -o ControlPath=$0/master node2 "echo \$V \$SSH_CONNECTION"; ssh -o ControlPath=$0/master node2 "echo \$V \$SSH_CONNECTION"' $W |
	awk '{ print NF }' | tr '\n' ' ')" '5 4 ' "each session has the environment of its own ssh"
is "$(script '. $0/make; ssh -o ControlMaster=auto -o ControlPath=$0/master -o ControlPersist=60 node2 "echo \${#BIG_8}"' $W)" 120000 \
	"more than a master takes goes without"
script 'ssh -O exit -o ControlPath=$0/master node2' $W 2>/dev/null

# --- one shell ---
as alice tee /home/alice/.bashrc >/dev/null <<<'echo x >>~/started'
is "$(script 'env -u SHLVL ssh node2 "wc -l <~/started"')" 1 "a command takes one shell, which reads its file once"
rm -f /home/alice/.bashrc /home/alice/started

# --- more than the kernel takes ---
much='X=$(head -c 110000 /dev/zero | tr "\0" x); ulimit -s unlimited
	for i in $(seq 30); do eval "export M_$i=\$X"; done; V=caller ssh node2 "echo \${#M_30} \$V \$JOB"'
is "$(script "$much")" '110000 caller' "3 MB, where the limit of the stack can be raised"
ok "teardown" down a

# --- busybox, with locales of its own, and a limit that cannot be raised ---
unsquashfs -q -n -d $IMG/tree $BUSYBOX >/dev/null && mkdir -p $IMG/tree/usr/lib/locale &&
	localedef --prefix=$IMG/tree -i en_US -f ISO-8859-15 aa_AA.ISO-8859-15 &&
	localedef --prefix=$IMG/tree --no-archive -i en_US -f ISO-8859-15 dd_DD.ISO-8859-15 &&
	mksquashfs $IMG/tree $IMG/locales.squashfs -quiet -no-progress >/dev/null || exit 1
ok "locales in an archive and in a directory" test -s $IMG/tree/usr/lib/locale/locale-archive \
	-a -d $IMG/tree/usr/lib/locale/dd_DD.iso885915
ok "a container" up b --image local:$IMG/locales.squashfs --sshd
ok "sshd" sshd b prlimit --stack=8388608:8388608
ok "hosts" hosts b
CONTAINER=b SHELL_THERE=sh
for name in aa_AA.ISO-8859-15 aa_AA.iso885915 dd_DD.ISO-8859-15; do
	is "$(script "LC_ALL=$name ssh node2 'echo \$LC_ALL'")" $name "a locale that the image has stays"
done
is "$(script "LC_ALL=ee_EE.ISO-8859-15 ssh node2 'echo \$LC_ALL'")" C.UTF-8 "and no other"
is "$(script "X='a
b' ssh node2 'echo \"\$X\"'")" $'a\nb' "busybox' shell passes all on"
is "$(script "$much" 2>$W/err)" '0 job' "the session has the job's environment"
like "$(cat $W/err)" "udi-session: cannot use 'the caller's environment'" "and says why"
ok "teardown" down b
unchanged "nothing is left"
done_testing
